"""Places that documents are kept up to date from."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import Base, one_of


class SourceKind(StrEnum):
    """What a source is: a folder on this machine, a list of addresses, or a sitemap that lists them."""

    FOLDER = "folder"
    URLS = "urls"
    SITEMAP = "sitemap"


class Source(Base):
    """A place whose files or pages are documents of a collection, and stay as it has them."""

    __tablename__ = "sources"
    __table_args__ = (
        CheckConstraint(one_of("kind", SourceKind), "kind"),
        CheckConstraint("every_minutes IS NULL OR every_minutes > 0", "every_minutes"),
        UniqueConstraint("collection_id", "name"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str]
    kind: Mapped[str]
    places: Mapped[list[Any]]
    """The folder's path, the addresses, or the sitemap's address."""
    every_minutes: Mapped[int | None]
    """How often it is synced; only on demand where this is None."""
    synced_at: Mapped[datetime | None]
    next_sync_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the last sync did, by count, and what went wrong, in words."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SourceItem(Base):
    """A file or page of a source as it was last seen, and the document made of it."""

    __tablename__ = "source_items"
    __table_args__ = (Index("ix_source_items_document_id", "document_id"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    """Path below the folder, or address."""
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    sha256: Mapped[str]
    etag: Mapped[str | None]
    modified: Mapped[str | None]
    """The Last-Modified that the server gave."""
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
