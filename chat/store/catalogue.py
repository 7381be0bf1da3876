"""The documents as their curator looks through them: filtered, sorted, a page at a time, and one of them opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from chat.errors import NotFoundError
from chat.store.tables import Chunk, Collection, Content, Document, DocumentVersion, Status

PAGE = 50
"""Documents on one page of the list."""


class Stage(StrEnum):
    """What a curator tells documents apart by: which have arrived, are on their way, or need help."""

    ALL = "all"
    READY = "ready"
    WORKING = "working"
    FAILED = "failed"


STATUSES = {
    Stage.ALL: tuple(Status),
    Stage.READY: (Status.READY,),
    Stage.WORKING: (Status.QUEUED, Status.PROCESSING),
    Stage.FAILED: (Status.FAILED,),
}


class Sort(StrEnum):
    """The columns that the list can be sorted by."""

    TITLE = "title"
    COLLECTION = "collection"
    STATUS = "status"
    VERSION = "version"
    CHUNKS = "chunks"
    ADDED = "added"


@dataclass(frozen=True)
class View:
    """Which documents are looked at, in which order. `page` counts from 0."""

    text: str = ""
    collection: str | None = None
    stage: Stage = Stage.ALL
    sort: Sort = Sort.ADDED
    descending: bool = True
    page: int = 0


@dataclass(frozen=True)
class Line:
    """A document in the list: where its newest version stands, and which version answers meanwhile, if any."""

    document_id: int
    title: str
    collection: str
    source: str
    status: str
    version: int
    live: int | None
    content_id: int | None
    """Content of the newest version or, until that is ready, of the one that answers."""
    chunks: int
    progress: float
    error: str | None
    added: datetime


@dataclass(frozen=True)
class Listing:
    """One page of the documents that a view lets through. `counts` says how many there are of each stage."""

    lines: Sequence[Line]
    total: int
    counts: dict[Stage, int]


@dataclass(frozen=True)
class Excerpt:
    """Some neighbouring chunks of a content, and the text they were cut from, which begins at character `start`."""

    chunks: Sequence[Chunk]
    first: int
    total: int
    start: int
    text: str


def listing(session: Session, collections: Sequence[int], view: View) -> Listing:
    """A page of the documents of these collections that `view` lets through."""
    table = _lines().subquery()
    found = [
        table.c.collection_id.in_(collections),
        sa.or_(table.c.title.icontains(view.text, autoescape=True), table.c.name.icontains(view.text, autoescape=True)),
    ]
    rows = session.execute(select(table.c.status, func.count()).where(*found).group_by(table.c.status))
    by_status = {status: count for status, count in rows}  # noqa: C416 - rows are not pairs to the type checker
    counts = {stage: sum(by_status.get(status, 0) for status in statuses) for stage, statuses in STATUSES.items()}
    key = func.lower(table.c.title) if view.sort is Sort.TITLE else table.c[view.sort.value]
    page = session.execute(
        select(table)
        .where(*found, table.c.status.in_(STATUSES[view.stage]))
        .order_by(key.desc() if view.descending else key, table.c.document_id.desc())
        .limit(PAGE)
        .offset(view.page * PAGE)
    )
    return Listing([_line(row) for row in page], counts[view.stage], counts)


def line(session: Session, collections: Sequence[int], document_id: int) -> Line:
    """One document. Raises `NotFoundError` where it is not in one of these collections."""
    table = _lines().subquery()
    row = session.execute(
        select(table).where(table.c.document_id == document_id, table.c.collection_id.in_(collections))
    ).one_or_none()
    if row is None:
        raise NotFoundError("This document is not there any more. Reload the page to see what is.")
    return _line(row)


def working(session: Session) -> int:
    """How many versions wait to be read or are being read."""
    in_work = DocumentVersion.status.in_(STATUSES[Stage.WORKING])
    return session.scalars(select(func.count()).select_from(DocumentVersion).where(in_work)).one()


def excerpt(session: Session, content_id: int, first: int, most: int) -> Excerpt:
    """Up to `most` chunks of a content, from ordinal `first` or the last page on, and the text that they span."""
    every = select(Chunk).where(Chunk.content_id == content_id)
    total = session.scalars(select(func.count()).select_from(every.subquery())).one()
    first = min(first, max(total - 1, 0) // most * most)
    shown = every.options(sa.orm.load_only(Chunk.ordinal, Chunk.start_char, Chunk.end_char, Chunk.page, Chunk.section))
    chunks = session.scalars(shown.where(Chunk.ordinal >= first).order_by(Chunk.ordinal).limit(most)).all()
    start = chunks[0].start_char if chunks and first else 0
    end = max((chunk.end_char for chunk in chunks), default=0)
    text = session.scalars(select(func.substr(Content.text, start + 1, end - start)).where(Content.id == content_id))
    return Excerpt(chunks, first, total, start, text.one())


def ordinal(session: Session, content_id: int, chunk_id: int) -> int | None:
    """The place of a chunk among those of the content, from 0; None if it is not one of them."""
    place = select(Chunk.ordinal).where(Chunk.content_id == content_id, Chunk.id == chunk_id)
    return session.scalars(place).one_or_none()


def _lines() -> sa.Select[*tuple[Any, ...]]:
    """Every document with its newest version, and the columns of `Line`."""
    newest = aliased(
        DocumentVersion,
        select(DocumentVersion)
        .ext(distinct_on(DocumentVersion.document_id))
        .order_by(DocumentVersion.document_id, DocumentVersion.number.desc())
        .subquery(),
    )
    live = aliased(DocumentVersion)
    return (
        select(
            Document.id.label("document_id"),
            Document.collection_id,
            Document.name,
            func.coalesce(Content.title, func.regexp_replace(Document.name, "^.*/", "")).label("title"),
            Collection.name.label("collection"),
            Document.source,
            newest.status,
            newest.number.label("version"),
            live.number.label("live"),
            Content.id.label("content_id"),
            func.coalesce(Content.chunk_count, 0).label("chunks"),
            newest.progress,
            newest.error,
            newest.created_at.label("added"),
        )
        .join(Collection, Collection.id == Document.collection_id)
        .join(newest, newest.document_id == Document.id)
        .outerjoin(live, sa.and_(live.document_id == Document.id, live.live))
        .outerjoin(Content, Content.id == func.coalesce(newest.content_id, live.content_id))
    )


def _line(row: sa.Row[Any]) -> Line:
    return Line(**{name: value for name, value in row._mapping.items() if name not in ("collection_id", "name")})
