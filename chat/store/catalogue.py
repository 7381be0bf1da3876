"""The documents as their curator looks through them: filtered, sorted, a page at a time, and one of them opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from chat.errors import NotFoundError
from chat.store import documents, health, tags
from chat.store.health import Health
from chat.store.paging import in_order, page_of
from chat.store.tables import Chunk, Citation, Collection, Content, Document, DocumentVersion, Message, Status, User

HIDDEN = ("name", "stage")
"""What a line is filtered by, and does not show."""


class Stage(StrEnum):
    """What a curator tells documents apart by: which have arrived, are on their way, or need help."""

    ALL = "all"
    READY = "ready"
    WORKING = "working"
    FAILED = "failed"
    DRAFT = "draft"


IN_WORK = (Status.QUEUED, Status.PROCESSING)


class Sort(StrEnum):
    """The columns that the list can be sorted by."""

    TITLE = "title"
    COLLECTION = "collection"
    STATUS = "status"
    VERSION = "version"
    CHUNKS = "chunks"
    LANGUAGE = "language"
    OWNER = "owner"
    CITED = "cited"
    ADDED = "added"


@dataclass(frozen=True)
class View:
    """Which documents are looked at, in which order. `page` counts from 0."""

    text: str = ""
    collection: str | None = None
    tag: str | None = None
    stage: Stage = Stage.ALL
    sort: Sort = Sort.ADDED
    descending: bool = True
    page: int = 0


@dataclass(frozen=True)
class Line:
    """A document in the list: where its newest version stands, and which version answers meanwhile, if any."""

    document_id: int
    title: str
    collection_id: int
    collection: str
    source: str
    status: str
    draft: bool
    """Whether the newest version waits, or will wait, for somebody to publish it."""
    version: int
    live: int | None
    content_id: int | None
    """Content of the newest version or, until that is ready, of the one that answers."""
    chunks: int
    progress: float
    error: str | None
    language: str | None
    owner: str | None
    tags: Sequence[str]
    cited: datetime | None
    """When an answer cited it last."""
    added: datetime


@dataclass(frozen=True)
class Listing:
    """One page of the documents that a view lets through.

    `counts` says how many there are of each stage, `tags` how many documents of these collections have each tag.
    """

    lines: Sequence[Line]
    total: int
    counts: dict[Stage, int]
    health: Mapping[int, Health]
    tags: Sequence[tuple[str, int]]


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
        table.c.tags.contains([view.tag]) if view.tag else sa.true(),
    ]
    rows = session.execute(select(table.c.stage, func.count()).where(*found).group_by(table.c.stage))
    by_stage = {stage: count for stage, count in rows}  # noqa: C416 - rows are not pairs to the type checker
    counts = {Stage.ALL: sum(by_stage.values())} | {stage: by_stage.get(stage, 0) for stage in [*Stage][1:]}
    key = func.lower(table.c.title) if view.sort is Sort.TITLE else table.c[view.sort.value]
    chosen = (
        select(table)
        .where(*found, table.c.stage == view.stage if view.stage is not Stage.ALL else sa.true())
        .order_by(*in_order(key, table.c.document_id, descending=view.descending))
    )
    lines = [_line(row) for row in session.execute(page_of(chosen, view.page))]
    concerns = health.of_documents(session, [each.document_id for each in lines])
    return Listing(lines, counts[view.stage], counts, concerns, tags.known(session, collections))


def line(session: Session, collections: Sequence[int], document_id: int) -> Line:
    """One document. Raises `NotFoundError` where it is not in one of these collections."""
    table = _lines().subquery()
    row = session.execute(
        select(table).where(table.c.document_id == document_id, table.c.collection_id.in_(collections))
    ).one_or_none()
    if row is None:
        raise NotFoundError("This document is not there any more. Reload the page to see what is.")
    return _line(row)


def working(session: Session, collections: Sequence[int]) -> int:
    """How many versions in these collections wait to be read or are being read."""
    theirs = DocumentVersion.status.in_(IN_WORK), Document.collection_id.in_(collections)
    return session.scalars(select(func.count(DocumentVersion.id)).join(Document).where(*theirs)).one()


def excerpt(session: Session, content_id: int, first: int, most: int) -> Excerpt:
    """Up to `most` chunks of a content, from ordinal `first` or the last page on, and the text that they span."""
    every = select(Chunk).where(Chunk.content_id == content_id)
    total = session.scalars(select(func.count()).select_from(every.subquery())).one()
    first = min(first, max(total - 1, 0) // most * most)
    columns = (Chunk.ordinal, Chunk.start_char, Chunk.end_char, Chunk.page, Chunk.section, Chunk.disabled)
    shown = every.options(sa.orm.load_only(*columns))
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
    newest, live, cited = _newest_versions(), aliased(DocumentVersion), _last_citations()
    return (
        select(
            Document.id.label("document_id"),
            Document.collection_id,
            Document.name,
            documents.SHOWN_NAME.label("title"),
            Collection.name.label("collection"),
            Document.source,
            _stage(newest).label("stage"),
            newest.status,
            newest.draft,
            newest.number.label("version"),
            live.number.label("live"),
            Content.id.label("content_id"),
            func.coalesce(Content.chunk_count, 0).label("chunks"),
            newest.progress,
            newest.error,
            Content.language,
            User.name.label("owner"),
            Document.tags,
            cited.c.at.label("cited"),
            newest.created_at.label("added"),
        )
        .join(Collection, Collection.id == Document.collection_id)
        .join(newest, newest.document_id == Document.id)
        .outerjoin(live, sa.and_(live.document_id == Document.id, live.live))
        .outerjoin(Content, Content.id == func.coalesce(newest.content_id, live.content_id))
        .outerjoin(User, User.id == Document.owner_id)
        .outerjoin(cited, cited.c.document_id == Document.id)
    )


def _newest_versions() -> type[DocumentVersion]:
    """The newest version of each document."""
    rows = (
        select(DocumentVersion)
        .ext(distinct_on(DocumentVersion.document_id))
        .order_by(DocumentVersion.document_id, DocumentVersion.number.desc())
    )
    return aliased(DocumentVersion, rows.subquery())


def _stage(version: type[DocumentVersion]) -> sa.Case[Any]:
    """What the list says of a version, in the order in which it matters."""
    return sa.case(
        (version.status.in_(IN_WORK), Stage.WORKING),
        (version.status == Status.FAILED, Stage.FAILED),
        (version.draft, Stage.DRAFT),
        else_=Stage.READY,
    )


def _last_citations() -> sa.Subquery:
    """When each document was last cited."""
    return (
        select(Citation.document_id, func.max(Message.created_at).label("at"))
        .join(Message, Message.id == Citation.message_id)
        .group_by(Citation.document_id)
        .subquery()
    )


def _line(row: sa.Row[Any]) -> Line:
    return Line(**{name: value for name, value in row._mapping.items() if name not in HIDDEN})
