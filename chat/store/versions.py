"""Versions of a document: the way of each from queued to ready or failed, and which of them answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store import contents, documents
from chat.store.tables import Content, Document, DocumentVersion, Status

MOST_DEATHS = 5
"""After so many tries that ended with the worker's death, none of them any further, a document is given up."""
CANCELLED = "It was cancelled. Try again to have it read after all."


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
    session: Session,
    collection_id: int,
    name: str,
    source: str,
    *,
    sha256: str,
    kind: str,
    size: int,
    draft: bool = False,
    note: str = "",
    owner_id: int | None = None,
    afresh: bool = False,
) -> tuple[DocumentVersion, bool]:
    """A queued version of the document `name`, which is made if it is new, and whether that version is new.

    The newest version is given back unchanged when it is of the same bytes and did not fail, unless that one is a
    draft and this one is not to be, or this one is to be read `afresh`. `owner_id` is who a new document belongs to.
    """
    document = _document(session, collection_id, name, source, owner_id)
    newest = latest(session, document.id)
    if newest is not None and _same(newest, sha256, kind) and not (newest.draft and not draft) and not afresh:
        return newest, False
    version = DocumentVersion(
        document_id=document.id,
        number=newest.number + 1 if newest else 1,
        sha256=sha256,
        kind=kind,
        size=size,
        draft=draft,
        note=note,
        afresh=afresh,
    )
    session.add(version)
    session.flush()
    return version, True


def _document(session: Session, collection_id: int, name: str, source: str, owner_id: int | None) -> Document:
    """The document of that name, made if it is new."""
    made = sa.dialects.postgresql.insert(Document).values(
        collection_id=collection_id, name=name, source=source, owner_id=owner_id
    )
    session.execute(made.on_conflict_do_nothing())
    document = documents.find(session, collection_id, name)
    assert document is not None
    return document


def _same(version: DocumentVersion, sha256: str, kind: str) -> bool:
    return (version.sha256, version.kind) == (sha256, kind) and version.status != Status.FAILED


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
    version.deaths += 1
    if version.deaths > MOST_DEATHS:
        version.status = Status.FAILED
        version.error = f"Reading it ended the worker {MOST_DEATHS} times; it was given up."
        session.flush()
        contents.drop_unfinished(session, [version])
        return None
    version.status = Status.PROCESSING
    session.flush()
    return version


def progress(session: Session, version_id: int, attempt: int, done: float) -> bool:
    """Note how far (0 to 1) this attempt is. False when another took over or the document is gone."""
    changed = session.execute(
        update(DocumentVersion)
        .where(*_running(version_id, attempt))
        .values(progress=done, deaths=0)
        .returning(DocumentVersion.id)
    )
    return changed.first() is not None


def fail(session: Session, version_id: int, attempt: int, error: str) -> None:
    """End this attempt: the version failed, for the reason `error`. What answered before goes on answering."""
    failed = session.scalars(
        update(DocumentVersion)
        .where(*_running(version_id, attempt))
        .values(status=Status.FAILED, error=error)
        .returning(DocumentVersion)
    ).all()
    contents.drop_unfinished(session, failed)


def cancel(session: Session, document_id: int) -> int:
    """End what is queued or being read of the document, wherever it stands. Returns how many versions that were.

    A worker that is at it ends at its next step: a version that failed takes nothing more.
    """
    in_work = DocumentVersion.status.in_((Status.QUEUED, Status.PROCESSING))
    ended = session.scalars(
        update(DocumentVersion)
        .where(DocumentVersion.document_id == document_id, in_work)
        .values(status=Status.FAILED, error=CANCELLED)
        .returning(DocumentVersion)
    ).all()
    contents.drop_unfinished(session, ended)
    return len(ended)


def publish(session: Session, version_id: int, attempt: int, content_id: int) -> bool:
    """Make the version ready and, unless it is a draft or a newer one answers already, live, all at once.

    False when this attempt is no longer the one that counts.
    """
    version = session.scalars(
        select(DocumentVersion).where(*_running(version_id, attempt)).with_for_update()
    ).one_or_none()
    if version is None:
        return False
    contents.finish(session, content_id)
    version.status, version.progress, version.content_id = Status.READY, 1, content_id
    session.flush()
    if not version.draft and not _newer_answers(session, version):
        _switch(session, version)
    return True


def _newer_answers(session: Session, version: DocumentVersion) -> bool:
    newer = DocumentVersion.number > version.number
    there = select(DocumentVersion.id).where(
        DocumentVersion.document_id == version.document_id, DocumentVersion.live, newer
    )
    return session.scalars(there).first() is not None


def _switch(session: Session, version: DocumentVersion) -> None:
    """Make `version` the live one of its document, and its chunks the ones that are searched."""
    before = session.scalars(
        update(DocumentVersion)
        .where(DocumentVersion.document_id == version.document_id, DocumentVersion.live)
        .values(live=False)
        .returning(DocumentVersion.content_id)
    ).all()
    version.live, version.draft = True, False
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
    """Let another version of the document answer from now on; a draft is published by that.

    Raises `NotFoundError` unless that one is ready.
    """
    known = of_document(session, document_id)
    chosen = next((v for v in known if v.number == number and v.status == Status.READY), None)
    if chosen is None:
        ready = ", ".join(str(v.number) for v in known if v.status == Status.READY) or "none"
        raise NotFoundError(f"Document {document_id} has no ready version {number}. Ready: {ready}.")
    _switch(session, chosen)


def publish_draft(session: Session, document_id: int) -> int:
    """Let the newest draft of the document answer. Returns its number. Raises `NotFoundError` where none is ready."""
    drafts = (v for v in of_document(session, document_id) if v.draft and v.status == Status.READY)
    draft = next(drafts, None)
    if draft is None:
        raise NotFoundError(f"Document {document_id} has no draft that is ready to be published.")
    _switch(session, draft)
    return draft.number


def with_draft(session: Session, collections: Sequence[int], document_ids: Sequence[int]) -> list[int]:
    """Those of the documents that are in these collections and have a draft that is ready."""
    rows = session.scalars(
        select(Document.id)
        .join(DocumentVersion)
        .where(Document.id.in_(document_ids), Document.collection_id.in_(collections))
        .where(DocumentVersion.draft, DocumentVersion.status == Status.READY)
        .distinct()
        .order_by(Document.id)
    )
    return list(rows)


def text(session: Session, document_id: int, number: int) -> str:
    """What a version says. Raises `NotFoundError` unless it is ready."""
    said = session.scalars(
        select(Content.text)
        .join(DocumentVersion)
        .where(DocumentVersion.document_id == document_id, DocumentVersion.number == number)
    ).one_or_none()
    if said is None:
        raise NotFoundError(f"Document {document_id} has no version {number} that could be read.")
    return said


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
