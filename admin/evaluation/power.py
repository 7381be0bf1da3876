"""What a set of questions could detect, and how many it would take: the power of the tests, at 80 %.

For yes-or-no measures it is the exact power of the exact McNemar test, summed over how many questions the arms may
disagree on. For the others it is the normal approximation, over the efficiency of Wilcoxon's test (3/π).
"""

import math
from collections.abc import Callable

import numpy as np

from admin.evaluation.statistics import ALPHA, MCNEMAR, Difference

POWER = 0.8
MOST = 20_000
"""Questions beyond which nobody labels: then it is said that the arms are as good as equal."""
FINE = 1e-3


def mcnemar(n: int, discordant: float, gain: float, alpha: float = ALPHA) -> float:
    """Probability, 0 to 1, that the exact McNemar test at level `alpha` finds a difference of `gain` on `n` questions.

    `discordant` is the share of questions on which the arms disagree; at least `gain`.
    """
    from scipy import stats  # type: ignore[import-untyped]

    discordant = min(max(discordant, gain), 1.0)
    if n < 1 or gain <= 0:
        return 0.0
    disagreeing = np.arange(n + 1)
    chance = stats.binom.pmf(disagreeing, n, discordant)
    heads = (discordant + gain) / (2 * discordant)
    few = stats.binom.ppf(alpha / 2, disagreeing, 0.5)
    few = np.where(2 * stats.binom.cdf(few, disagreeing, 0.5) <= alpha, few, few - 1)
    rejected = stats.binom.cdf(few, disagreeing, heads) + stats.binom.sf(disagreeing - few - 1, disagreeing, heads)
    return float((chance * np.where(few >= 0, rejected, 0.0)).sum())


def detectable(found: Difference, alpha: float = ALPHA) -> float | None:
    """The smallest difference that so many questions show in 80 of 100 tries; None where they show none at all."""
    if found.test != MCNEMAR:
        return _reach(alpha) * found.spread / math.sqrt(found.n) if found.n > 1 and found.spread else None

    def shown(gain: float) -> bool:
        return mcnemar(found.n, found.spread, gain, alpha) >= POWER

    if not shown(1.0):
        return None
    low, high = 0.0, 1.0
    while high - low > FINE:
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


def needed(found: Difference, alpha: float = ALPHA) -> int | None:
    """How many questions would show a difference as large as the one found; None where that is more than `MOST`."""
    gain = abs(found.value)
    if gain == 0:
        return None
    if found.test != MCNEMAR:
        wanted = math.ceil((_reach(alpha) * found.spread / gain) ** 2)
        return wanted if wanted <= MOST else None
    return _first(lambda n: mcnemar(n, found.spread, gain, alpha) >= POWER)


def _first(enough: Callable[[int], bool]) -> int | None:
    """The least number that is enough, found by halving; None beyond `MOST`."""
    high = 8
    while not enough(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _reach(alpha: float) -> float:
    """How many standard errors apart two means are that the Wilcoxon test tells apart at that power."""
    from scipy import stats

    reach = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(POWER)
    return float(reach / math.sqrt(3 / math.pi))
