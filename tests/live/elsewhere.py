"""Another process of chat: it follows, stops or writes answers that are none of the test's own process.

Each line it reads says in which database, what, and of which answer or conversation.
"""

import asyncio
import sys
import time
from collections.abc import Generator
from typing import Any, cast
from uuid import UUID

from chat.live import Desk, Live
from chat.rag.answer import Event, Mode, Token
from chat.rag.chain import Chain
from chat.service import Assistant, Choice
from chat.store.database import Database
from chat.store.session import make_engine, make_sessions
from tests.conftest import OWNER

DONE = "(done)"


class Endless:
    """A chain that never stops talking."""

    def stream(self, *_: object) -> Generator[Event, None, None]:
        for number in range(10**6):
            time.sleep(0.01)
            yield Token(f"word{number} ")


def main() -> None:
    say("(ready)")
    for line in sys.stdin:
        url, act, subject = line.split()
        engine = make_engine(url)
        database = Database(url, engine, make_sessions(engine), None)
        desk = Desk(database.conninfo)
        desk.open()
        live = Live(Assistant(database.sessions, cast("Chain", Endless()), person=OWNER), desk)
        actions: dict[str, Any] = {"follow": follow, "stop": stop, "write": write}
        actions[act](live, UUID(subject))
        desk.close()
        engine.dispose()
        say(DONE)


def follow(live: Live, message_id: UUID) -> None:
    async def read() -> None:
        async for growth in live.follow(message_id):
            say(growth.text)

    asyncio.run(read())


def stop(live: Live, conversation_id: UUID) -> None:
    live.stop(conversation_id)


def write(live: Live, conversation_id: UUID) -> None:
    live.begin("What is there?", Choice(Mode.BASE), conversation_id=conversation_id)
    say("(begun)")
    time.sleep(60)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
