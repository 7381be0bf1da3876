"""Where documents were cited: in which answers, to which questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from chat.store.tables import Citation, Message


@dataclass(frozen=True)
class Use:
    """A citation of a document: the question, the marker in its answer, and the words that were quoted."""

    conversation_id: UUID
    when: datetime
    question: str
    marker: int
    version: int
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class Uses:
    """How often documents were cited, and in how many conversations."""

    answers: int = 0
    conversations: int = 0


def count(session: Session, document_ids: Sequence[int]) -> Uses:
    """How many answers cite any of these documents."""
    answers = func.count(Citation.message_id.distinct())
    row = session.execute(
        select(answers, func.count(Message.conversation_id.distinct()))
        .select_from(Citation)
        .join(Message, Message.id == Citation.message_id)
        .where(Citation.document_id.in_(document_ids))
    ).one()
    return Uses(*row)


def of_document(session: Session, document_id: int, most: int) -> list[Use]:
    """The latest `most` citations of the document, the newest first."""
    asked = aliased(Message)
    question = (
        select(asked.content)
        .where(asked.conversation_id == Message.conversation_id, asked.role == "user")
        .where(asked.position < Message.position)
        .order_by(asked.position.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Message.conversation_id,
            Message.created_at,
            func.coalesce(question, ""),
            Citation.marker,
            Citation.version,
            Citation.page,
            Citation.start_char,
            Citation.end_char,
            Citation.quote,
        )
        .join(Message, Message.id == Citation.message_id)
        .where(Citation.document_id == document_id)
        .order_by(Message.created_at.desc(), Citation.marker)
        .limit(most)
    )
    return [Use(*row) for row in rows]
