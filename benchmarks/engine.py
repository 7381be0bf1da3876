"""The engine beside what a person would write without it: `generate` in turn, and PEFT's switch in threads.

Both sides run in this process on the same model, the bundled one, and take turns. Adapters are random ones: what they
say is of no interest here, only that it is they who say it.
"""

import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import Any

from benchmarks.engine_peer import Generate, PeftInThreads, save_adapter
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.engine import adapters
from chat.engine.generation import GenerationRequest
from chat.engine.keyvalues import bytes_per_token
from chat.engine.limits import Limits
from chat.engine.loading import LoadedModel, load
from chat.engine.prompt import PromptEncoder
from chat.engine.scheduler import Scheduler
from chat.engine.tickets import Event, Outcome
from chat.settings import Settings

USERS = (1, 2, 4, 8, 16)
ROUNDS = 5
TOKENS = 48
QUESTIONS = (
    "What should I check before the ferry leaves?",
    "Explain in a few sentences how tides work.",
    "Write a short notice about a lost umbrella.",
    "How do I keep bread fresh for longer?",
)
WORDS = "The harbour office opens at eight and closes at five, except on the days when the ferry does not run. "


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


def run(bench: Workbench) -> list[Table]:
    """A table beside its peers, and tokens per second and time to the first token by users."""
    with tempfile.TemporaryDirectory() as root:
        loaded = load(Settings(home=bench.home))
        with engine(loaded, Path(root)) as ours:
            rows = [
                *throughput(ours, bench.say),
                *wrong_adapters(ours, Path(root), bench.say),
                *first_tokens(ours, bench.say),
                *loads(ours, Path(root), bench.say),
            ]
            return [beside(loaded, rows), by_users(ours, bench.say)]


@contextmanager
def engine(loaded: LoadedModel, root: Path, **limits: Any) -> Iterator[Bench]:
    """A running engine with four adapters, and no end-of-sequence token: every answer has the same length."""
    for number in range(4):
        if not (root / f"a{number}").exists():
            save_adapter(loaded, root / f"a{number}", seed=number)
    endless = replace(loaded, eos_ids=frozenset())
    scheduler = Scheduler(endless, root, Limits(**limits) if limits else None)
    scheduler.start()
    try:
        yield Bench(endless, scheduler, [scheduler.load(f"a{n}", f"a{n}").card.digest for n in range(4)])
    finally:
        scheduler.stop()


def throughput(ours: Bench, say: Callable[[str], None]) -> list[tuple[str, ...]]:
    """Tokens per second of one user and of eight, base and mixed, beside `generate` one after the other."""
    say("Engine: tokens per second …")
    peer = Generate(ours.loaded)
    one = [ours.request(QUESTIONS[0])]
    eight = [ours.request(QUESTIONS[number % 4]) for number in range(8)]
    mixed = [replace(request, adapter=ours.digests[number % 4]) for number, request in enumerate(eight)]
    figures: dict[str, list[float]] = {"one": [], "eight": [], "mixed": [], "peer": []}
    for _ in range(ROUNDS):
        figures["peer"].append(peer.tokens_per_second(eight[:2]))
        for name, requests in (("one", one), ("eight", eight), ("mixed", mixed)):
            figures[name].append(ours.together(requests)[1])
    median = {name: statistics.median(values) for name, values in figures.items()}
    aims = (("1 user, base", "one", "1.8 x"), ("8 users, base", "eight", "4 x"), ("8 users, 4 adapters", "mixed", "–"))
    return [
        (f"{what}, tokens/s", f"{median[key]:.1f}", f"{median['peer']:.1f} generate, in turn",
         f"{median[key] / median['peer']:.1f} x", aim)
        for what, key, aim in aims
    ]  # fmt: skip


def wrong_adapters(ours: Bench, root: Path, say: Callable[[str], None], requests: int = 60) -> list[tuple[str, ...]]:
    """Answers that are not what the same request gives alone: eight clients at once, four adapters and the base."""
    say("Engine: wrong adapters …")
    kinds = [ours.request(QUESTIONS[0], 8, adapter) for adapter in (None, *ours.digests)]
    alone = {request.adapter: ours.ask(request)().text for request in kinds}

    def is_wrong(number: int) -> bool:
        request = kinds[number % len(kinds)]
        return ours.ask(request)().text != alone[request.adapter]

    with ThreadPoolExecutor(8) as pool:
        wrong = sum(pool.map(is_wrong, range(requests)))
    theirs, asked = PeftInThreads(ours.loaded, [root / f"a{number}" for number in range(4)]).wrong(requests)
    return [("answers that differ from the same one alone", f"{wrong} of {requests}",
             f"{theirs} of {asked} PEFT adapter_names, 3 threads", "", "0 in fp32")]  # fmt: skip


