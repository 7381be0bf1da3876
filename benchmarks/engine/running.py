"""A running engine in this process, and what is asked of it without HTTP between."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import Any

from benchmarks.engine.peers import save_adapter
from chat.engine.generation import GenerationRequest
from chat.engine.limits import Limits
from chat.engine.loading import LoadedModel
from chat.engine.prompt import PromptEncoder
from chat.engine.scheduler import Scheduler
from chat.engine.tickets import Event, Outcome

ROUNDS = 5
TOKENS = 48
QUESTIONS = (
    "What should I check before the ferry leaves?",
    "Explain in a few sentences how tides work.",
    "Write a short notice about a lost umbrella.",
    "How do I keep bread fresh for longer?",
)


@dataclass(frozen=True)
class Said:
    """One answer, and when its parts came, in seconds from the asking."""

    text: str
    outcome: Outcome
    times: tuple[float, ...]


class Bench:
    """A running engine, and what is asked of it."""

    def __init__(self, loaded: LoadedModel, scheduler: Scheduler, digests: Sequence[str]) -> None:
        self.loaded = loaded
        self.scheduler = scheduler
        self.digests = tuple(digests)
        self.names = tuple(f"a{number}" for number in range(len(digests)))
        """By which they can be asked for over HTTP."""
        self._prompts = PromptEncoder(loaded.tokenizer)

    def request(self, question: str, tokens: int = TOKENS, adapter: str | None = None) -> GenerationRequest:
        ids = self._prompts.encode([{"role": "user", "content": question}])
        return GenerationRequest(tuple(ids), tokens, adapter=adapter)

    def ask(self, request: GenerationRequest) -> Callable[[], Said]:
        """Set a question going; what is returned waits for its answer."""
        events: SimpleQueue[tuple[float, Event]] = SimpleQueue()
        began = perf_counter()
        self.scheduler.submit(request, lambda event: events.put((perf_counter() - began, event)))

        def answer() -> Said:
            pieces, times = [], []
            while isinstance((came := events.get())[1], str):
                pieces.append(str(came[1]))
                times.append(came[0])
            assert isinstance(came[1], Outcome)
            return Said("".join(pieces), came[1], tuple(times))

        return answer

    def together(self, requests: Sequence[GenerationRequest]) -> tuple[list[Said], float]:
        """All answers, and the tokens per second of them together."""
        began = perf_counter()
        answers = [answer() for answer in [self.ask(request) for request in requests]]
        tokens = sum(said.outcome.completion_tokens for said in answers)
        return answers, tokens / (perf_counter() - began)


@contextmanager
def engine(loaded: LoadedModel, root: Path, adapters: int = 4, **limits: Any) -> Iterator[Bench]:
    """A running engine with adapters, and no end-of-sequence token: every answer has the same length."""
    for number in range(adapters):
        if not (root / f"a{number}").exists():
            save_adapter(loaded, root / f"a{number}", seed=number)
    endless = replace(loaded, eos_ids=frozenset())
    scheduler = Scheduler(endless, root, Limits(**limits) if limits else None)
    scheduler.start()
    try:
        yield Bench(endless, scheduler, [scheduler.load(f"a{n}", f"a{n}").card.digest for n in range(adapters)])
    finally:
        scheduler.stop()
