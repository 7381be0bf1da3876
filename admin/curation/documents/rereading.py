"""Reading kept bytes once more, for what the reading has learned since. What answered before answers meanwhile."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from admin.curation.documents.ingesting import Submission, blob_path, enqueue
from admin.curation.formats.parsed import UnreadableDocument
from chat.store import documents, holdings, versions
from chat.store.tables import DocumentVersion, Status

NOTE = "Read again"


def submit_afresh(session: Session, home: Path, document_id: int) -> list[Submission]:
    """Have the document's bytes read again, each as a version of its own, and queue the jobs for that.

    Those of the version that answers and, where it is newer, of a draft or a failure that waits. None, where the
    document is being read just now. Raises `NotFoundError`, and `UnreadableDocument` where the bytes are gone.
    """
    known = versions.of_document(session, document_id)
    if any(version.status in (Status.QUEUED, Status.PROCESSING) for version in known):
        return []
    holdings.lock_files(session)
    chosen = list(_to_be_read(known))
    for version in chosen:
        _require_bytes(home, version)
    return [_again(session, version) for version in chosen]


def _to_be_read(known: Sequence[DocumentVersion]) -> Iterator[DocumentVersion]:
    """The version that answers, and the newest where it is another and waits for a person. `known`: newest first."""
    newest = known[0]
    live = next((version for version in known if version.live), None)
    if live is not None:
        yield live
    if newest is not live and (live is None or newest.draft or newest.status == Status.FAILED):
        yield newest


def _require_bytes(home: Path, version: DocumentVersion) -> None:
    if not blob_path(home, version.sha256).is_file():
        raise UnreadableDocument(
            f"The file of version {version.number} is not in {home / 'blobs'} any more. Add the document again."
        )


def _again(session: Session, version: DocumentVersion) -> Submission:
    document = documents.get(session, version.document_id)
    made, _ = versions.add(
        session, document.collection_id, document.name, document.source, sha256=version.sha256, kind=version.kind,
        size=version.size, draft=version.draft, note=NOTE, afresh=True,
    )  # fmt: skip
    enqueue(session, document.collection_id, made)
    return Submission(document.id, made.id, made.number, True)
