"""Documents, their versions, and the contents that versions share."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.tables import Chunk, Collection, Content, Document, DocumentVersion, Status

MOST_ATTEMPTS = 5
"""After so many tries that ended with the worker's death, a document is given up."""
SHOWN_NAME = func.coalesce(Content.title, func.regexp_replace(Document.name, "^.*/", ""))
"""What a document is called: the title that its text states, or its file's name."""


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
class VersionState:
    """How far a version is."""

    version_id: int
    document_id: int
    version: int
    status: str
    progress: float
    chunks: int
    error: str | None

    @property
    def done(self) -> bool:
        return self.status in (Status.READY, Status.FAILED)


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
        raise NotFoundError(f"There is no document {document_id}. `python -m admin documents list` shows them.")
    return document


def add_version(
    session: Session, collection_id: int, name: str, source: str, *, sha256: str, kind: str, size: int
) -> tuple[DocumentVersion, bool]:
    """A queued version of the document `name`, which is made if it is new, and whether that version is new.

    The newest version is given back unchanged when it is of the same bytes and did not fail.
    """
    made = sa.dialects.postgresql.insert(Document).values(collection_id=collection_id, name=name, source=source)
    session.execute(made.on_conflict_do_nothing())
    document = find(session, collection_id, name)
    assert document is not None
    newest = latest_version(session, document.id)
    if newest is not None and (newest.sha256, newest.kind) == (sha256, kind) and newest.status != Status.FAILED:
        return newest, False
    version = DocumentVersion(
        document_id=document.id,
        number=newest.number + 1 if newest else 1,
        sha256=sha256,
        kind=kind,
        size=size,
    )
    session.add(version)
    session.flush()
    return version, True


def latest_version(session: Session, document_id: int) -> DocumentVersion | None:
    return session.scalars(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == document_id)
        .order_by(DocumentVersion.number.desc())
        .limit(1)
    ).one_or_none()


def claim(session: Session, version_id: int) -> DocumentVersion | None:
    """Begin a try at processing: the version, its attempt raised, or None if it is gone or done."""
    version = session.get(DocumentVersion, version_id, with_for_update=True)
    if version is None or version.status in (Status.READY, Status.FAILED):
        return None
    version.attempt += 1
    version.progress = 0
    if version.attempt > MOST_ATTEMPTS:
        version.status = Status.FAILED
        version.error = f"Reading it ended the worker {MOST_ATTEMPTS} times; it was given up."
        session.flush()
        return None
    version.status = Status.PROCESSING
    session.flush()
    return version


def progress(session: Session, version_id: int, attempt: int, done: float) -> bool:
    """Note how far (0 to 1) this attempt is. False when another took over or the document is gone."""
    changed = session.execute(
        update(DocumentVersion)
        .where(*_running(version_id, attempt))
        .values(progress=done)
        .returning(DocumentVersion.id)
    )
    return changed.first() is not None


def fail(session: Session, version_id: int, attempt: int, error: str) -> None:
    """End this attempt: the version failed, for the reason `error`. What answered before goes on answering."""
    session.execute(
        update(DocumentVersion).where(*_running(version_id, attempt)).values(status=Status.FAILED, error=error)
    )


def collection_of(session: Session, document_id: int) -> int:
    """Id of the collection that the document is in."""
    return session.scalars(select(Document.collection_id).where(Document.id == document_id)).one()


def add_content(
    session: Session,
    collection_id: int,
    version: DocumentVersion,
    *,
    text: str,
    title: str | None,
    page_starts: Sequence[int],
    language: str | None,
    chunk_count: int,
) -> int:
    """A content for the bytes of `version`, to be filled with chunks; it counts once `publish` completes it.

    Returns its id. Takes away what earlier, interrupted tries at the same bytes left behind.
    """
    same = (
        Content.collection_id == collection_id,
        Content.sha256 == version.sha256,
        Content.kind == version.kind,
    )
    session.execute(delete(Content).where(*same, ~Content.complete))
    content = Content(
        collection_id=collection_id,
        sha256=version.sha256,
        kind=version.kind,
        text=text,
        title=title,
        page_starts=list(page_starts),
        language=language,
        chunk_count=chunk_count,
    )
    session.add(content)
    session.flush()
    return content.id


def complete_content(session: Session, collection_id: int, sha256: str, kind: str) -> int | None:
    """Id of the content that the collection already holds for these bytes."""
    return session.scalars(
        select(Content.id).where(
            Content.collection_id == collection_id,
            Content.sha256 == sha256,
            Content.kind == kind,
            Content.complete,
        )
    ).one_or_none()


