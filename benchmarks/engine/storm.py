"""Many clients at once, and everything that goes wrong between clients and servers: is every answer the right one?"""

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.engine.http import Server, new_client, served
from benchmarks.engine.peers import PeftInThreads
from benchmarks.engine.running import QUESTIONS, Bench, engine
from chat.engine.loading import load
from chat.settings import Settings

REQUESTS = 2000
CLIENTS = 8
TOKENS = 6
LEFT, UNKNOWN, TOO_LONG = 0.06, 0.03, 0.03
"""Shares of requests whose client goes away after the first words, and that name what is not there or cannot fit."""
PEER_REQUESTS = 200


@dataclass
class Storm:
    """The requests of all clients, and what became of them."""

    server: Server
    adapters: Sequence[str]
    model: str
    outcomes: Counter[str] = field(default_factory=Counter)
    alone: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask(self, number: int) -> None:
        """One request, with whatever fate its number gives it."""
        chance = random.Random(number).random()
        model = [self.model, *self.adapters][number % (len(self.adapters) + 1)]
        question = QUESTIONS[number // 5 % 2]
        with new_client() as client:
            if chance < LEFT:
                self.leave(client, model, question)
            elif chance < LEFT + UNKNOWN:
                self.note("refused", self.server.ask(client, "0" * 64, question, TOKENS).status_code == 404)
            elif chance < LEFT + UNKNOWN + TOO_LONG:
                self.note("refused", self.server.ask(client, model, question * 4000, TOKENS).status_code in {400, 413})
            else:
                said = self.text(client, model, question)
                self.note("answered", said == self.alone[model, question])

    def leave(self, client: httpx.Client, model: str, question: str) -> None:
        """Begin to listen, and go."""
        body = self.server.body(model, question, 64) | {"stream": True}
        with client.stream("POST", f"{self.server.url}/chat/completions", json=body) as response:
            next(response.iter_lines())
        self.outcomes["left"] += 1

    def note(self, what: str, right: bool) -> None:
        self.outcomes[what if right else f"{what} wrongly"] += 1

    def text(self, client: httpx.Client, model: str, question: str) -> str:
        response = self.server.ask(client, model, question, TOKENS).raise_for_status()
        return str(response.json()["choices"][0]["message"]["content"])

    def measure_alone(self) -> None:
        """What each request gives while nothing else is asked."""
        with new_client() as client:
            for model in (self.model, *self.adapters):
                for question in QUESTIONS[:2]:
                    self.alone[model, question] = self.text(client, model, question)


def rows(home: Path, root: Path, say: Callable[[str], None]) -> list[tuple[str, ...]]:
    """Answers of another adapter than the one that was asked for, in float32, beside PEFT in threads."""
    say(f"Engine: a storm of {REQUESTS} requests …")
    loaded = load(Settings(home=home, dtype="float32"))
    with engine(loaded, root) as ours, served(ours) as server:
        storm = Storm(server, ours.names, loaded.id)
        storm.measure_alone()
        with failing(ours), ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(storm.ask, range(REQUESTS)))
    say("Engine: PEFT in threads …")
    theirs, asked = PeftInThreads(loaded, [root / f"a{number}" for number in range(4)]).wrong(PEER_REQUESTS)
    found = storm.outcomes
    answered = found["answered"] + found["answered wrongly"]
    distinct = len(set(storm.alone.values()))
    return [
        (f"wrong outputs, {CLIENTS} clients, 4 adapters and the base ({distinct} distinct answers), HTTP, float32",
         f"{found['answered wrongly']} of {answered}", f"{theirs} of {asked} PEFT adapter_names, 3 threads", "", "0"),
        ("of the same storm: left in mid-answer, refused rightly, wrongly",
         f"{found['left']}, {found['refused']}, {found['refused wrongly']}", "", "", "none wrongly"),
    ]  # fmt: skip


@contextmanager
def failing(ours: Bench) -> Iterator[None]:
    """While this lasts, someone else asks again and again and fails on every piece, on the model's own thread."""
    over, log = threading.Event(), logging.getLogger("chat.engine.scheduler")

    def deliver(_event: object) -> None:
        raise RuntimeError("This listener always fails.")

    def ask() -> None:
        while not over.wait(0.5):
            ours.scheduler.submit(ours.request(QUESTIONS[2], TOKENS), deliver)

    thread, log.disabled = threading.Thread(target=ask, daemon=True), True
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        log.disabled = False
