"""The examples of a collection as short texts: quick to read through for those that resemble another one."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.store.tables import Example, ExampleState, ExampleVersion

CHECKED = (ExampleState.DRAFT, ExampleState.APPROVED, ExampleState.NEEDS_WORK)
"""States in which an example may still be trained on one day."""
ASKED = ExampleVersion.prompt[-1]["content"].astext
SIZE = func.char_length(ASKED) + func.char_length(ExampleVersion.completion)
LEAST, MOST = 0.6, 1.7
"""Texts that share .8 of their words are of about the same length."""


@dataclass(frozen=True)
class Short:
    """The last question of an example, and its answer."""

    id: int
    question: str
    answer: str


def near_in_size(session: Session, collection_id: int, asked: Short) -> Sequence[Short]:
    """The collection's other examples that are about as long, or that ask the same as this one."""
    size = len(asked.question) + len(asked.answer)
    same = func.lower(func.btrim(ASKED)) == asked.question.strip().lower()
    rows = session.execute(
        select(Example.id, ASKED, ExampleVersion.completion)
        .join(
            ExampleVersion, sa.and_(ExampleVersion.example_id == Example.id, ExampleVersion.number == Example.version)
        )
        .where(
            Example.collection_id == collection_id,
            Example.id != asked.id,
            Example.state.in_(CHECKED),
            sa.or_(SIZE.between(int(LEAST * size), int(MOST * size) + 1), same),
        )
    )
    return [Short(*row) for row in rows]
