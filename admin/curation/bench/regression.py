"""A collection's labelled questions as its regression suite: which find their passage now, and would not any more."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.curation.bench.arms import Found


@dataclass(frozen=True)
class BrokenQuestion:
    """A question whose right passage is found at rank `before` now, and no more among the first ten afterwards."""

    question_id: int
    text: str
    before: int
    passage_gone: bool
    """Whether its passage would not even be there."""


def broken(before: Sequence[Found], after: Sequence[Found]) -> list[BrokenQuestion]:
    """The questions that find their passage now and would not after a change; both sequences ask the same ones."""
    return [
        BrokenQuestion(now.question.id, now.question.text, now.rank, not then.grades)
        for now, then in zip(before, after, strict=True)
        if now.rank is not None and then.rank is None
    ]
