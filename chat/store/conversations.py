"""Conversations and their messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, selectinload

from chat.errors import NotFoundError
from chat.store.tables import AnswerStatus, Citation, Conversation, Message, Trace

TITLE_LENGTH = 80


@dataclass(frozen=True)
class ConversationSummary:
    """One line of the list of conversations."""

    id: UUID
    title: str
    updated_at: datetime


def start(session: Session, user_id: int, question: str) -> Conversation:
    """A new conversation, titled after its first question."""
    title = " ".join(question.split())
    if len(title) > TITLE_LENGTH:
        title = title[: TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"
    conversation = Conversation(user_id=user_id, title=title)
    session.add(conversation)
    session.flush()
    return conversation


def get(session: Session, user_id: int, conversation_id: UUID) -> Conversation:
    """The conversation, if it is this person's. Raises `NotFoundError` otherwise."""
    found = session.get(Conversation, conversation_id)
    if found is None or found.user_id != user_id:
        raise NotFoundError("This conversation does not exist (any more).")
    return found


def summaries(session: Session, user_id: int, search: str = "", limit: int = 200) -> list[ConversationSummary]:
    """A person's conversations, the latest first; with `search`, those in whose title or messages it occurs."""
    pattern = "%" + search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    said = exists().where(Message.conversation_id == Conversation.id, Message.content.ilike(pattern))
    rows = session.execute(
        select(Conversation.id, Conversation.title, Conversation.updated_at)
        .where(Conversation.user_id == user_id)
        .where(Conversation.title.ilike(pattern) | said if search.strip() else sa.true())
        .order_by(Conversation.updated_at.desc())
        .limit(limit)
    )
    return [ConversationSummary(*row) for row in rows]


def rename(session: Session, user_id: int, conversation_id: UUID, title: str) -> None:
    conversation = get(session, user_id, conversation_id)
    conversation.title = " ".join(title.split())[:TITLE_LENGTH] or conversation.title
    session.flush()


def remove(session: Session, user_id: int, conversation_id: UUID) -> None:
    session.execute(delete(Conversation).where(Conversation.id == conversation_id, Conversation.user_id == user_id))


def messages(session: Session, conversation_id: UUID) -> Sequence[Message]:
    """The messages in their order, each with its citations and its trace."""
    return session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.position)
        .options(selectinload(Message.citations), selectinload(Message.trace))
    ).all()


def quoted(messages: Sequence[Message]) -> set[int]:
    """Ids of the documents whose passages are kept with these messages."""
    cited = {citation.document_id for message in messages for citation in message.citations}
    traces = [message.trace for message in messages if message.trace is not None]
    return cited | {source["document_id"] for trace in traces for source in trace.retrieved}


def answer(session: Session, user_id: int, message_id: UUID) -> Message:
    """The answer, if this person got it. Raises `NotFoundError` otherwise."""
    found = session.scalar(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id == message_id, Message.role == "assistant", Conversation.user_id == user_id)
    )
    if found is None:
        raise NotFoundError("This answer does not exist (any more).")
    return found


def add_turn(session: Session, conversation_id: UUID, question: str, mode: str, adapter: str | None = None) -> Message:
    """The question, and the empty answer to it that will grow; `adapter` is the digest of the one that is asked."""
    session.add(Message(conversation_id=conversation_id, role="user", content=question))
    session.flush()
    growing = Message(
        conversation_id=conversation_id, role="assistant", status=AnswerStatus.STREAMING, mode=mode, adapter=adapter
    )
    session.add(growing)
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(updated_at=func.now()))
    session.flush()
    return growing


def grow(session: Session, message_id: UUID, content: str) -> bool:
    """Keep what was said so far. False when the message was deleted or sealed by somebody else."""
    changed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == AnswerStatus.STREAMING)
        .values(content=content, updated_at=func.now())
        .returning(Message.id)
    )
    return changed.first() is not None


def seal(
    session: Session,
    message_id: UUID,
    *,
    content: str,
    status: AnswerStatus,
    refused: bool = False,
    receipt: dict[str, Any] | None = None,
    citations: Sequence[Citation] = (),
    trace: Trace | None = None,
) -> bool:
    """End an answer: its text, citations, trace and receipt, once. False when it was sealed or deleted before.

    With its receipt, the adapter that did answer stands in place of the one that was asked.
    """
    answered_by = {} if receipt is None else {"adapter": (receipt.get("adapter") or {}).get("digest")}
    sealed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == AnswerStatus.STREAMING)
        .values(content=content, status=status, refused=refused, receipt=receipt, updated_at=func.now(), **answered_by)
        .returning(Message.id)
    )
    if sealed.first() is None:
        return False
    session.add_all([*citations, *([trace] if trace else [])])
    session.flush()
    return True


def seal_abandoned(session: Session, silent_s: int = 180) -> int:
    """Mark as stopped the answers whose process died: those that stream but have not grown for so long.

    A living one is never silent for that long: a model that says nothing for a minute, twice, is given up.
    """
    silent = func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, silent_s)
    sealed = session.execute(
        update(Message)
        .where(Message.status == AnswerStatus.STREAMING, Message.updated_at < silent)
        .values(status=AnswerStatus.STOPPED)
        .returning(Message.id)
    )
    return len(sealed.all())
