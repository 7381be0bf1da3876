"""Documents: what people know by name. What they say is in their versions."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store import contents
from chat.store.tables import FOLDERS, Collection, Content, Document, DocumentVersion

SHOWN_NAME = func.coalesce(Content.title, func.regexp_replace(Document.name, FOLDERS, ""))
"""What a document is called: the title that its text states, or the last part of its file's name or address."""


@dataclass(frozen=True)
class DocumentSummary:
    """One line of the list of documents: its newest version, and whether one of its versions answers."""

    document_id: int
    document: str
    collection: str
    source: str
    status: str
    published: bool
    version: int
    chunks: int
    progress: float
    error: str | None


@dataclass(frozen=True)
class Passage:
    """A span of a document version, with the text it stands in. Offsets are characters."""

    document: str
    version: int
    newest: bool
    page: int | None
    start: int
    end: int
    text: str


def find(session: Session, collection_id: int, name: str) -> Document | None:
    """The document of that name in the collection, locked until the transaction ends."""
    return session.execute(
        select(Document).where(Document.collection_id == collection_id, Document.name == name).with_for_update()
    ).scalar_one_or_none()


def get(session: Session, document_id: int) -> Document:
    """The document of that id. Raises `NotFoundError`."""
    document = session.get(Document, document_id)
    if document is None:
        raise missing(document_id)
    return document


def missing(document_id: int) -> NotFoundError:
    """What is said of a document that is not there, or that the person may not know of."""
    return NotFoundError(f"There is no document {document_id}. `python -m admin documents list` shows them.")


def collection_of(session: Session, document_id: int) -> int:
    """Id of the collection that the document is in."""
    return session.scalars(select(Document.collection_id).where(Document.id == document_id)).one()


def inside(session: Session, collections: Sequence[int], among: Sequence[int] | None = None) -> list[int]:
    """Ids of the documents in these collections: of all, or of those `among` the given ones."""
    found = select(Document.id).where(Document.collection_id.in_(collections)).order_by(Document.id)
    return list(session.scalars(found if among is None else found.where(Document.id.in_(among))))


def remove(session: Session, document_id: int) -> str:
    """Delete a document, its versions, and the contents that no other document shares. Returns its name."""
    document = session.get(Document, document_id, with_for_update=True)
    if document is None:
        raise NotFoundError(f"There is no document {document_id}. `python -m admin documents list` shows them.")
    theirs = DocumentVersion.document_id == document_id
    held = session.scalars(select(DocumentVersion).where(theirs)).all()
    content_ids = [version.content_id for version in held if version.content_id is not None]
    session.execute(delete(Document).where(Document.id == document_id))
    for sha256, kind in {(version.sha256, version.kind) for version in held}:
        contents.drop_unfinished_bytes(session, document.collection_id, sha256, kind)
    contents.lock(session, content_ids)
    unused = ~exists().where(DocumentVersion.content_id == Content.id)
    session.execute(delete(Content).where(Content.id.in_(content_ids), unused))
    contents.refresh_live(session, content_ids)
    return document.name


def summaries(session: Session, collection: str | None = None) -> list[DocumentSummary]:
    """Every document, or those of one collection, by collection and name."""
    newest = (
        select(DocumentVersion)
        .ext(distinct_on(DocumentVersion.document_id))
        .order_by(DocumentVersion.document_id, DocumentVersion.number.desc())
        .subquery()
    )
    version = sa.orm.aliased(DocumentVersion, newest)
    published = exists().where(DocumentVersion.document_id == Document.id, DocumentVersion.live)
    rows = session.execute(
        select(
            Document.id.label("document_id"),
            SHOWN_NAME.label("document"),
            Collection.name.label("collection"),
            Document.source,
            version.status,
            published.label("published"),
            version.number.label("version"),
            func.coalesce(Content.chunk_count, 0).label("chunks"),
            version.progress,
            version.error,
        )
        .select_from(Document)
        .join(Collection)
        .join(version, version.document_id == Document.id)
        .outerjoin(Content, Content.id == version.content_id)
        .where(Collection.name == collection if collection else sa.true())
        .order_by(Collection.name, Document.name)
    )
    return [DocumentSummary(**row._mapping) for row in rows]


def passage(session: Session, collections: Sequence[int], version_id: int, start: int, end: int) -> Passage:
    """The span `start`…`end` of a version, as it was then, if its collection may be read.

    Raises `NotFoundError` when the document was deleted since.
    """
    row = session.execute(
        select(Content, DocumentVersion, SHOWN_NAME)
        .select_from(DocumentVersion)
        .join(Content, Content.id == DocumentVersion.content_id)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(DocumentVersion.id == version_id, Document.collection_id.in_(collections))
    ).one_or_none()
    if row is None:
        raise NotFoundError("This document was deleted since.")
    content, version, name = row
    page = sum(begin <= start for begin in content.page_starts) or None
    return Passage(name, version.number, version.live, page, start, end, content.text)
