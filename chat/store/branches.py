"""The messages of a conversation as the tree that they are: those that follow the same one are its versions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, selectinload

from chat.store.tables import Citation, Conversation, Message, Trace

COPIED = ("role", "content", "status", "mode", "adapter", "refused", "created_at")
CITED = (
    "marker", "version_id", "document", "document_id", "version", "chunk_id", "page", "start_char", "end_char", "quote",
)  # fmt: skip
TRACED = ("question", "searched", "settings", "retrieved", "timings_ms", "created_at")
"""What a copy has in common with its original."""


@dataclass(frozen=True)
class Versions:
    """Where a message stands among its versions, the oldest first. `place` counts from 0."""

    ids: Sequence[UUID]
    place: int


def path(session: Session, leaf_id: UUID | None) -> Sequence[Message]:
    """The messages from the first question down to that one, each with its citations and its trace."""
    if leaf_id is None:
        return []
    up = select(Message.id, Message.parent_id).where(Message.id == leaf_id).cte("up", recursive=True)
    above = aliased(Message)
    up = up.union_all(select(above.id, above.parent_id).join(up, above.id == up.c.parent_id))
    return session.scalars(
        select(Message)
        .where(Message.id.in_(select(up.c.id)))
        .order_by(Message.position)
        .options(selectinload(Message.citations), selectinload(Message.trace))
    ).all()


def versions(session: Session, conversation_id: UUID) -> Mapping[UUID, Versions]:
    """The versions of each message of a conversation, by its id."""
    together = _children(session, conversation_id).values()
    return {each: Versions(ids, place) for ids in together for place, each in enumerate(ids)}


def show(session: Session, message: Message) -> None:
    """Make the branch with that message the one that is shown, with the newest of what follows it."""
    children, leaf = _children(session, message.conversation_id), message.id
    while following := children.get(leaf):
        leaf = following[-1]
    session.get_one(Conversation, message.conversation_id).leaf_id = leaf
    session.flush()


def copy(session: Session, messages: Sequence[Message], conversation: Conversation) -> None:
    """Begin a conversation with copies of these messages of another, each with its citations and its trace.

    A copy names its original in its receipt, so that nothing that was asked or answered once is counted twice.
    """
    after: UUID | None = None
    for message in messages:
        made = Message(
            conversation_id=conversation.id, parent_id=after, **_values(message, COPIED),
            receipt=(message.receipt or {}) | {"copy_of": str(message.id)},
            citations=[Citation(**_values(each, CITED)) for each in message.citations],
            trace=Trace(**_values(message.trace, TRACED)) if message.trace else None,
        )  # fmt: skip
        session.add(made)
        session.flush()
        after = made.id
    conversation.leaf_id = after
    session.flush()


def _values(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _children(session: Session, conversation_id: UUID) -> Mapping[UUID | None, list[UUID]]:
    """Ids of the messages that follow each message, the oldest first; those that begin follow None."""
    rows = session.execute(
        select(Message.parent_id, Message.id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.position)
    )
    children: dict[UUID | None, list[UUID]] = defaultdict(list)
    for parent_id, message_id in rows:
        children[parent_id].append(message_id)
    return children
