"""Fitting how the two arms are weighed, and when to refuse, to a collection's labelled questions.

The prior: both arms count the same, and the verifier's own threshold is right. A few dozen questions hardly tell a good
setting from the best one, so of all the settings that are as good as the best within half a standard error of their
paired difference, the one nearest to the prior is taken (the one-standard-error rule of Breiman et al., "Classification
and Regression Trees", 1984, halved). The more questions, the less the prior weighs. What is shown is the score on
questions held out in turn, and what is worse there than the usual setting is never applied. Weights are fitted to what
the arms find, before a reranker reads any of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np

from admin.curation.bench.arms import Gathered
from admin.measures import Difference, difference, ndcg
from chat.errors import InvalidInputError
from chat.rag.retriever import Fusion, RetrievalSettings

FEWEST = 10
"""Questions with a right passage below which nothing is fitted."""
FEWEST_OF_A_KIND = 5
"""Questions with an answer, and without one, below which the threshold is left as it is."""
FOLDS = 5
TOLERANCE = 0.5
"""Standard errors that a setting may be worse than the best and still be taken for as good."""
SHARES = tuple(round(step / 20, 2) for step in range(21))
"""How much of the weight the dense arm may have."""
THRESHOLDS = tuple(round(step / 50, 2) for step in range(1, 50))


@dataclass(frozen=True)
class Choice:
    """A fitted value, and how it does on held-out questions (mean, 0 to 1) beside the usual one."""

    value: float
    held_out: float
    usual: float
    gain: Difference
    questions: int

    @property
    def worse(self) -> bool:
        return self.gain.value < 0


@dataclass(frozen=True)
class Fit:
    """What was found, and the settings it comes to: a part that is worse on held-out questions is left as it was."""

    settings: RetrievalSettings
    weights: Choice
    """`value` is the dense arm's share; measured by nDCG@10."""
    threshold: Choice | None
    """Measured by balanced accuracy; None where there are too few questions of a kind."""
    dense_alone: float
    keyword_alone: float

    @property
    def scores(self) -> dict[str, Any]:
        """The part that history keeps."""
        parts = {"ndcg": self.weights, "refusing": self.threshold}
        return {
            name: {"held_out": each.held_out, "usual": each.usual, "questions": each.questions}
            for name, each in parts.items()
            if each is not None
        }


@dataclass(frozen=True)
class Evidence:
    """Whether a question can be answered from the documents, and how probable that looked (0 to 1)."""

    answerable: bool
    probability: float


def weighed(settings: RetrievalSettings, share: float) -> RetrievalSettings:
    """The settings with the arms' scores fused, the dense arm having `share` (0 to 1) of the weight."""
    return replace(
        settings, fusion=Fusion.SCORES, dense_weight=round(2 * share, 2), keyword_weight=round(2 - 2 * share, 2)
    )


def fit_weights(gathered: Sequence[Gathered], usual: RetrievalSettings) -> tuple[Choice, float, float]:
    """The dense arm's share, and the nDCG@10 of the dense and of the keyword arm alone.

    Raises `InvalidInputError` for fewer than `FEWEST` questions whose right passage is there.
    """
    marked = [each for each in gathered if each.grades]
    if len(marked) < FEWEST:
        raise InvalidInputError(
            f"Fitting takes at least {FEWEST} questions with a right passage; there are {len(marked)}. "
            "Try a question, and mark the passages that answer it."
        )
    candidates = [weighed(usual, share) for share in SHARES]
    table = np.array([[ndcg(each.ranking(one), each.grades) for one in candidates] for each in marked])
    now = np.array([ndcg(each.ranking(usual), each.grades) for each in marked])
    distances = np.abs(np.array(SHARES) - 0.5)
    choice = _choose(SHARES, table, distances, now)
    return choice, float(table[:, -1].mean()), float(table[:, 0].mean())


def fit_threshold(evidence: Sequence[Evidence], usual: float) -> Choice | None:
    """The probability below which to refuse, by balanced accuracy; None where there are too few of a kind."""
    answerable = np.array([each.answerable for each in evidence], dtype=bool)
    kinds = answerable.sum(), (~answerable).sum()
    if min(kinds) < FEWEST_OF_A_KIND:
        return None
    probability = np.array([each.probability for each in evidence])
    # The mean of these over all questions is the mean of the shares that are right among either kind.
    weight = len(evidence) / 2 / np.where(answerable, *kinds)
    thresholds = np.array(THRESHOLDS)
    table = weight[:, None] * ((probability[:, None] >= thresholds) == answerable[:, None])
    now = weight * ((probability >= usual) == answerable)
    distances = np.abs(np.log(thresholds / (1 - thresholds)) - log(usual / (1 - usual)))
    return _choose(THRESHOLDS, table, distances, now)


def combine(live: RetrievalSettings, weights: tuple[Choice, float, float], threshold: Choice | None) -> Fit:
    """The settings that come of it. A part that is worse on held-out questions than the usual stays as it is live."""
    choice, dense_alone, keyword_alone = weights
    settings = live if choice.worse else weighed(live, choice.value)
    if threshold is not None and not threshold.worse:
        settings = replace(settings, threshold=threshold.value)
    return Fit(settings, choice, threshold, dense_alone, keyword_alone)


def nearest_to_usual(table: np.ndarray, distances: np.ndarray) -> int:
    """The candidate nearest to the prior among those as good as the best. `table` is (questions, candidates)."""
    means = table.mean(axis=0)
    behind = table[:, [means.argmax()]] - table
    error = behind.std(axis=0, ddof=1) / np.sqrt(len(table))
    as_good = np.flatnonzero(behind.mean(axis=0) <= TOLERANCE * error + 1e-12)
    return int(min(as_good, key=lambda place: (round(float(distances[place]), 9), -means[place])))


def _choose(values: Sequence[float], table: np.ndarray, distances: np.ndarray, usual: np.ndarray) -> Choice:
    """The value fitted to all questions, with the score that values fitted without a question reach on it."""
    folds = np.random.default_rng(0).permutation(len(table)) % FOLDS
    held_out = np.empty(len(table))
    for fold in range(FOLDS):
        chosen = nearest_to_usual(table[folds != fold], distances)
        held_out[folds == fold] = table[folds == fold, chosen]
    return Choice(
        value=values[nearest_to_usual(table, distances)],
        held_out=float(held_out.mean()),
        usual=float(usual.mean()),
        gain=difference(usual.tolist(), held_out.tolist()),
        questions=len(table),
    )
