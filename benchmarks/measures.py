"""How good a ranking is: nDCG@k and recall@k as trec_eval and BEIR count them, each between 0 and 1."""

from collections.abc import Mapping, Sequence
from math import log2


def ndcg(ranking: Sequence[int], grades: Mapping[int, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k` (Järvelin & Kekäläinen, TOIS 2002), linear gain.

    `grades` are those of the judged passages; at least one must be above 0.
    """
    ideal = sorted(grades.values(), reverse=True)
    return _discounted([grades.get(found, 0) for found in ranking[:k]]) / _discounted(ideal[:k])


def recall(ranking: Sequence[int], grades: Mapping[int, int], k: int = 10) -> float:
    """Share of the relevant passages, those graded above 0, that stand among the first `k`."""
    relevant = {passage for passage, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))
