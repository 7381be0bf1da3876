"""What curators can do, whatever they do it through. No Gradio, no SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from admin.curation.documents import Submission, blob_path, submit
from chat import rights
from chat.errors import AppError, InvalidInputError
from chat.store import catalogue, collections, documents, holdings, jobs, versions
from chat.store.catalogue import Excerpt, Line, Listing, View
from chat.store.collections import CollectionSummary
from chat.store.holdings import Holdings
from chat.store.jobs import QueueState
from chat.store.session import Sessions
from chat.store.tables import DocumentVersion, Status

DEFAULT_COLLECTION = "default"
"""Where documents go when nobody says where."""
CHUNKS_SHOWN = 100
"""Chunks of a document that are shown at a time, with the text they span."""


@dataclass(frozen=True)
class Overview:
    """The list of documents as `view` shows it, the collections to choose from, and how many versions are in work."""

    view: View
    listing: Listing
    collections: Sequence[CollectionSummary]
    working: int


@dataclass(frozen=True)
class OpenedDocument:
    """A document, its versions, and the text and chunks of the one that answers, from `excerpt.first` on.

    `excerpt` is None where no version could be read yet. `marked` is the ordinal of the chunk that was asked for.
    """

    line: Line
    versions: Sequence[DocumentVersion]
    excerpt: Excerpt | None
    marked: int | None


@dataclass(frozen=True)
class Receipt:
    """What a deletion took away for good. `size` is bytes of files on disk."""

    documents: int = 0
    versions: int = 0
    chunks: int = 0
    size: int = 0

    def __add__(self, other: "Receipt") -> "Receipt":
        return Receipt(
            self.documents + other.documents,
            self.versions + other.versions,
            self.chunks + other.chunks,
            self.size + other.size,
        )


@dataclass(frozen=True)
class Upload:
    """A file that was handed in, under the name it had, and what came of it: a submission, or a problem in words."""

    name: str
    submission: Submission | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Library:
    """The documents and collections, as their curator sees them. `home` is the folder that their bytes are in."""

    sessions: Sessions
    home: Path

    def queue(self) -> QueueState:
        with self.sessions() as session:
            return jobs.state(session)

    def collections(self) -> Sequence[CollectionSummary]:
        with self.sessions() as session:
            return collections.summaries(session)

    def overview(self, view: View) -> Overview:
        """What `view` shows; a collection that is gone, or a page past the last, is corrected in the view returned."""
        with self.sessions() as session:
            found = collections.summaries(session)
            if view.collection not in {collection.name for collection in found}:
                view = replace(view, collection=None)
            readable = rights.readable(session, view.collection)
            listing = catalogue.listing(session, readable, view)
            last = max(listing.total - 1, 0) // catalogue.PAGE
            if view.page > last:
                view = replace(view, page=last)
                listing = catalogue.listing(session, readable, view)
            return Overview(view, listing, found, catalogue.working(session))

    def document(self, document_id: int, *, first: int = 0, chunk_id: int | None = None) -> OpenedDocument:
        """A document with the chunks from ordinal `first` on, or those around the chunk. Raises `NotFoundError`."""
        with self.sessions() as session:
            line = catalogue.line(session, rights.readable(session), document_id)
            known = versions.of_document(session, document_id)
            shown = next((version for version in known if version.live), known[0]).content_id
            if shown is None:
                return OpenedDocument(line, known, None, None)
            marked = catalogue.ordinal(session, shown, chunk_id) if chunk_id is not None else None
            begin = marked // CHUNKS_SHOWN * CHUNKS_SHOWN if marked is not None else first
            return OpenedDocument(line, known, catalogue.excerpt(session, shown, begin, CHUNKS_SHOWN), marked)

    def upload(self, files: Iterable[tuple[Path, str]], collection: str | None) -> list[Upload]:
        """Hand in files under their names, each by itself: what is wrong with one is no reason to lose the others."""
        return [self._upload(path, name, collection or DEFAULT_COLLECTION) for path, name in files]

    def _upload(self, path: Path, name: str, collection: str) -> Upload:
        try:
            with self.sessions.begin() as session:
                return Upload(name, submit(session, self.home, path, collection, name=name, source="uploaded"))
        except AppError as error:
            return Upload(name, problem=str(error))

    def retry(self, document_id: int) -> None:
        """Read the newest version's bytes once more, as a version of its own. Does nothing unless it failed."""
        with self.sessions.begin() as session:
            line = catalogue.line(session, rights.readable(session), document_id)
            document, newest = documents.get(session, document_id), versions.of_document(session, document_id)[0]
            if newest.status == Status.FAILED:
                blob = blob_path(self.home, newest.sha256)
                submit(session, self.home, blob, line.collection, name=document.name, source=document.source)

    def roll_back(self, document_id: int, number: int) -> None:
        """Let that version answer from now on. Raises `NotFoundError` unless it is ready."""
        with self.sessions.begin() as session:
            catalogue.line(session, rights.readable(session), document_id)
            versions.make_live(session, document_id, number)

    def delete(self, document_ids: Iterable[int]) -> Receipt:
        """Delete documents, each by itself, whatever state they are in; those that are gone already are passed over."""
        receipt = Receipt()
        for document_id in document_ids:
            with self.sessions.begin() as session:
                held = holdings.of_documents(session, [document_id])
                if held.document_ids:
                    documents.remove(session, document_id)
            receipt += self._drop_files(held)
        return receipt

    def create_collection(self, name: str) -> str:
        """Make an empty collection. Returns its name. Raises `InvalidInputError` where it exists or cannot be."""
        name = name.strip().lower()
        with self.sessions.begin() as session:
            if name in {collection.name for collection in collections.summaries(session)}:
                raise InvalidInputError(f"There is a collection {name} already. Choose another name.")
            return collections.ensure(session, name).name

    def delete_collection(self, name: str) -> Receipt:
        """Delete a collection with all its documents. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            held = holdings.of_collection(session, name)
            collections.remove(session, name)
        return self._drop_files(held)

    def _drop_files(self, held: Holdings) -> Receipt:
        """Remove the files that no version refers to now. Returns the receipt of what is gone."""
        with self.sessions.begin() as session:
            holdings.lock_files(session, to_remove=True)
            gone = holdings.unused(session, list(held.sizes))
            for digest in gone:
                blob_path(self.home, digest).unlink(missing_ok=True)
        return Receipt(held.documents, held.versions, held.chunks, sum(held.sizes[digest] for digest in gone))
