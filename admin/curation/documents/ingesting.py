"""The way of a document: from bytes to a live version. A failure at any step leaves what answered before answering."""

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from admin.curation.documents import chunking, editing
from admin.curation.documents.files import document_name, legible
from admin.curation.documents.vectors import Vectors, vectors
from admin.curation.formats.loaders import UnreadableDocument, kind_of
from admin.curation.formats.parsed import ParsedDocument
from admin.curation.formats.parser import Parser
from chat.errors import AppError, DatabaseError, EmbedderChangedError
from chat.models.embedder import Embedder
from chat.store import chunks, collections, contents, documents, edits, holdings, installation, jobs, versions
from chat.store.session import Sessions
from chat.store.tables import DocumentVersion, Status

TASK = "ingest"
"""Name of the job that processes a version."""
BATCH = 64
"""Chunks that are embedded and written at a time: what is in memory does not grow with the document."""
CHUNK_TARGET = 700
"""Characters of a chunk, about: what the bundled embedder reads whole, and a small model can still hold four of."""
CHUNK_TARGETS = {"csv": 120, "json": 120, "jsonl": 120, "tsv": 120, "xlsx": 120}
"""Kinds whose records stand for themselves: a chunk is one of them."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PARSING_SHARE = 0.1
"""How much of the progress bar is full when the text is read and embedding begins."""


@dataclass(frozen=True)
class Submission:
    """What became of a file that was handed in. `new` is false where the newest version has these very bytes."""

    document_id: int
    version_id: int
    version: int
    new: bool


def blob_path(home: Path, sha256: str) -> Path:
    """Where the bytes of that digest are kept."""
    return home / "blobs" / sha256[:2] / sha256


def keep_blob(home: Path, path: Path) -> tuple[str, int]:
    """Copy a file to where its sha256 says, whole or not at all. Returns the digest and the size in bytes.

    Raises `UnreadableDocument` when the file vanishes or cannot be read, `DatabaseError` where nothing can be written.
    """
    incoming = home / "blobs" / f".{uuid4().hex}"
    try:
        incoming.parent.mkdir(parents=True, exist_ok=True)
        incoming.touch()
    except OSError as error:
        raise DatabaseError(
            f"{path.name} cannot be kept in {incoming.parent}: {error.strerror}. Let this program write there."
        ) from None
    try:
        sha256 = _copy(path, incoming)
        place = blob_path(home, sha256)
        place.parent.mkdir(exist_ok=True)
        incoming.replace(place)
    finally:
        incoming.unlink(missing_ok=True)
    return sha256, place.stat().st_size


def _copy(path: Path, place: Path) -> str:
    """Copy a file, safely on disk before this returns its sha256."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file, place.open("wb") as copy:
            while block := file.read(1 << 20):
                digest.update(block)
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DatabaseError(
                f"There is no room for {path.name} in {place.parent}: {error.strerror}. Make room, then add it again."
            ) from None
        raise UnreadableDocument(f"{path.name} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()


def submit(
    session: Session,
    home: Path,
    path: Path,
    collection: str,
    *,
    name: str,
    source: str,
    kind: str | None = None,
    draft: bool = False,
    owner_id: int | None = None,
) -> Submission:
    """Hand in a file: its bytes to disk, its version and the job for it into the caller's transaction.

    A `draft` does not answer anybody before it is published. A new document belongs to `owner_id`.
    The name's ending says what it is, where `kind` does not.
    """
    kind = kind or kind_of(name)
    holdings.lock_files(session)
    sha256, size = keep_blob(home, path)
    collection_id = collections.ensure(session, collection).id
    version, new = versions.add(
        session, collection_id, document_name(name), legible(source), sha256=sha256, kind=kind, size=size,
        draft=draft, owner_id=owner_id,
    )  # fmt: skip
    if new:
        enqueue(session, collection_id, version)
    return Submission(version.document_id, version.id, version.number, new)


def submit_edit(
    session: Session, home: Path, path: Path, document_id: int, *, number: int, draft: bool, note: str
) -> Submission:
    """Hand in an edition, in `path`, that was made from version `number` of the document.

    Raises `InvalidInputError` where that version is no longer the one to be edited.
    """
    holdings.lock_files(session)
    sha256, size = keep_blob(home, path)
    document = documents.get(session, document_id)
    documents.find(session, document.collection_id, document.name)
    edits.require_base(session, document_id, number)
    version, _ = versions.add(
        session, document.collection_id, document.name, document.source, sha256=sha256, kind=editing.KIND, size=size,
        draft=draft, note=note,
    )  # fmt: skip
    enqueue(session, document.collection_id, version)
    return Submission(document_id, version.id, version.number, True)


def submit_again(session: Session, document_id: int) -> bool:
    """Have the newest version read once more. False where it is ready, so that there is nothing to do.

    One that failed comes back as a version of its own; one in work gets another job, in case its own was lost.
    """
    document, newest = documents.get(session, document_id), versions.of_document(session, document_id)[0]
    if newest.status == Status.READY:
        return False
    version, _ = versions.add(
        session, document.collection_id, document.name, document.source, sha256=newest.sha256, kind=newest.kind,
        size=newest.size, draft=newest.draft, note=newest.note, afresh=newest.afresh,
    )  # fmt: skip
    enqueue(session, document.collection_id, version)
    return True


def enqueue(session: Session, collection_id: int, version: DocumentVersion) -> None:
    """Queue the version to be processed; versions of the same bytes are, one after another."""
    lock = f"{collection_id}:{version.sha256}:{version.kind}"
    jobs.enqueue(session, TASK, lock=lock, share=_share(session, collection_id, version), version_id=version.id)


def _share(session: Session, collection_id: int, version: DocumentVersion) -> str:
    """Whose turn it takes: an owner's, in a collection.

    Editions, which people wait for, have turns of their own, and so has what is read again, which people need not.
    """
    owner_id = documents.get(session, version.document_id).owner_id
    turn = "again" if version.afresh else "edit" if version.kind == editing.KIND else ""
    return f"{collection_id}:{owner_id or ''}:{turn}"


class Interrupted(Exception):  # noqa: N818  (nothing went wrong)
    """Work was asked to stop before it was done."""


@dataclass(frozen=True)
class Ingestion:
    """Processes versions: what a worker does with the job that `submit` queued."""

    sessions: Sessions
    embedder: Embedder
    parser: Parser
    home: Path

    def process(self, version_id: int, go_on: Callable[[], bool] = lambda: True) -> None:
        """Take a version from queued to ready and live, or to failed with the reason in words.

        Any number of tries may run, one after another or, when a worker is thought dead, at once: the latest one
        counts, and what the others wrote is never seen. What nobody foresaw is raised, to be tried again.
        `go_on` is asked now and then; where it says no, `Interrupted` is raised, and the next try goes on from here.
        """
        with self.sessions.begin() as session:
            version = versions.claim(session, version_id)
            if version is None:
                return
            session.expunge(version)
        try:
            content_id = self._existing_content(version) or self._build_content(version, go_on)
            if content_id is not None:
                self._publish(version, content_id)
        except AppError as error:
            with self.sessions.begin() as session:
                versions.fail(session, version.id, version.attempt, str(error))

    def give_up(self, version_id: int, error: Exception) -> None:
        """Let the version fail for something that nobody foresaw, however often it was tried."""
        with self.sessions.begin() as session:
            version = session.get_one(DocumentVersion, version_id)
            first_line = str(error).partition("\n")[0]
            reason = f"Something went wrong that should not have: {type(error).__name__}: {first_line}"
            versions.fail(session, version_id, version.attempt, reason)

    def _existing_content(self, version: DocumentVersion) -> int | None:
        with self.sessions() as session:
            collection_id = documents.collection_of(session, version.document_id)
            since = version.created_at if version.afresh else None
            return contents.complete(session, collection_id, version.sha256, version.kind, since=since)

    def _build_content(self, version: DocumentVersion, go_on: Callable[[], bool]) -> int | None:
        """Parse, chunk, embed and write, in short transactions, going on from where an earlier try was ended.

        None when another try took over meanwhile, or the version was cancelled or deleted. Raises `Interrupted`.
        """
        edition, parsed, passages = self._read(version)
        with self.sessions.begin() as session:
            if not versions.progress(session, version.id, version.attempt, version.progress):
                return None
            installation.adopt_embedder(session, self.embedder.name, self.embedder.dimension)
            collection_id = documents.collection_of(session, version.document_id)
            content_id, written = contents.begin(
                session, collection_id, version, **asdict(parsed), spans=[(each.start, each.end) for each in passages]
            )
            if edition and not written and not version.afresh:
                new = [*map(_new_chunk, passages)]
                written = edits.take_over(session, content_id, edition.from_sha256, edition.from_kind, new)
        missing = [passage for passage in passages if passage.ordinal not in written]
        for first in range(0, len(missing), BATCH):
            if not go_on():
                raise Interrupted
            batch = missing[first : first + BATCH]
            made = vectors(self.embedder, [_embedded_text(parsed.title, chunk) for chunk in batch])
            with self.sessions.begin() as session:
                embedded = 1 - (len(missing) - first - len(batch)) / len(passages)
                done = PARSING_SHARE * (1 - embedded) + embedded
                if not versions.progress(session, version.id, version.attempt, done):
                    return None
                _hold(session, made)
                new = [*map(_new_chunk, batch)]
                chunks.write(session, collection_id, content_id, parsed.language, new, made.found, made.beside)
        if edition:
            with self.sessions.begin() as session:
                edits.disable(session, content_id, edition.disabled)
        return content_id

    def _read(self, version: DocumentVersion) -> tuple[editing.Edition | None, ParsedDocument, list[chunking.Chunk]]:
        """The text of the version's bytes and its passages; the edition that states them, where it is one."""
        blob = blob_path(self.home, version.sha256)
        if version.kind == editing.KIND:
            edition = editing.read(blob)
            return edition, edition.parsed, edition.passages
        parsed = self.parser.parse(blob, version.kind)
        return None, parsed, chunking.chunk(parsed, target=CHUNK_TARGETS.get(version.kind, CHUNK_TARGET))

    def _publish(self, version: DocumentVersion, content_id: int) -> None:
        """One transaction, after which the new version answers and the old one does not."""
        with self.sessions.begin() as session:
            versions.publish(session, version.id, version.attempt, content_id)


def _hold(session: Session, made: Vectors) -> None:
    """Raises `Interrupted` where the embedder was changed since the vectors were made: the next try makes others."""
    try:
        made.hold(session)
    except EmbedderChangedError as error:
        raise Interrupted from error


def _embedded_text(title: str | None, chunk: chunking.Chunk) -> str:
    """What of a chunk becomes a vector: it, and where it stands."""
    where = " › ".join(part for part in (title, chunk.section) if part)
    return f"{where}\n{chunk.text}" if where else chunk.text


def _new_chunk(chunk: chunking.Chunk) -> chunks.NewChunk:
    return chunks.NewChunk(chunk.ordinal, chunk.start, chunk.end, chunk.page, chunk.section, chunk.text)
