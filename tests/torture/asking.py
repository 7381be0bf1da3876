"""A chat process without its page: users who ask one question after the other until stdin ends.

Each answer is a line of JSON on stdout: what was streamed, what the model wrote, by which adapter, and when. Times are
of the machine's monotonic clock, which all its processes share. The first user stops every answer at its first words.
"""

import itertools
import json
import sys
import threading
import time
from contextlib import closing
from typing import Any

from chat.app import assemble
from chat.rag.answer import Answer, Event, Token
from chat.service import Assistant
from chat.settings import load_settings

FIRST_WORDS = 16
"""Characters after which the impatient user stops."""
QUESTIONS = ("When does the harbour gate close?", "What does a dog pay in the saloon?", "How long is a ticket valid?")


def answered(assistant: Assistant, question: str, *, enough: int | None) -> dict[str, Any]:
    """Ask in a conversation of its own, as the page does, and stop at so many characters, or at the end.

    What goes wrong is the answer's `error`.
    """
    noted: dict[str, Any] = {"question": question, "asked": time.monotonic(), "streamed": "", "error": None}
    try:
        talk = assistant.start_conversation(question)
        with closing(assistant.ask(question, conversation_id=talk)) as events:
            for event in events:
                noted.setdefault("began", time.monotonic())
                _note(noted, event)
                if enough and len(noted["streamed"]) >= enough:
                    break
        kept = assistant.conversation(talk).messages
        noted["kept"] = [(message.role, message.status) for message in kept]
    except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
        noted["error"] = repr(error)
    return noted | {"ended": time.monotonic()}


def _note(noted: dict[str, Any], event: Event) -> None:
    match event:
        case Token(text):
            noted.setdefault("first", time.monotonic())
            noted["streamed"] += text
        case Answer():
            noted |= {"draft": event.receipt["draft"], "broke_off": event.receipt["broke_off"]}
            noted["adapter"] = event.adapter and event.adapter.digest
            noted["missed"] = event.missed and event.missed.reason


def main() -> None:
    """Let so many users ask as the command line says, from the line `go` on stdin to its end."""
    parts, stop = assemble(load_settings(), wait_for_model=True), threading.Event()
    list(parts.assistant.answer(QUESTIONS[0]))
    print("ready", flush=True)
    sys.stdin.readline()

    def use(user: int) -> None:
        for number in itertools.count(user):
            if stop.is_set():
                return
            question = QUESTIONS[number % len(QUESTIONS)]
            said = json.dumps(answered(parts.assistant, question, enough=None if user else FIRST_WORDS))
            print(f"{said}\n", end="", flush=True)

    users = [threading.Thread(target=use, args=(user,)) for user in range(int(sys.argv[1]))]
    for user in users:
        user.start()
    sys.stdin.read()
    stop.set()
    for user in users:
        user.join()
    parts.close()


if __name__ == "__main__":
    main()
