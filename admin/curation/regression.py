"""A collection's labelled questions as its regression suite: which find their passage now, and would not any more."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.curation.arms import Gathered
from admin.curation.measures import K
from chat.rag.retriever import RetrievalSettings


@dataclass(frozen=True)
class BrokenQuestion:
    """A question whose right passage is found at rank `before` now, and no more among the first ten afterwards."""

    question_id: int
    text: str
    before: int
    passage_gone: bool
    """Whether its passage would not even be there."""


def rank(gathered: Gathered, settings: RetrievalSettings) -> int | None:
    """Where the first passage that bears the question stands among the first ten; None where it does not."""
    found = enumerate(gathered.ranking(settings, K), 1)
    return next((place for place, chunk_id in found if chunk_id in gathered.grades), None)


def broken(
    before: Sequence[Gathered],
    after: Sequence[Gathered],
    settings: RetrievalSettings,
    new_settings: RetrievalSettings | None = None,
) -> list[BrokenQuestion]:
    """The questions that find their passage now and would not after a change; both sequences ask the same ones."""
    lost = []
    for now, then in zip(before, after, strict=True):
        place = rank(now, settings)
        if place is not None and rank(then, new_settings or settings) is None:
            lost.append(BrokenQuestion(now.question.id, now.question.text, place, not then.grades))
    return lost
