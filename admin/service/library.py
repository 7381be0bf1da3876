"""What curators can do, whatever they do it through. No Gradio, no SQL."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from admin.curation.documents.files import look_into_upload
from admin.curation.documents.found import FoundFile, PassedOver
from admin.curation.documents.ingesting import Submission, blob_path, submit, submit_again
from admin.curation.documents.rereading import submit_afresh
from chat import rights
from chat.errors import AppError
from chat.rights import Personal
from chat.store import catalogue, cited, collections, contents, documents, health, holdings, jobs, paging, versions
from chat.store.catalogue import Excerpt, Line, Listing, View
from chat.store.cited import Use, Uses
from chat.store.collections import CollectionSummary
from chat.store.health import Health
from chat.store.holdings import Holdings
from chat.store.jobs import QueueState
from chat.store.tables import DocumentVersion, MemberRole

DEFAULT_COLLECTION = "default"
"""Where documents go when nobody says where."""
CHUNKS_SHOWN = 100
"""Chunks of a document that are shown at a time, with the text they span."""
USES_SHOWN = 50
"""Citations of a document that are shown, the latest."""


@dataclass(frozen=True)
class Overview:
    """The list of documents as `view` shows it, the collections to choose from, and how many versions are in work.

    `curated` are the names of the collections whose documents this person may change; `may_hand_in` is said of where
    files would go now.
    """

    view: View
    listing: Listing
    collections: Sequence[CollectionSummary]
    working: int
    curated: Set[str]
    may_hand_in: bool
    may_make_collections: bool


@dataclass(frozen=True)
class OpenedDocument:
    """A document, its versions, and the text and chunks of the one that is shown, from `excerpt.first` on.

    `shown` is the one asked for, else the one that answers, else the newest that could be read; `excerpt` is None
    where none could be read yet. `marked` is the ordinal of the chunk that was asked for. `may_curate`: whether this
    person may change the document.
    """

    line: Line
    health: Health
    versions: Sequence[DocumentVersion]
    shown: DocumentVersion
    excerpt: Excerpt | None
    marked: int | None
    warnings: Sequence[str]
    """What of the version that is shown could not be read or was left out: sentences."""
    uses: Sequence[Use]
    used: Uses
    may_curate: bool


@dataclass(frozen=True)
class Receipt:
    """What a deletion took away for good, and the answers that cite it and stay. `size` is bytes of files on disk."""

    documents: int = 0
    versions: int = 0
    chunks: int = 0
    size: int = 0
    cited: Uses = field(default_factory=Uses)

    def __add__(self, other: "Receipt") -> "Receipt":
        return Receipt(
            self.documents + other.documents,
            self.versions + other.versions,
            self.chunks + other.chunks,
            self.size + other.size,
            self.cited,
        )


@dataclass(frozen=True)
class Upload:
    """A file that was handed in, under the name it had, and what came of it: a submission, or a problem in words."""

    name: str
    submission: Submission | None = None
    problem: str | None = None
    passed_over: str | None = None
    """Why it is not for reading, where it came along in a folder or an archive."""


@dataclass(frozen=True)
class Reread:
    """A document whose kept bytes are to be read again: what was queued for it, or a problem in words.

    Nothing is queued for one that is being read just now.
    """

    document_id: int
    title: str
    submissions: Sequence[Submission] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Library(Personal):
    """The documents and collections that a person may read or look after. `home` is the folder with their bytes."""

    home: Path

    def queue(self) -> QueueState:
        """The workers, and the jobs that this person may know of."""
        with self.sessions() as session:
            state, seen = jobs.state(session), rights.overseen(session, self.person)
            if seen is None:
                return state
            counts = jobs.counts(session, seen)
            totals = {name: sum(n for (at, _), n in counts.items() if at == name) for name in ("waiting", "running")}
            return replace(state, **totals)

    def collections(self) -> Sequence[CollectionSummary]:
        with self.sessions() as session:
            return collections.summaries(session, rights.roles(session, self.person))

    def overview(self, view: View) -> Overview:
        """What `view` shows; a collection that is gone, or a page past the last, is corrected in the view returned."""
        with self.sessions() as session:
            found = collections.summaries(session, rights.roles(session, self.person))
            if view.collection not in {collection.name for collection in found}:
                view = replace(view, collection=None)
            readable = rights.readable(session, self.person, view.collection)
            # Before the list: what ends between the two is shown as ended. The other way round, a page that is told
            # that nothing is in work any more would go on showing the last document as being read.
            working = catalogue.working(session, rights.readable(session, self.person))
            view, listing = paging.corrected(view, partial(catalogue.listing, session, readable))
            return Overview(
                view,
                listing,
                found,
                working,
                curated={each.name for each in found if each.role is not MemberRole.READER},
                may_hand_in=rights.may_place(session, self.person, view.collection or DEFAULT_COLLECTION),
                may_make_collections=rights.may_make_collections(session, self.person),
            )

    def document(
        self, document_id: int, *, number: int | None = None, first: int = 0, chunk_id: int | None = None
    ) -> OpenedDocument:
        """A document with the chunks from ordinal `first` on, or those around the chunk. Raises `NotFoundError`.

        The chunks are those of version `number`, where that could be read.
        """
        with self.sessions() as session:
            line = catalogue.line(session, rights.readable(session, self.person), document_id)
            concerns = health.of_documents(session, [document_id]).get(document_id, Health())
            known = versions.of_document(session, document_id)
            shown = _shown(known, number)
            marked, excerpt, warnings = None, None, list[str]()
            if shown.content_id is not None:
                marked = catalogue.ordinal(session, shown.content_id, chunk_id) if chunk_id is not None else None
                begin = marked // CHUNKS_SHOWN * CHUNKS_SHOWN if marked is not None else first
                excerpt = catalogue.excerpt(session, shown.content_id, begin, CHUNKS_SHOWN)
                warnings = contents.warnings(session, shown.content_id)
            inside = rights.document(session, self.person, document_id).collection_id
            looks_after = inside in rights.curated(session, self.person)
            # What others asked is for who looks after the document, not for all who may read it.
            uses = cited.of_document(session, document_id, USES_SHOWN) if looks_after else ()
            used = cited.count(session, [document_id])
            return OpenedDocument(line, concerns, known, shown, excerpt, marked, warnings, uses, used, looks_after)

    def upload(self, files: Iterable[tuple[Path, str]], collection: str | None, *, draft: bool = False) -> list[Upload]:
        """Hand in files under their names, each by itself: what is wrong with one is no reason to lose the others.

        A zip archive stands for the files in it. A name is a path where the file came with its folder.
        """
        return [
            self._upload(found, collection or DEFAULT_COLLECTION, draft)
            for path, name in files
            for found in look_into_upload(path, name)
        ]

    def _upload(self, found: FoundFile | PassedOver, collection: str, draft: bool) -> Upload:
        if isinstance(found, PassedOver):
            return Upload(found.name, passed_over=found.reason)
        if found.problem is not None:
            return Upload(found.name, problem=found.problem)
        try:
            with self.sessions.begin() as session:
                rights.place(session, self.person, collection)
                handed_in = submit(
                    session, self.home, found.path, collection, name=found.name, source=found.source,
                    draft=draft, owner_id=self.person.id,
                )  # fmt: skip
                return Upload(found.name, handed_in)
        except AppError as error:
            return Upload(found.name, problem=str(error))

    def retry(self, document_id: int) -> bool:
        """Read the newest version's bytes once more, as a version of its own. False where it is ready already."""
        with self.sessions.begin() as session:
            rights.document(session, self.person, document_id, MemberRole.CURATOR)
            return submit_again(session, document_id)

    def reread(self, document_ids: Iterable[int]) -> Iterator[Reread]:
        """Have documents' kept bytes read again, each by itself; what answers goes on answering until that is done.

        Those that are gone, or that this person may not change, are told of as a problem.
        """
        return map(self._reread, document_ids)

    def _reread(self, document_id: int) -> Reread:
        title = f"Document {document_id}"
        try:
            with self.sessions.begin() as session:
                title = rights.document(session, self.person, document_id, MemberRole.CURATOR).name
                return Reread(document_id, title, submit_afresh(session, self.home, document_id))
        except AppError as error:
            return Reread(document_id, title, problem=str(error))

    def curated(self, collection: str | None) -> Sequence[int]:
        """Ids of the documents that this person looks after: those of that collection, or all of them.

        Raises `NotFoundError` and `NotAllowedError`.
        """
        with self.sessions() as session:
            return documents.inside(session, rights.curated(session, self.person, collection))

    def roll_back(self, document_id: int, number: int) -> None:
        """Let that version answer from now on. Raises `NotFoundError` unless it is ready."""
        with self.sessions.begin() as session:
            rights.document(session, self.person, document_id, MemberRole.CURATOR)
            versions.make_live(session, document_id, number)

    def delete(self, document_ids: Iterable[int]) -> Receipt:
        """Delete documents, each by itself, whatever state they are in; those that are gone already are passed over."""
        receipt, gone = Receipt(), list[int]()
        for document_id in document_ids:
            with self.sessions.begin() as session:
                held = holdings.of_documents(session, rights.removable(session, self.person, document_id))
                if held.document_ids:
                    documents.remove(session, document_id)
            receipt += self._drop_files(held)
            gone += held.document_ids
        with self.sessions() as session:
            return replace(receipt, cited=cited.count(session, gone))

    def create_collection(self, name: str) -> str:
        """Make an empty collection, which this person then owns. Returns its name.

        Raises `InvalidInputError` where it exists or cannot be, `NotAllowedError` for who may not make any.
        """
        with self.sessions.begin() as session:
            return rights.found_collection(session, self.person, name.strip().lower()).name

    def delete_collection(self, name: str) -> Receipt:
        """Delete a collection with all its documents. Raises `NotFoundError`, `NotAllowedError`."""
        with self.sessions.begin() as session:
            rights.owned(session, self.person, name)
            held = holdings.of_collection(session, name)
            collections.remove(session, name)
        return replace(self._drop_files(held), cited=held.uses)

    def _drop_files(self, held: Holdings) -> Receipt:
        """Remove the files that no version refers to now. Returns the receipt of what is gone."""
        with self.sessions.begin() as session:
            holdings.lock_files(session, to_remove=True)
            gone = holdings.unused(session, list(held.sizes))
            for digest in gone:
                blob_path(self.home, digest).unlink(missing_ok=True)
        return Receipt(held.documents, held.versions, held.chunks, sum(held.sizes[digest] for digest in gone))


def _shown(known: Sequence[DocumentVersion], number: int | None) -> DocumentVersion:
    """The version whose text is shown: that one, or the one that answers, or the newest that could be read."""
    chosen = (v for v in known if v.number == number)
    live = (v for v in known if v.live)
    readable = (v for v in known if v.content_id is not None)
    return next(chosen, None) or next(live, None) or next(readable, known[0])
