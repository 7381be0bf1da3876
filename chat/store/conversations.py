"""Conversations and their messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.language import sentences
from chat.store import branches, notices
from chat.store.notices import About
from chat.store.tables import AnswerStatus, Citation, Conversation, DocumentVersion, Message, Trace

TITLE_LENGTH = 80
MOST_WORDS = 16
"""Words that are searched for at once."""


@dataclass(frozen=True)
class ConversationSummary:
    """One line of the list of conversations."""

    id: UUID
    title: str
    updated_at: datetime


def start(session: Session, user_id: int, question: str, conversation_id: UUID | None = None) -> Conversation:
    """A new conversation, titled after its first question."""
    conversation = Conversation(id=conversation_id or uuid4(), user_id=user_id, title=title_of(question))
    session.add(conversation)
    session.flush()
    return conversation


def title_of(question: str) -> str:
    """The question, where it is short; of a long one the sentence that asks, the last, or else the first."""
    text = " ".join(question.split())
    if len(text) <= TITLE_LENGTH:
        return text
    said = [text[start:end] for start, end in sentences(text)]
    asks = [sentence for sentence in said if sentence.endswith(("?", "？", "؟"))]
    title = asks[-1] if asks else said[0]
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(",;:–-") + "…"


def get(session: Session, user_id: int, conversation_id: UUID) -> Conversation:
    """The conversation, if it is this person's. Raises `NotFoundError` otherwise."""
    found = session.get(Conversation, conversation_id)
    if found is None or found.user_id != user_id:
        raise NotFoundError("This conversation does not exist (any more).")
    return found


def summaries(session: Session, user_id: int, search: str = "", limit: int = 200) -> list[ConversationSummary]:
    """A person's conversations, the latest first; with `search`, those that have every word of it, wherever it stands.

    A word counts that occurs in the title, or in any version of what was asked and answered.
    """
    rows = session.execute(
        select(Conversation.id, Conversation.title, Conversation.updated_at)
        .where(Conversation.user_id == user_id, *map(_has, search.replace("\x00", "").split()[:MOST_WORDS]))
        .order_by(Conversation.updated_at.desc())
        .limit(limit)
    )
    return [ConversationSummary(*row) for row in rows]


def _has(word: str) -> ColumnElement[bool]:
    said = exists().where(Message.conversation_id == Conversation.id, Message.content.icontains(word, autoescape=True))
    return Conversation.title.icontains(word, autoescape=True) | said


def rename(session: Session, user_id: int, conversation_id: UUID, title: str) -> None:
    conversation = get(session, user_id, conversation_id)
    conversation.title = " ".join(title.split())[:TITLE_LENGTH] or conversation.title
    session.flush()


def remove(session: Session, user_id: int, conversation_id: UUID) -> None:
    session.execute(delete(Conversation).where(Conversation.id == conversation_id, Conversation.user_id == user_id))


def messages(session: Session, conversation_id: UUID) -> Sequence[Message]:
    """The messages of the branch that is shown, in their order, each with its citations and its trace."""
    leaf_id = session.scalar(select(Conversation.leaf_id).where(Conversation.id == conversation_id))
    return branches.path(session, leaf_id)


def quoted(messages: Sequence[Message]) -> set[int]:
    """Ids of the documents whose passages are kept with these messages."""
    cited = {citation.document_id for message in messages for citation in message.citations}
    traces = [message.trace for message in messages if message.trace is not None]
    return cited | {source["document_id"] for trace in traces for source in trace.retrieved}


def message(session: Session, user_id: int, message_id: UUID) -> Message:
    """The message, if it stands in a conversation of this person. Raises `NotFoundError` otherwise."""
    found = session.scalar(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id == message_id, Conversation.user_id == user_id)
    )
    if found is None:
        raise NotFoundError("This message does not exist (any more).")
    return found


def answer(session: Session, user_id: int, message_id: UUID) -> Message:
    """The answer, if this person got it. Raises `NotFoundError` otherwise."""
    found = message(session, user_id, message_id)
    if found.role != "assistant":
        raise NotFoundError("This answer does not exist (any more).")
    return found


@dataclass(frozen=True)
class Place:
    """Where a question goes: after which message, and the question itself, where it stands there already."""

    after: UUID | None
    question: Message | None = None


