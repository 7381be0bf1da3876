"""Versions of a document: the way of each from queued to ready or failed, and which of them answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store import contents, documents
from chat.store.tables import Content, Document, DocumentVersion, Status

MOST_ATTEMPTS = 5
"""After so many tries that ended with the worker's death, a document is given up."""


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


def add(
    session: Session, collection_id: int, name: str, source: str, *, sha256: str, kind: str, size: int
) -> tuple[DocumentVersion, bool]:
    """A queued version of the document `name`, which is made if it is new, and whether that version is new.

    The newest version is given back unchanged when it is of the same bytes and did not fail.
    """
    made = sa.dialects.postgresql.insert(Document).values(collection_id=collection_id, name=name, source=source)
    session.execute(made.on_conflict_do_nothing())
    document = documents.find(session, collection_id, name)
    assert document is not None
    newest = latest(session, document.id)
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


def latest(session: Session, document_id: int) -> DocumentVersion | None:
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
    contents.refresh_live(session, [content for content in (version.content_id, *before) if content is not None])


def of_document(session: Session, document_id: int) -> Sequence[DocumentVersion]:
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
    known = of_document(session, document_id)
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


def _running(version_id: int, attempt: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        DocumentVersion.id == version_id,
        DocumentVersion.attempt == attempt,
        DocumentVersion.status == Status.PROCESSING,
    )
