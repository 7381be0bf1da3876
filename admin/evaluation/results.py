"""From measured answers to what is concluded of them: means, comparisons, and what the set could have shown."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from admin.evaluation import metrics, power, statistics
from admin.evaluation.arms import Arm
from admin.evaluation.asked import Asked
from admin.evaluation.metrics import Values
from admin.evaluation.statistics import ALPHA, Difference, Interval

ORDER = (
    metrics.CONTAINED, metrics.EXACT_MATCH, metrics.F1, metrics.REFUSED_UNANSWERABLE, metrics.REFUSED_ANSWERABLE,
    metrics.CITATION_PRECISION, metrics.CITATION_RECALL, metrics.SUPPORT, metrics.RECALL, metrics.NDCG,
    metrics.REFUSED_EMPTY, metrics.RECITED, metrics.FOLLOWED_PASSAGE, metrics.FOLLOWED_WEIGHTS,
    metrics.FIRST_TOKEN, metrics.TOTAL, metrics.TOKENS, metrics.PRICE,
)  # fmt: skip
"""Every measure, in the order in which they are shown."""
BY_TYPE = (metrics.CONTAINED, metrics.REFUSED_UNANSWERABLE, metrics.REFUSED_ANSWERABLE)
"""What is told of each type of question."""

Answered = Mapping[str, Mapping[int, Values]]
"""The measures of each arm's answers, by the question's position."""


@dataclass(frozen=True)
class Comparison:
    """Two arms beside each other on one measure: `difference.value` is what `b` has more than `a`."""

    a: str
    b: str
    measure: str
    difference: Difference
    p_corrected: float
    detectable: float | None
    """The smallest difference that as many questions would show, 80 times of 100, after the correction."""
    needed: int | None
    """How many questions would show the difference that was found; None where more than anybody labels."""

    @property
    def certain(self) -> bool:
        """Whether it is more than luck, after the correction."""
        return self.p_corrected < ALPHA

    @property
    def better(self) -> str | None:
        """The arm that is better, where that is certain."""
        if not self.certain or not self.difference.value:
            return None
        return self.b if (self.difference.value > 0) != (self.measure in metrics.LESS_IS_BETTER) else self.a

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self.difference)
        found["difference"] = found.pop("value")
        own = {"a": self.a, "b": self.b, "measure": self.measure, "p_corrected": self.p_corrected}
        return own | found | {"detectable": self.detectable, "needed": self.needed}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Comparison":
        """The comparison that `as_dict` wrote down."""
        value = Difference(
            kept["difference"], **{name: kept[name] for name in ("low", "high", "n", "p", "test", "spread", "note")}
        )
        own = {name: kept[name] for name in ("a", "b", "measure", "p_corrected", "detectable", "needed")}
        return cls(difference=value, **own)


@dataclass(frozen=True)
class Findings:
    """What was measured: each arm's means, all comparisons, and both again for each type of question."""

    questions: int
    arms: Mapping[str, Mapping[str, Interval]]
    comparisons: Sequence[Comparison]
    types: Mapping[str, "Findings"]

    def value(self, arm: str, measure: str) -> float | None:
        """The mean of an arm, where the measure applies to it."""
        found = self.arms.get(arm, {}).get(measure)
        return found.value if found else None

    def between(self, a: str, b: str, measure: str) -> Comparison | None:
        """The comparison of two arms, whichever of them comes first in it."""
        known = (each for each in self.comparisons if each.measure == measure)
        return next((each for each in known if {each.a, each.b} == {a, b}), None)

    def as_dict(self) -> dict[str, Any]:
        """As `evaluate --json` prints it, without the verdict."""
        return {
            "questions": self.questions,
            "arms": {arm: {name: asdict(each) for name, each in found.items()} for arm, found in self.arms.items()},
            "comparisons": [comparison.as_dict() for comparison in self.comparisons],
            "types": {name: found.as_dict() for name, found in self.types.items()},
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Findings":
        """The findings that `as_dict` wrote down."""
        return cls(
            kept["questions"],
            {arm: {name: Interval(**each) for name, each in found.items()} for arm, found in kept["arms"].items()},
            [Comparison.of(each) for each in kept["comparisons"]],
            {name: cls.of(found) for name, found in kept.get("types", {}).items()},
        )


def findings(arms: Sequence[Arm], asked: Sequence[Asked], answered: Answered) -> Findings:
    """What the answers show, over all questions and for each type of them."""
    kinds = sorted({each.type for each in asked})
    types = {
        kind: _over([each for each in asked if each.type == kind], arms, answered, BY_TYPE, powered=False)
        for kind in kinds
    }
    whole = _over(asked, arms, answered, ORDER, powered=True)
    return Findings(whole.questions, whole.arms, whole.comparisons, types if len(kinds) > 1 else {})


def _over(
    asked: Sequence[Asked], arms: Sequence[Arm], answered: Answered, names: Sequence[str], *, powered: bool
) -> Findings:
    """The findings on these questions alone, on the measures that are wanted."""
    positions = [each.position for each in asked]
    means: dict[str, dict[str, Interval]] = {}
    for arm in arms:
        columns = {name: list(_column(answered, arm.name, name, positions).values()) for name in names}
        found = {name: statistics.mean(values) for name, values in columns.items()}
        means[arm.name] = {name: interval for name, interval in found.items() if interval}
    pairs = list(combinations([arm.name for arm in arms], 2))
    return Findings(len(asked), means, _compared(answered, pairs, names, positions, powered=powered), {})


def _compared(
    answered: Answered,
    pairs: Iterable[tuple[str, str]],
    names: Sequence[str],
    positions: Sequence[int],
    *,
    powered: bool,
) -> list[Comparison]:
    """Every pair of arms on every measure that both have, quality and cost each corrected together."""
    found = [
        (a, b, name, difference)
        for a, b in pairs
        for name in names
        if (difference := _difference(answered, a, b, name, positions))
    ]
    families = (
        [each for each in found if each[2] not in metrics.AMOUNTS],
        [each for each in found if each[2] in metrics.AMOUNTS],
    )
    return [comparison for family in families for comparison in _corrected(family, powered=powered)]


def _corrected(family: Sequence[tuple[str, str, str, Difference]], *, powered: bool) -> Iterator[Comparison]:
    """Comparisons corrected together. Arms that never differ are no test (Tarone 1990), and do not count as one."""
    ps = [difference.p for *_, difference in family if difference.spread]
    corrected = iter(statistics.holm(ps))
    for a, b, name, difference in family:
        p = next(corrected) if difference.spread else 1.0
        comparison = Comparison(a, b, name, difference, p, None, None)
        yield _weighed(comparison, ALPHA / max(len(ps), 1)) if powered else comparison


def _weighed(comparison: Comparison, level: float) -> Comparison:
    """The comparison with what could have been shown, and how many questions it takes where it is not certain yet."""
    if comparison.measure in metrics.AMOUNTS:
        return comparison
    more = None if comparison.certain else power.needed(comparison.difference, level)
    return replace(comparison, detectable=power.detectable(comparison.difference, level), needed=more)


def _difference(answered: Answered, a: str, b: str, name: str, positions: Sequence[int]) -> Difference | None:
    """Two arms on the questions where the measure applies to both."""
    first, second = _column(answered, a, name, positions), _column(answered, b, name, positions)
    both = [position for position in first if position in second]
    return statistics.difference([first[at] for at in both], [second[at] for at in both])


def _column(answered: Answered, arm: str, name: str, positions: Iterable[int]) -> dict[int, float]:
    rows = answered.get(arm, {})
    return {at: rows[at][name] for at in positions if at in rows and name in rows[at]}


def digest(result: Mapping[str, Any]) -> str:
    """sha256 of a result's canonical JSON, by which a promotion names it."""
    return hashlib.sha256(json.dumps(result, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