def place(session: Session, user_id: int, conversation_id: UUID, instead_of: UUID | None = None) -> Place:
    """Where the next question goes: to the end of what is shown or, `instead_of` a message, beside what stands there.

    Until the transaction ends, nobody else finds a place in this conversation. Raises `NotFoundError`.
    """
    get(session, user_id, conversation_id)
    conversation = session.get_one(Conversation, conversation_id, with_for_update=True, populate_existing=True)
    if instead_of is None:
        return Place(conversation.leaf_id)
    replaced = message(session, user_id, instead_of)
    if replaced.conversation_id != conversation_id:
        raise NotFoundError("This message does not exist (any more).")
    if replaced.role == "user":
        return Place(replaced.parent_id)
    question = session.get_one(Message, replaced.parent_id)
    return Place(question.parent_id, question)


def add_turn(session: Session, conversation_id: UUID, question: str, mode: str, adapter: str | None = None) -> Message:
    """The question, where the branch that is shown ends, and the empty answer to it that will grow."""
    leaf_id = session.get_one(Conversation, conversation_id, populate_existing=True).leaf_id
    return add_answer(session, add_question(session, conversation_id, leaf_id, question), mode, adapter)


def add_question(session: Session, conversation_id: UUID, after: UUID | None, text: str) -> Message:
    """A question after that message; where others follow it already, one more version of them."""
    asked = Message(conversation_id=conversation_id, parent_id=after, role="user", content=text)
    session.add(asked)
    session.flush()
    return asked


def add_answer(session: Session, question: Message, mode: str, adapter: str | None = None) -> Message:
    """An empty answer that will grow, and be shown; `adapter` is the digest of the one that is asked."""
    growing = Message(
        conversation_id=question.conversation_id,
        parent_id=question.id,
        role="assistant",
        status=AnswerStatus.STREAMING,
        mode=mode,
        adapter=adapter,
    )
    session.add(growing)
    session.flush()
    shown = {"leaf_id": growing.id, "updated_at": func.now()}
    session.execute(update(Conversation).where(Conversation.id == question.conversation_id).values(shown))
    return growing


def growing(session: Session, conversation_id: UUID) -> Sequence[UUID]:
    """Ids of the answers of that conversation that are being written."""
    return session.scalars(
        select(Message.id).where(Message.conversation_id == conversation_id, Message.status == AnswerStatus.STREAMING)
    ).all()


def grow(session: Session, message_id: UUID, content: str) -> bool:
    """Keep what was said so far, and tell who follows. False when it was deleted or sealed by somebody else."""
    changed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == AnswerStatus.STREAMING)
        .values(content=content, updated_at=func.now())
        .returning(Message.id)
    )
    notices.send(session, About.GREW, message_id)
    return changed.first() is not None


def seal(
    session: Session,
    message_id: UUID,
    *,
    content: str,
    status: AnswerStatus,
    refused: bool = False,
    receipt: dict[str, Any] | None = None,
    problem: str = "",
    citations: Sequence[Citation] = (),
    trace: Trace | None = None,
) -> bool:
    """End an answer: its text, citations, trace and receipt, once. False when it was sealed or deleted before.

    With its receipt, the adapter that did answer stands in place of the one that was asked. Without one, `problem`
    says why there is no more of it. Who follows is told.
    """
    answered_by = {} if receipt is None else {"adapter": (receipt.get("adapter") or {}).get("digest")}
    if receipt is None and problem:
        receipt = {"problem": problem}
    sealed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == AnswerStatus.STREAMING)
        .values(content=content, status=status, refused=refused, receipt=receipt, updated_at=func.now(), **answered_by)
        .returning(Message.id)
    )
    if sealed.first() is None:
        return False
    _forget_deleted(session, citations)
    session.add_all([*citations, *([trace] if trace else [])])
    notices.send(session, About.GREW, message_id)
    session.flush()
    return True


def _forget_deleted(session: Session, citations: Sequence[Citation]) -> None:
    """Of documents that were deleted while the answer was written the quotation stays, but not the way to them."""
    cited = select(DocumentVersion.id).where(DocumentVersion.id.in_([each.version_id for each in citations]))
    there = set(session.scalars(cited.with_for_update(read=True, key_share=True)))
    for citation in citations:
        if citation.version_id not in there:
            citation.version_id = None


def seal_as_it_stands(session: Session, message_id: UUID) -> None:
    """End an answer that nobody writes any more: what was kept of it is what there is."""
    session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == AnswerStatus.STREAMING)
        .values(status=AnswerStatus.STOPPED, updated_at=func.now())
    )
    notices.send(session, About.GREW, message_id)


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
    ids = sealed.scalars().all()
    for message_id in ids:
        notices.send(session, About.GREW, message_id)
    return len(ids)
