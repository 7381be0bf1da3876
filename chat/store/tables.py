"""Every table. Invariants live here, as constraints; the migrations are made from this file and checked against it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB, REGCONFIG, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAME = "^[a-z0-9][a-z0-9-]{0,62}$"
"""What a collection may be called, in URLs and on the command line."""

DIMENSION = 384
"""Width of the vector column in a new database; the first embedder that is used may change it (installation.py)."""


class Status(StrEnum):
    """Where a version of a document stands on its way from bytes to answers."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class AnswerStatus(StrEnum):
    """Where a message stands. Every message that is not streaming is sealed: it never changes again."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


def one_of(column: str, values: type[StrEnum]) -> str:
    """The CHECK that keeps `column` among `values`."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: sa.DateTime(timezone=True),
        int: sa.BigInteger,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Installation(Base):
    """The one row of facts about this database: which embedder its vectors came from, whether the demo was loaded."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", "single_row"),)

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    embedder: Mapped[str | None]
    demo_loaded_at: Mapped[datetime | None]


class User(Base):
    """A person. On the loopback address without accounts there is one: `owner`."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Collection(Base):
    """A body of documents that is asked together, and how it is answered from."""

    __tablename__ = "collections"
    __table_args__ = (CheckConstraint(f"name ~ '{NAME}' AND name NOT IN ('base', 'rag')", "name"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    greeting: Mapped[str] = mapped_column(server_default="")
    starters: Mapped[list[Any]] = mapped_column(server_default="[]")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Document(Base):
    """A thing people know by name. What it says is in its versions; the live one answers."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("collection_id", "name"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str]
    source: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DocumentVersion(Base):
    """One state of a document: the bytes it came from and, once read, the content they hold. At most one is live."""

    __tablename__ = "document_versions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        Index("uq_document_versions_live", "document_id", unique=True, postgresql_where=sa.text("live")),
        Index("ix_document_versions_content_id", "content_id"),
        CheckConstraint(one_of("status", Status), "status"),
        CheckConstraint("(status = 'ready') = (content_id IS NOT NULL)", "ready_has_content"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", "failed_has_error"),
        CheckConstraint("NOT live OR status = 'ready'", "live_is_ready"),
        CheckConstraint("progress BETWEEN 0 AND 1", "progress"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    number: Mapped[int]
    sha256: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int]
    status: Mapped[str] = mapped_column(server_default=Status.QUEUED)
    live: Mapped[bool] = mapped_column(server_default=sa.false())
    attempt: Mapped[int] = mapped_column(server_default="0")
    """Raised by each try at processing; a try that is no longer the latest may not finish."""
    progress: Mapped[float] = mapped_column(server_default="0")
    error: Mapped[str | None]
    content_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Content(Base):
    """The normalised text of some bytes and, through its chunks, their vectors. Versions of the same bytes share it.

    Each try at processing writes a content of its own; it counts only once it is `complete`, so what a killed
    worker leaves behind is never seen.
    """

    __tablename__ = "contents"
    __table_args__ = (
        Index(
            "uq_contents_bytes",
            "collection_id",
            "sha256",
            "kind",
            unique=True,
            postgresql_where=sa.text("complete"),
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    sha256: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str | None]
    """The title that the text itself states, if it does."""
    text: Mapped[str]
    page_starts: Mapped[list[Any]]
    """Offset of the first character of each page; empty where there are no pages."""
    language: Mapped[str | None]
    chunk_count: Mapped[int] = mapped_column(server_default="0")
    complete: Mapped[bool] = mapped_column(server_default=sa.false())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Chunk(Base):
    """A passage of a content. `live` chunks, those of a live version, are the ones that are indexed and searched."""

    __tablename__ = "chunks"
    __table_args__ = (
        UniqueConstraint("content_id", "ordinal"),
        CheckConstraint("0 <= start_char AND start_char < end_char", "span"),
        CheckConstraint("NOT live OR keywords IS NOT NULL", "live_has_keywords"),
        Index("ix_chunks_live", "collection_id", "config", postgresql_where=sa.text("live")),
        Index("ix_chunks_keywords", "keywords", postgresql_using="gin", postgresql_where=sa.text("live")),
        Index(
            "ix_chunks_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_with={"m": 16, "ef_construction": 64},
            postgresql_ops={"embedding": "halfvec_cosine_ops"},
            postgresql_where=sa.text("live"),
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    start_char: Mapped[int]
    end_char: Mapped[int]
    page: Mapped[int | None]
    section: Mapped[str]
    text: Mapped[str]
    config: Mapped[str] = mapped_column(REGCONFIG)
    """Text-search configuration of the document's language."""
    keywords: Mapped[str | None] = mapped_column(TSVECTOR)
    """Its words, made when it goes live: writing in bulk is four times as fast without."""
    embedding: Mapped[Any] = mapped_column(HALFVEC(DIMENSION))
    live: Mapped[bool] = mapped_column(server_default=sa.false())


class Conversation(Base):
    """What one person and the assistant said to each other."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_recent", "user_id", "updated_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Message(Base):
    """A question or an answer. An answer's row is made when it starts, grows while it streams, and is then sealed."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("role IN ('user', 'assistant')", "role"),
        CheckConstraint(one_of("status", AnswerStatus), "status"),
        Index("ix_messages_conversation", "conversation_id", "position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(sa.Identity())
    role: Mapped[str]
    content: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default=AnswerStatus.COMPLETE)
    mode: Mapped[str | None]
    refused: Mapped[bool] = mapped_column(server_default=sa.false())
    receipt: Mapped[dict[str, Any] | None]
    """What made the answer: model revision, adapter digest, prompt hash, retrieval settings, document versions."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    citations: Mapped[list["Citation"]] = relationship(order_by="Citation.marker", lazy="raise")
    trace: Mapped["Trace | None"] = relationship(lazy="raise")


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
