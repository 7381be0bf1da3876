"""Two settings side by side: on one question, and on all labelled questions of a collection."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.curation.arms import Gathered
from admin.curation.measures import Difference, Quality, difference, mean
from admin.curation.regression import rank
from chat.rag.retriever import RetrievalSettings


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


def compare(gathered: Sequence[Gathered], before: RetrievalSettings, after: RetrievalSettings) -> Comparison | None:
    """What `after` would change on the questions whose right passage is there; None where there is no such question."""
    marked = [each for each in gathered if each.grades]
    if not marked:
        return None
    old, new = [each.quality(before) for each in marked], [each.quality(after) for each in marked]
    names = ("ndcg", "recall", "reciprocal_rank")
    differences = {
        name: difference([getattr(each, name) for each in old], [getattr(each, name) for each in new]) for name in names
    }
    ranks = [Moved(each.question.id, each.question.text, rank(each, before), rank(each, after)) for each in marked]
    moved = sorted((each for each in ranks if each.before != each.after), key=lambda each: (each.better, each.text))
    return Comparison(len(marked), mean(old), mean(new), differences, moved)
