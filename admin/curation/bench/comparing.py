"""Two settings side by side: on one question, and on all labelled questions of a collection."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.curation.bench.arms import Found
from admin.measures import Difference, Quality, difference, mean


@dataclass(frozen=True)
class Moved:
    """A question whose first right passage stands elsewhere; None: not among the first ten."""

    question_id: int
    text: str
    before: int | None
    after: int | None

    @property
    def better(self) -> bool:
        return (self.after or 99) < (self.before or 99)


@dataclass(frozen=True)
class Comparison:
    """Means under two settings, the paired differences by measure, and the questions whose passage moved."""

    questions: int
    before: Quality
    after: Quality
    differences: dict[str, Difference]
    moved: Sequence[Moved]


def compare(before: Sequence[Found], after: Sequence[Found]) -> Comparison | None:
    """What changes on the questions whose right passage is there; None where there is no such question.

    Both sequences ask the same questions of the same documents.
    """
    marked = [(old, new) for old, new in zip(before, after, strict=True) if new.grades]
    if not marked:
        return None
    old, new = [each.quality for each, _ in marked], [each.quality for _, each in marked]
    names = ("ndcg", "recall", "reciprocal_rank")
    differences = {
        name: difference([getattr(each, name) for each in old], [getattr(each, name) for each in new]) for name in names
    }
    ranks = [Moved(now.question.id, now.question.text, now.rank, then.rank) for now, then in marked]
    moved = sorted((each for each in ranks if each.before != each.after), key=lambda each: (each.better, each.text))
    return Comparison(len(marked), mean(old), mean(new), differences, moved)
