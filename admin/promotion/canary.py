"""Whether an adapter on trial does worse than what answers beside it, looked at as often as one likes.

The test is the mixture sequential probability ratio test for two proportions (Johari, Koomen, Pekelis and Walsh,
"Always Valid Inference: Continuous Monitoring of A/B Tests", Operations Research 2022, §4): its p-value holds at every
moment at once, so that watching it does not make it wrong. Three signals share α by Bonferroni's correction.
"""

import math
from dataclasses import dataclass

from admin.evaluation.statistics import ALPHA
from chat.store.trials import Answers

TAU = 0.1
"""Spread of the differences that the mixture expects, as a share: it costs time to be wrong about, never validity."""


@dataclass(frozen=True)
class Share:
    """How many of how many answers."""

    count: int
    of: int

    @property
    def rate(self) -> float:
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class Signal:
    """One thing that is watched. `p` is the always-valid p-value of its being no worse; 1 where it is better."""

    words: str
    trial: Share
    present: Share
    p: float
    worse: bool
    """Whether it is certainly worse, and both sides gave enough answers."""


def signals(trial: Answers, present: Answers, least: int) -> list[Signal]:
    """What is watched: more refusals, fewer answers with citations, more thumbs down."""
    refused = (Share(trial.refused, trial.answers), Share(present.refused, present.answers))
    supported = (Share(trial.supported, trial.answers), Share(present.supported, present.answers))
    down = (Share(trial.down, trial.up + trial.down), Share(present.down, present.up + present.down))
    watched = (("refused", *refused, 1), ("with citations", *supported, -1), ("thumbs down", *down, 1))
    return [_signal(words, mine, now, sign, least, len(watched)) for words, mine, now, sign in watched]


def always_valid(trial: Share, present: Share) -> float:
    """The p-value, 0 to 1, of the two rates' being equal, valid however often it is looked at.

    1 over the mixture likelihood ratio with normal weights of standard deviation `TAU`. The variance is that of the
    pooled rate, with one answer of each kind added, so that few answers that are all alike do not look certain.
    """
    if not trial.of or not present.of:
        return 1.0
    pooled = (trial.count + present.count + 1) / (trial.of + present.of + 2)
    variance = pooled * (1 - pooled) * (1 / trial.of + 1 / present.of)
    difference = trial.rate - present.rate
    spread = variance + TAU**2
    ratio = 0.5 * math.log(variance / spread) + TAU**2 * difference**2 / (2 * variance * spread)
    return min(1.0, math.exp(-ratio))


def _signal(words: str, trial: Share, present: Share, sign: int, least: int, of: int) -> Signal:
    p = always_valid(trial, present) if sign * (trial.rate - present.rate) > 0 else 1.0
    enough = min(trial.of, present.of) >= least
    return Signal(words, trial, present, p, enough and p < ALPHA / of)
