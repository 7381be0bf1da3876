"""What was asked and answered, and how each answer came about."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chat.store.tables.base import Base, one_of


class AnswerStatus(StrEnum):
    """Where a message stands. Every message that is not streaming is sealed: it never changes again."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


class Conversation(Base):
    """What one person and the assistant said to each other."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_recent", "user_id", "updated_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str]
    leaf_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL", use_alter=True), index=True
    )
    """The message that the branch which is shown ends with; None before the first."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Message(Base):
    """A question or an answer. An answer's row is made when it starts, grows while it streams, and is then sealed.

    The messages of a conversation are a tree: those that follow the same one are versions of each other.
    """

    __tablename__ = "messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["conversation_id", "parent_id"], ["messages.conversation_id", "messages.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("conversation_id", "id"),
        CheckConstraint("role IN ('user', 'assistant')", "role"),
        CheckConstraint(one_of("status", AnswerStatus), "status"),
        Index("ix_messages_conversation", "conversation_id", "position"),
        Index("ix_messages_conversation_id_parent_id", "conversation_id", "parent_id"),
        Index("ix_messages_adapter", "adapter", "created_at", postgresql_where=sa.text("adapter IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None]
    """The message that this one follows; None for a question that begins the conversation."""
    position: Mapped[int] = mapped_column(sa.Identity())
    role: Mapped[str]
    content: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default=AnswerStatus.COMPLETE)
    mode: Mapped[str | None]
    adapter: Mapped[str | None]
    """Digest of the adapter that answers; None where there is none."""
    refused: Mapped[bool] = mapped_column(server_default=sa.false())
    receipt: Mapped[dict[str, Any] | None]
    """What made the answer: model revision, adapter digest, prompt hash, retrieval settings, document versions."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    citations: Mapped[list["Citation"]] = relationship(order_by="Citation.marker", lazy="raise")
    trace: Mapped["Trace | None"] = relationship(lazy="raise")


class Share(Base):
    """A branch of a conversation that whoever has its link may read, as far as the message it was shared at.

    What is sealed never changes: naming the last message freezes all of them.
    """

    __tablename__ = "shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["conversation_id", "leaf_id"], ["messages.conversation_id", "messages.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("conversation_id", "leaf_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    conversation_id: Mapped[UUID]
    leaf_id: Mapped[UUID]
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Citation(Base):
    """A marker in an answer and the exact span of the document version that bears it, kept even when that is gone."""

    __tablename__ = "citations"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    marker: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("document_versions.id", ondelete="SET NULL"))
    document: Mapped[str]
    document_id: Mapped[int]
    version: Mapped[int]
    chunk_id: Mapped[int]
    page: Mapped[int | None]
    start_char: Mapped[int]
    end_char: Mapped[int]
    quote: Mapped[str]


class Trace(Base):
    """How an answer came about: what was searched, found and used, under which settings, how long each step took."""

    __tablename__ = "traces"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    question: Mapped[str]
    searched: Mapped[str]
    settings: Mapped[dict[str, Any]]
    retrieved: Mapped[list[Any]]
    timings_ms: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TriageState(StrEnum):
    """What became of a rated answer."""

    OPEN = "open"
    DONE = "done"
    DISMISSED = "dismissed"


class Feedback(Base):
    """What the person who asked thought of an answer, and what was done about it."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("rating IN (-1, 1)", "rating"),
        CheckConstraint(one_of("state", TriageState), "state"),
        Index("ix_feedback_state", "state", "updated_at"),
    )

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    rating: Mapped[int] = mapped_column(sa.SmallInteger)
    """1 is good, -1 bad."""
    reasons: Mapped[list[str]] = mapped_column(ARRAY(sa.String), server_default="{}")
    comment: Mapped[str] = mapped_column(server_default="")
    correction: Mapped[str] = mapped_column(server_default="")
    """What the answer should have been, in the words of who asked."""
    state: Mapped[str] = mapped_column(server_default=TriageState.OPEN)
    actions: Mapped[list[Any]] = mapped_column(server_default="[]")
    """What was done about it: [{"kind", "id", "label", "by", "at"}, …], such as an example that was made."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
