"""Where documents were cited: in which answers, to which questions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from chat.store import conversations
from chat.store.tables import Citation, Document, Message


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


def collections_of(session: Session, document_ids: Collection[int]) -> dict[int, int]:
    """The collection that each of these documents is in; what was deleted is in none."""
    rows = session.execute(select(Document.id, Document.collection_id).where(Document.id.in_(document_ids)))
    return dict(rows.all())


def outside(session: Session, collections: Collection[int], messages: Sequence[Message]) -> set[int]:
    """Ids of the documents quoted in these messages that are in none of these collections.

    What was deleted counts where it was when it was quoted, which the receipt says; where it does not, nowhere.
    """
    quoted = conversations.quoted(messages)
    receipts = (message.receipt or {} for message in messages)
    then = {int(key): value for receipt in receipts for key, value in receipt.get("collections", {}).items()}
    homes = then | collections_of(session, quoted)
    return {document_id for document_id in quoted if homes.get(document_id) not in collections}


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
    question = select(asked.content).where(asked.id == Message.parent_id).scalar_subquery()
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
