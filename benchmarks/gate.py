"""The gate on planted adapters: how often each is promoted, beside the power that the report itself computes.

An evaluation is drawn as the table of its measures: 200 questions with an accepted answer, 60 without, 40 of general
ability. What is planted is how the candidate's answers differ from those of what answers now; the rules that judge
them are the gate's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from admin.evaluation import metrics, power, statistics
from admin.evaluation.statistics import Difference
from admin.promotion import rules
from admin.promotion.evidence import Evidence, Fact, Lessons, Measured, Probe
from admin.promotion.thresholds import Thresholds
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.store.adapters import Named

SIMULATIONS = 1_000
ANSWERABLE, UNANSWERABLE, GENERAL = 200, 60, 40
RIGHT, REFUSES, SAME_GENERAL = 0.6, 0.85, 0.9
"""What answers now gets right, refuses, and still can."""
DISCORDANT = 0.2
"""Share of the questions on which two adapters differ by luck of the wording."""
RARELY = 0.03
"""The same for refusals, which mostly the verifier decides, and for general ability."""
GAIN = 0.1
RECITES = 0.5
FINE = Fact(True, "as registered")


@dataclass(frozen=True)
class Planted:
    """An adapter whose faults are known."""

    name: str
    gain: float = 0.0
    """How much more often it is right, as a share of the questions."""
    refuses: float = REFUSES
    from_memory: float = 0.02
    leaked: bool = False


ADAPTERS = (
    Planted("better by 10 points", GAIN),
    Planted("equal"),
    Planted("never refuses", GAIN, refuses=0.0),
    Planted("recites", GAIN, from_memory=RECITES),
    Planted("trained on the questions", 0.3, leaked=True),
)


@dataclass(frozen=True)
class Outcome:
    """What became of one planted adapter: how often it was promoted, and which rules stopped it how often."""

    planted: Planted
    promoted: float
    stopped_by: Mapping[str, float]
    computed: float
    """The power that the report computes for its gain."""


def run(workbench: Workbench) -> list[Table]:
    """The table of all planted adapters."""
    del workbench
    rows = [_row(simulate(planted, SIMULATIONS)) for planted in ADAPTERS]
    head = ["planted adapter", "promoted", "computed power", "stopped most by"]
    note = f"{ANSWERABLE} questions with an answer, {UNANSWERABLE} without, {GENERAL} of general ability."
    return [Table(f"The gate, {SIMULATIONS:,} simulations of each planted adapter", head, rows, note)]


def simulate(planted: Planted, times: int, seed: int = 7) -> Outcome:
    """Judge so many draws of a planted adapter by the rules."""
    chance = np.random.default_rng(seed)
    verdicts = [rules.judge(_evidence(planted, chance), Thresholds()) for _ in range(times)]
    stopped = [{rule.name for rule in verdict if rule.passed is False} for verdict in verdicts]
    counted = {name: sum(name in each for each in stopped) / times for name in set().union(*stopped)}
    computed = power.mcnemar(ANSWERABLE, DISCORDANT, planted.gain) if planted.gain else 0.0
    return Outcome(planted, sum(not each for each in stopped) / times, counted, computed)


def _evidence(planted: Planted, chance: np.random.Generator) -> Evidence:
    """One evaluation of the planted adapter beside what answers now."""
    contained = _drawn(chance, ANSWERABLE, max(DISCORDANT, planted.gain), planted.gain)
    refused = _refusals(chance, planted)
    unharmed = {
        metrics.REFUSED_ANSWERABLE: _drawn(chance, ANSWERABLE, RARELY),
        metrics.CITATION_PRECISION: _drawn(chance, ANSWERABLE, DISCORDANT / 2),
        metrics.CITATION_RECALL: _drawn(chance, ANSWERABLE, DISCORDANT / 2),
    }
    measured = Measured(
        1, "", "planted 1", "planted", "rag+adapter:candidate", "rag",
        differences={metrics.CONTAINED: contained, metrics.REFUSED_UNANSWERABLE: refused, **unharmed},
        labelled=_drawn(chance, ANSWERABLE // 2, max(DISCORDANT, planted.gain), planted.gain),
        general=_drawn(chance, GENERAL, RARELY),
        probes={
            metrics.RECITED: _probe(chance, planted.from_memory),
            metrics.FOLLOWED_WEIGHTS: _probe(chance, planted.from_memory),
        },
        probed=frozenset({rules.EMPTY, rules.CONFLICT}),
        leaked=f"{ANSWERABLE} of the {ANSWERABLE} questions are in the snapshot." if planted.leaked else "",
    )  # fmt: skip
    lessons = Lessons("planted", 500, (), {})
    return Evidence(
        Named("candidate", "c" * 64), None, measured, ANSWERABLE // 2, lessons, FINE, FINE, deciders=2, own=False
    )


def _drawn(chance: np.random.Generator, questions: int, discordant: float, gain: float = 0.0) -> Difference:
    """A yes-or-no measure on which the two differ by that share of the questions, one of them by `gain` more often."""
    better, worse, _ = chance.multinomial(questions, [(discordant + gain) / 2, (discordant - gain) / 2, 1 - discordant])
    return _difference(int(better), int(worse), questions)


def _refusals(chance: np.random.Generator, planted: Planted) -> Difference:
    if planted.refuses == REFUSES:
        return _drawn(chance, UNANSWERABLE, RARELY)
    return _difference(0, int(chance.binomial(UNANSWERABLE, REFUSES)), UNANSWERABLE)


@cache
def _difference(better: int, worse: int, questions: int) -> Difference:
    """The report's own numbers; the order of the questions changes nothing, so that each count is reckoned once."""
    before = [0.0] * better + [1.0] * (questions - better)
    after = [1.0] * (questions - worse) + [0.0] * worse
    found = statistics.difference(before, after)
    assert found is not None
    return found


def _probe(chance: np.random.Generator, share: float) -> Probe:
    return Probe(float(chance.binomial(ANSWERABLE, share)) / ANSWERABLE, ANSWERABLE, now=0.02)


def _row(outcome: Outcome) -> list[str]:
    order = sorted(outcome.stopped_by.items(), key=lambda each: -each[1])[:2]
    stopped = ", ".join(f"{name} {share:.1%}" for name, share in order)
    return [outcome.planted.name, f"{outcome.promoted:.1%}", f"{outcome.computed:.1%}", stopped or "–"]
