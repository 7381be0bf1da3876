"""How good a ranking is, and whether one way to rank is better than another: means of paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2, sqrt
from statistics import fmean, stdev

K = 10
"""How far down a ranking is looked: as many passages as the chat asks for."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Quality:
    """Measures of one ranking, or their means over many; each between 0 and 1."""

    ndcg: float
    recall: float
    reciprocal_rank: float


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences, with its 95 % interval, and how many went up and down."""

    value: float
    low: float
    high: float
    up: int
    down: int


def quality(ranking: Sequence[int], grades: Mapping[int, int], k: int = K) -> Quality:
    """The measures of a ranking of chunk ids. `grades` are those of the judged chunks; one at least is above 0."""
    return Quality(ndcg(ranking, grades, k), recall(ranking, grades, k), reciprocal_rank(ranking, grades, k))


def mean(qualities: Sequence[Quality]) -> Quality:
    """The means over questions. Raises `statistics.StatisticsError` where there are none."""
    return Quality(
        fmean(each.ndcg for each in qualities),
        fmean(each.recall for each in qualities),
        fmean(each.reciprocal_rank for each in qualities),
    )


def ndcg(ranking: Sequence[int], grades: Mapping[int, int], k: int = K) -> float:
    """Normalised discounted cumulative gain of the first `k` (Järvelin & Kekäläinen, TOIS 2002), linear gain.

    As trec_eval and BEIR count it. One grade at least must be above 0.
    """
    ideal = sorted(grades.values(), reverse=True)
    return _discounted([grades.get(found, 0) for found in ranking[:k]]) / _discounted(ideal[:k])


def recall(ranking: Sequence[int], grades: Mapping[int, int], k: int = K) -> float:
    """Share of the relevant, those graded above 0, that stand among the first `k`."""
    relevant = {item for item, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant)


def reciprocal_rank(ranking: Sequence[int], grades: Mapping[int, int], k: int = K) -> float:
    """One over the rank of the first relevant among the first `k`; 0 where there is none."""
    return next((1 / rank for rank, item in enumerate(ranking[:k], 1) if grades.get(item, 0) > 0), 0.0)


def difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """How much more `after` is than `before`, question by question. The interval is Student's."""
    pairs = [two - one for one, two in zip(before, after, strict=True)]
    value, up, down = fmean(pairs), sum(each > 0 for each in pairs), sum(each < 0 for each in pairs)
    if not up and not down:
        return Difference(value, value, value, up, down)
    if len(pairs) < 2:
        return Difference(value, -1.0, 1.0, up, down)
    from scipy import stats  # type: ignore[import-untyped]

    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(pairs) - 1)) * stdev(pairs) / sqrt(len(pairs))
    return Difference(value, value - reach, value + reach, up, down)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))
