"""Whether a difference between two arms is more than luck: paired tests, intervals, and what a set could detect.

Everything is paired by question. The tests are SciPy's: McNemar's exact test is its binomial test of the questions on
which two arms disagree (McNemar 1947), Wilcoxon's signed-rank test stands for measures that are not yes or no, and the
intervals are bias-corrected and accelerated bootstraps (Efron 1987). Holm's correction (1979) is over all of them.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
ALPHA = 0.05
RESAMPLES = 2_000
SEED = 20_240_229
"""Fixed, so that the same answers always give the same intervals."""
MCNEMAR, WILCOXON = "exact McNemar", "Wilcoxon signed-rank"


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval over `n` questions; `note` says in words where no usual one can be given."""

    value: float
    low: float
    high: float
    n: int
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """How much more `b` has than `a`, paired by question, with the 95 % interval and the p-value of `test`.

    `spread` is what the power depends on: the share of questions on which the two differ where the measure is yes or
    no, the standard deviation of the differences where not.
    """

    value: float
    low: float
    high: float
    n: int
    p: float
    test: str
    spread: float
    note: str = ""


def mean(values: Sequence[float]) -> Interval | None:
    """The mean of a measure over questions; None over none."""
    from scipy import stats  # type: ignore[import-untyped]

    if not len(values):
        return None
    sample = np.asarray(values, dtype=float)
    value = float(sample.mean())
    if np.ptp(sample) > 0:
        return Interval(value, *_bootstrap(sample), len(sample))
    if value in (0.0, 1.0):
        exact = stats.binomtest(int(sample.sum()), len(sample)).proportion_ci(CONFIDENCE)
        note = f"All {len(sample)} the same: the interval is the exact binomial one."
        return Interval(value, float(exact.low), float(exact.high), len(sample), note)
    return Interval(value, value, value, len(sample), _sameness(len(sample)))


def difference(a: Sequence[float], b: Sequence[float]) -> Difference | None:
    """How `b` differs from `a`, question by question; None over none. Raises `ValueError` for unequal lengths."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} values cannot be paired")
    if not len(a):
        return None
    before, after = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    gains = after - before
    binary = is_binary(before) and is_binary(after)
    test, p = (MCNEMAR, _mcnemar(gains)) if binary else (WILCOXON, _wilcoxon(gains))
    spread = float(np.mean(gains != 0)) if binary else float(np.std(gains, ddof=1)) if len(gains) > 1 else 0.0
    value, note = float(gains.mean()), ""
    if np.ptp(gains) > 0:
        low, high = _bootstrap(gains)
    elif binary:
        low, high, note = *_reach(value, len(gains)), f"The same on all {len(gains)}: the interval is binomial."
    else:
        low, high, note = value, value, _sameness(len(gains))
    return Difference(value, low, high, len(gains), p, test, spread, note)


def is_binary(values: np.ndarray) -> bool:
    """Whether every value is 0 or 1."""
    return bool(np.isin(values, (0.0, 1.0)).all())


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values corrected for there being so many (Holm 1979, "A simple sequentially rejective multiple test
    procedure"), in the order given.
    """
    corrected = np.empty(len(ps))
    largest = 0.0
    for rank, place in enumerate(np.argsort(np.asarray(ps, dtype=float), kind="stable")):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = largest
    return corrected.tolist()


def _mcnemar(gains: np.ndarray) -> float:
    from scipy import stats

    better, worse = int((gains > 0).sum()), int((gains < 0).sum())
    return float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _wilcoxon(gains: np.ndarray) -> float:
    """With ties and zeros the normal approximation is all there is, and SciPy says so; it is meant here."""
    from scipy import stats

    if not gains.any():
        return 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(stats.wilcoxon(gains).pvalue)


def _bootstrap(sample: np.ndarray) -> tuple[float, float]:
    """The BCa interval of the mean; the percentile interval where so few values differ that BCa has none."""
    from scipy import stats

    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                (sample,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method=method, rng=SEED
            ).confidence_interval
        if np.isfinite(found).all():
            break
    return float(found.low), float(found.high)


def _reach(value: float, n: int) -> tuple[float, float]:
    """How far a difference may be from one that was the same on all `n` questions (the exact binomial bound)."""
    most = 1 - ((1 - CONFIDENCE) / 2) ** (1 / n)
    return max(value - most, -1.0), min(value + most, 1.0)


def _sameness(n: int) -> str:
    return "One question: no interval can be given." if n == 1 else f"The same on all {n}: no interval can be given."
