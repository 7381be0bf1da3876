"""The way of a document: from bytes to a live version. A failure at any step leaves what answered before answering."""

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from admin.curation import chunking
from admin.curation.files import legible
from admin.curation.loaders import UnreadableDocument, kind_of
from admin.curation.parser import Parser
from chat.errors import AppError
from chat.models.embedder import Embedder
from chat.store import chunks, collections, contents, documents, holdings, installation, jobs, versions
from chat.store.session import Sessions
from chat.store.tables import DocumentVersion

TASK = "ingest"
"""Name of the job that processes a version."""
BATCH = 64
"""Chunks that are embedded and written at a time: what is in memory does not grow with the document."""
CHUNK_TARGET = 700
"""Characters of a chunk, about: what the bundled embedder reads whole, and a small model can still hold four of."""
CHUNK_TARGETS = {"csv": 120, "tsv": 120}
"""Kinds whose records stand for themselves: a chunk is one of them."""
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

    Raises `UnreadableDocument` when the file vanishes or cannot be read.
    """
    incoming = home / "blobs" / f".{uuid4().hex}"
    incoming.parent.mkdir(parents=True, exist_ok=True)
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
        raise UnreadableDocument(f"{path.name} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()


def submit(session: Session, home: Path, path: Path, collection: str, *, name: str, source: str) -> Submission:
    """Hand in a file: its bytes to disk, its version and the job for it into the caller's transaction."""
    kind = kind_of(name)
    holdings.lock_files(session)
    sha256, size = keep_blob(home, path)
    collection_id = collections.ensure(session, collection).id
    version, new = versions.add(
        session, collection_id, legible(name), legible(source), sha256=sha256, kind=kind, size=size
    )
    if new:
        jobs.enqueue(session, TASK, lock=f"{collection_id}:{sha256}:{kind}", version_id=version.id)
    return Submission(version.document_id, version.id, version.number, new)


@dataclass(frozen=True)
class Ingestion:
    """Processes versions: what a worker does with the job that `submit` queued."""

    sessions: Sessions
    embedder: Embedder
    parser: Parser
    home: Path

    def process(self, version_id: int) -> None:
        """Take a version from queued to ready and live, or to failed with the reason in words.

        Any number of tries may run, one after another or, when a worker is thought dead, at once: the latest one
        counts, and what the others wrote is never seen. What nobody foresaw is raised, to be tried again.
        """
        with self.sessions.begin() as session:
            version = versions.claim(session, version_id)
            if version is None:
                return
            session.expunge(version)
        try:
            content_id = self._existing_content(version) or self._build_content(version)
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
            return contents.complete(session, collection_id, version.sha256, version.kind)

    def _build_content(self, version: DocumentVersion) -> int | None:
        """Parse, chunk, embed and write, in short transactions. None when another try took over meanwhile."""
        parsed = self.parser.parse(blob_path(self.home, version.sha256), version.kind)
        passages = chunking.chunk(parsed, target=CHUNK_TARGETS.get(version.kind, CHUNK_TARGET))
        with self.sessions.begin() as session:
            installation.adopt_embedder(session, self.embedder.name, self.embedder.dimension)
            collection_id = documents.collection_of(session, version.document_id)
            content_id = contents.add(session, collection_id, version, **asdict(parsed), chunk_count=len(passages))
        for first in range(0, len(passages), BATCH):
            batch = passages[first : first + BATCH]
            vectors = self.embedder.encode([_embedded_text(parsed.title, chunk) for chunk in batch])
            with self.sessions.begin() as session:
                embedded = (first + len(batch)) / len(passages)
                done = PARSING_SHARE * (1 - embedded) + embedded
                if not versions.progress(session, version.id, version.attempt, done):
                    return None
                chunks.write(session, collection_id, content_id, parsed.language, map(_new_chunk, batch), vectors)
        return content_id

    def _publish(self, version: DocumentVersion, content_id: int) -> None:
        """One transaction, after which the new version answers and the old one does not."""
        with self.sessions.begin() as session:
            versions.publish(session, version.id, version.attempt, content_id)


def _embedded_text(title: str | None, chunk: chunking.Chunk) -> str:
    """What of a chunk becomes a vector: it, and where it stands."""
    where = " › ".join(part for part in (title, chunk.section) if part)
    return f"{where}\n{chunk.text}" if where else chunk.text


def _new_chunk(chunk: chunking.Chunk) -> chunks.NewChunk:
    return chunks.NewChunk(chunk.ordinal, chunk.start, chunk.end, chunk.page, chunk.section, chunk.text)