def first_tokens(ours: Bench, say: Callable[[str], None]) -> list[tuple[str, ...]]:
    """Milliseconds to the first token: of a prefix seen before, and of a short question beside seven long answers."""
    say("Engine: first tokens …")
    cold, warm, alone, beside_long = [], [], [], []
    for lap in range(ROUNDS):
        long = ours.request(f"{lap}. " + WORDS * 48, tokens=1)
        cold.append(ours.ask(long)().times[0])
        warm.append(ours.ask(long)().times[0])
        short = ours.request(f"{lap}: {QUESTIONS[1]}", tokens=4)
        alone.append(ours.ask(short)().times[0])
        running = [ours.ask(ours.request(f"{lap}{number} {QUESTIONS[2]}", 4 * TOKENS)) for number in range(7)]
        while len(ours.scheduler._running) < 7:
            threading.Event().wait(0.01)
        beside_long.append(ours.ask(ours.request(f"{lap}; {QUESTIONS[1]}", tokens=4))().times[0])
        for answer in running:
            answer()
    return [
        milliseconds(f"first token of {len(long.prompt)} tokens seen before, ms", warm, cold, "not seen before", "÷ 8"),
        milliseconds("first token beside 7 long answers, ms", beside_long, alone, "alone", "≤ 3 x"),
    ]


def milliseconds(what: str, ours: Sequence[float], theirs: Sequence[float], beside: str, aim: str) -> tuple[str, ...]:
    mine, other = 1000 * statistics.median(ours), 1000 * statistics.median(theirs)
    return what, f"{mine:.0f}", f"{other:.0f} {beside}", f"{mine / other:.2f} x", aim


def loads(ours: Bench, root: Path, say: Callable[[str], None]) -> list[tuple[str, ...]]:
    """How long a new adapter takes to answer, what that costs a stream beside it, and a change of adapter."""
    say("Engine: loading adapters …")
    taken = []
    stream = ours.ask(ours.request(QUESTIONS[2], 6 * TOKENS))
    for number in range(ROUNDS):
        save_adapter(ours.loaded, root / f"new{number}", seed=50 + number)
    for number in range(ROUNDS):
        began = perf_counter()
        ours.scheduler.load(f"new{number}", f"new{number}")
        taken.append(perf_counter() - began)
    times = stream().times
    pauses = [later - earlier for earlier, later in pairwise(times)]
    began = perf_counter()
    load(Settings(home=Path(ours.loaded.root).parents[1]))
    reload = perf_counter() - began
    alternating = [ours.request(QUESTIONS[0], 1, ours.digests[number % 2]) for number in range(2 * ROUNDS + 2)]
    same = [replace(request, adapter=ours.digests[0]) for request in alternating]
    switching = [ours.ask(request)().outcome.total_s for request in alternating[2:]]
    staying = [ours.ask(request)().outcome.total_s for request in same[2:]]
    gap = 1000 * (statistics.median(switching) - statistics.median(staying))
    return [
        milliseconds("load a new adapter, fingerprint included, ms", taken, [reload], "reload of the model", "≤ 1000"),
        ("longest pause of a stream meanwhile, ms", f"{1000 * max(pauses):.0f}", "", "", "≤ 300"),
        ("change to a resident adapter, ms", f"{gap:.1f}", "", "", "≤ 20"),
    ]


def beside(loaded: LoadedModel, rows: Sequence[tuple[str, ...]]) -> Table:
    """The rows of all that has a peer or an aim."""
    return Table(
        f"Engine: {loaded.id}, {loaded.dtype} on {loaded.device}",
        ("what", "Apprentice", "beside", "ratio", "aim"),
        rows,
        f"Medians of {ROUNDS}; {TOKENS} tokens an answer, greedy. The digests are "
        f"{adapters.CONFIG} and weights; keys and values take {bytes_per_token(loaded) >> 10} KiB a token. In bfloat16 "
        "an answer may differ from the same one alone where two tokens are equally likely, by rounding; in float32 it "
        "may not.",
    )


def by_users(ours: Bench, say: Callable[[str], None]) -> Table:
    """Tokens per second and time to the first token against the number of users."""
    say("Engine: by users …")
    rows = []
    for users in USERS:
        speeds, firsts = [], []
        for lap in range(ROUNDS):
            asked = [ours.request(f"{lap}{number} {QUESTIONS[number % 4]}") for number in range(users)]
            answers, speed = ours.together(asked)
            speeds.append(speed)
            firsts += [said.times[0] for said in answers]
        rows.append((str(users), f"{statistics.median(speeds):.1f}", f"{1000 * statistics.median(firsts):.0f}"))
    return Table(
        "Engine: by users",
        ("users", "tokens/s", "first token, ms"),
        rows,
        "All ask at the same moment. Base model; no prompt was seen before.",
    )
