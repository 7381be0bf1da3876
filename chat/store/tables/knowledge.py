"""What can be looked up: collections, documents, their versions, and the chunks of those."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, REGCONFIG, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import NAME, Base, one_of

DIMENSION = 384
"""Width of the vector column in a new database; the first embedder that is used may change it (installation.py)."""

FOLDERS = "^.*/(?=[^/])"
"""The part of a document's name that is not shown, as a regular expression of Postgres."""


class Status(StrEnum):
    """Where a version of a document stands on its way from bytes to answers."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Collection(Base):
    """A body of documents that is asked together, and how it is answered from."""

    __tablename__ = "collections"
    __table_args__ = (CheckConstraint(f"name ~ '{NAME}' AND name NOT IN ('base', 'rag')", "name"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    greeting: Mapped[str] = mapped_column(server_default="")
    starters: Mapped[list[Any]] = mapped_column(server_default="[]")
    open: Mapped[bool] = mapped_column(server_default=sa.true())
    """Whether everybody may read it; otherwise only its members may."""
    gate: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What an adapter has to show before it answers here, where that differs from the defaults."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Document(Base):
    """A thing people know by name. What it says is in its versions; the live one answers."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("collection_id", "name"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str]
    source: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who handed it in."""
    tags: Mapped[list[str]] = mapped_column(ARRAY(sa.String), server_default="{}")
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
        CheckConstraint("NOT (live AND draft)", "draft_is_not_live"),
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
    draft: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether it waits, when it is ready, for somebody to publish it."""
    note: Mapped[str] = mapped_column(server_default="")
    """Why it was made, where it came from an edit."""
    afresh: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether its bytes are read once more, although a version before it holds what they said."""
    attempt: Mapped[int] = mapped_column(server_default="0")
    """Raised by each try at processing; a try that is no longer the latest may not finish."""
    deaths: Mapped[int] = mapped_column(server_default="0")
    """Tries in a row that ended, or may yet end, with the worker's death before the version got any further."""
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
            postgresql_where=sa.text("complete AND NOT superseded"),
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
    warnings: Mapped[list[Any]] = mapped_column(server_default="[]")
    """What of the bytes could not be read or was left out: sentences for people."""
    complete: Mapped[bool] = mapped_column(server_default=sa.false())
    superseded: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether the same bytes were read once more since, to another text. Versions of that time keep this one."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Chunk(Base):
    """A passage of a content. `live` chunks, those of a live version, are the ones that are indexed and searched."""

    __tablename__ = "chunks"
    __table_args__ = (
        UniqueConstraint("content_id", "ordinal"),
        CheckConstraint("0 <= start_char AND start_char < end_char", "span"),
        CheckConstraint("NOT live OR keywords IS NOT NULL", "live_has_keywords"),
        CheckConstraint("NOT (live AND disabled)", "disabled_is_not_live"),
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
    embedding_beside: Mapped[Any | None] = mapped_column(HALFVEC())
    """The vector by the installation's other embedder: the one to come, or the one that was."""
    disabled: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether a curator took it out of the search; it stands in the text all the same."""
    live: Mapped[bool] = mapped_column(server_default=sa.false())
