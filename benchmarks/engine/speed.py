"""How fast the engine answers: tokens per second, first tokens, and what a new adapter costs those who are answered."""

import statistics
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from benchmarks.engine.peers import Generate, save_adapter
from benchmarks.engine.running import QUESTIONS, ROUNDS, TOKENS, Bench
from benchmarks.engine.users import ByUsers, Measured
from chat.engine.loading import load
from chat.settings import Settings

USERS = (1, 2, 4, 8, 16)
WORDS = "The harbour office opens at eight and closes at five, except on the days when the ferry does not run. "


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


def first_tokens(ours: Bench, say: Callable[[str], None]) -> list[tuple[str, ...]]:
    """Milliseconds to the first token: of a prefix seen before, and of a short question beside seven long answers."""
    say("Engine: first tokens …")
    cold, warm, alone, beside_long = [], [], [], []
    same = 0
    for lap in range(ROUNDS):
        long = ours.request(f"{lap}. " + WORDS * 48, tokens=8)
        new, seen = ours.ask(long)(), ours.ask(long)()
        cold.append(new.times[0])
        warm.append(seen.times[0])
        same += new.text == seen.text
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
        ("the same answers then as before", f"{same} of {ROUNDS}", "", "", "all"),
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


def by_users(ours: Bench, say: Callable[[str], None]) -> ByUsers:
    """Tokens per second and time to the first token against the number of users."""
    say("Engine: by users …")
    measured = []
    for users in USERS:
        speeds, firsts = [], []
        for lap in range(ROUNDS):
            asked = [ours.request(f"{lap}{number} {QUESTIONS[number % 4]}") for number in range(users)]
            answers, speed = ours.together(asked)
            speeds.append(speed)
            firsts += [1000 * said.times[0] for said in answers]
        measured.append(Measured(users, statistics.median(speeds), statistics.median(firsts)))
    return ByUsers(measured)