def publish(session: Session, version_id: int, attempt: int, content_id: int) -> bool:
    """Make the version ready and live, all at once. False when this attempt is no longer the one that counts."""
    version = session.scalars(
        select(DocumentVersion).where(*_running(version_id, attempt)).with_for_update()
    ).one_or_none()
    if version is None:
        return False
    session.execute(update(Content).where(Content.id == content_id, ~Content.complete).values(complete=True))
    version.status, version.progress, version.content_id = Status.READY, 1, content_id
    session.flush()
    _switch(session, version)
    return True


def _switch(session: Session, version: DocumentVersion) -> None:
    """Make `version` the live one of its document, and its chunks the ones that are searched."""
    before = session.scalars(
        update(DocumentVersion)
        .where(DocumentVersion.document_id == version.document_id, DocumentVersion.live)
        .values(live=False)
        .returning(DocumentVersion.content_id)
    ).all()
    version.live = True
    session.flush()
    refresh_live(session, [content for content in (version.content_id, *before) if content is not None])


def refresh_live(session: Session, content_ids: Sequence[int]) -> None:
    """Let exactly those chunks of the contents be searched whose content some live version has."""
    _lock_contents(session, content_ids)
    has_live_version = exists().where(DocumentVersion.content_id == Chunk.content_id, DocumentVersion.live)
    words = func.to_tsvector(Chunk.config, Chunk.section + " " + Chunk.text)
    session.execute(
        update(Chunk)
        .where(Chunk.content_id.in_(content_ids), Chunk.live != has_live_version)
        .values(live=~Chunk.live, keywords=sa.case((Chunk.live, None), else_=words))
    )


def _lock_contents(session: Session, content_ids: Sequence[int]) -> None:
    """Until the transaction ends, nobody else decides which of the contents are live or unused.

    Otherwise a version that takes up a content, not yet committed, would not be counted by one that leaves it.
    """
    session.execute(
        select(Content.id).where(Content.id.in_(content_ids)).order_by(Content.id).with_for_update(key_share=True)
    )


def remove(session: Session, document_id: int) -> str:
    """Delete a document, its versions, and the contents that no other document shares. Returns its name."""
    document = session.get(Document, document_id, with_for_update=True)
    if document is None:
        raise NotFoundError(f"There is no document {document_id}. `python -m admin documents list` shows them.")
    held = session.scalars(select(DocumentVersion.content_id).where(DocumentVersion.document_id == document_id))
    contents = [content for content in held if content is not None]
    session.execute(delete(Document).where(Document.id == document_id))
    _lock_contents(session, contents)
    unused = ~exists().where(DocumentVersion.content_id == Content.id)
    session.execute(delete(Content).where(Content.id.in_(contents), unused))
    refresh_live(session, contents)
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


def _running(version_id: int, attempt: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        DocumentVersion.id == version_id,
        DocumentVersion.attempt == attempt,
        DocumentVersion.status == Status.PROCESSING,
    )


def versions(session: Session, document_id: int) -> Sequence[DocumentVersion]:
    """A document's versions, the newest first. Raises `NotFoundError`."""
    found = session.scalars(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == document_id)
        .order_by(DocumentVersion.number.desc())
    ).all()
    if not found:
        raise NotFoundError(f"There is no document {document_id}. `python -m admin documents list` shows them.")
    return found


def make_live(session: Session, document_id: int, number: int) -> None:
    """Let another version of the document answer from now on. Raises `NotFoundError` unless that one is ready."""
    known = versions(session, document_id)
    chosen = next((v for v in known if v.number == number and v.status == Status.READY), None)
    if chosen is None:
        ready = ", ".join(str(v.number) for v in known if v.status == Status.READY) or "none"
        raise NotFoundError(f"Document {document_id} has no ready version {number}. Ready: {ready}.")
    _switch(session, chosen)


def states(session: Session, version_ids: Sequence[int]) -> list[VersionState]:
    """How far these versions are; those that were deleted meanwhile are left out."""
    rows = session.execute(
        select(
            DocumentVersion.id.label("version_id"),
            DocumentVersion.document_id,
            DocumentVersion.number.label("version"),
            DocumentVersion.status,
            DocumentVersion.progress,
            func.coalesce(Content.chunk_count, 0).label("chunks"),
            DocumentVersion.error,
        )
        .outerjoin(Content, Content.id == DocumentVersion.content_id)
        .where(DocumentVersion.id.in_(version_ids))
    )
    return [VersionState(**row._mapping) for row in rows]
