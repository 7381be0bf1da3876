"""What curators can do with sources and web pages, whatever they do it through. No Gradio, no SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from admin.curation.documents.ingesting import submit
from admin.curation.formats.loaders import kind_of
from admin.curation.sources.fetch import Fetcher, read_url, suffix_of
from admin.curation.sources.plan import Plan, plan
from admin.curation.sources.survey import read_places, reader
from admin.curation.sources.syncing import Report, Syncing, scratch_file
from admin.service.library import DEFAULT_COLLECTION, Library, Receipt, Upload
from chat import rights
from chat.errors import AppError, InvalidInputError, NotAllowedError
from chat.rights import Personal
from chat.store import collections, source_items, sources
from chat.store.sources import SourceLine, Sync
from chat.store.tables import Source, SourceKind, UserRole

LONGEST_NAME = 80
LONGEST_INTERVAL = 525_600  # minutes: a year


@dataclass(frozen=True)
class NewSource:
    """A source as a person describes it. `places` are lines: a folder, addresses, or a sitemap's address."""

    name: str
    kind: SourceKind
    places: str
    collection: str = DEFAULT_COLLECTION
    every_minutes: int | None = None


@dataclass(frozen=True)
class Reach:
    """Where a person may have documents kept up to date: `collections` are the names of those they curate."""

    collections: Sequence[str]
    may_make_collections: bool
    may_name_folders: bool

    @property
    def anywhere(self) -> bool:
        return bool(self.collections) or self.may_make_collections


@dataclass(frozen=True)
class Sources(Personal):
    """The places that documents are kept up to date from. `home` is the folder that their bytes are in."""

    home: Path
    fetcher: Fetcher

    @property
    def syncing(self) -> Syncing:
        """The half that acts for the installation, once a person was allowed to ask for it."""
        return Syncing(self.sessions, self.home, self.fetcher)

    def lines(self) -> Sequence[SourceLine]:
        """Every source in the collections that this person may read."""
        with self.sessions() as session:
            return sources.lines(session, rights.readable(session, self.person))

    def reach(self) -> Reach:
        """Where this person may have documents kept up to date, and from what."""
        with self.sessions() as session:
            names = [collections.name_of(session, each) for each in rights.curated(session, self.person)]
            folders = rights.active(session, self.person).role == UserRole.OWNER
            return Reach(names, rights.may_make_collections(session, self.person), folders)

    def add(self, new: NewSource) -> int:
        """Add a source, and queue its first sync. Returns its id.

        Raises `InvalidInputError` and `NotAllowedError`; only an owner of the installation may name a folder of it.
        """
        name = " ".join(new.name.replace("\0", "").split())
        if not name or len(name) > LONGEST_NAME:
            raise InvalidInputError(f"Give the source a name of at most {LONGEST_NAME} characters.")
        if new.every_minutes is not None and not 0 < new.every_minutes <= LONGEST_INTERVAL:
            raise InvalidInputError(f"A source is synced every 1 to {LONGEST_INTERVAL:,} minutes, or only on demand.")
        places = self._places(new.kind, new.places, new.collection)
        with self.sessions.begin() as session:
            collection = rights.place(session, self.person, new.collection)
            source = sources.add(session, collection, name, new.kind, places, new.every_minutes)
            sources.request(session, source)
            return source.id

    def preview_new(self, kind: SourceKind, places: str, collection: str) -> Iterator[Plan]:
        """What there is at a source that is not added to the collection yet, as it is found.

        Raises as `add` does, before anything is fetched.
        """
        named = self._places(kind, places, collection)
        with scratch_file(self.home) as scratch:
            yield from plan(reader(kind, named, self.fetcher, scratch), {}, {})

    def preview(self, source_id: int) -> Iterator[Plan]:
        """What a sync would do, as it is found. Raises `NotFoundError`, `NotAllowedError`."""
        with self.sessions() as session:
            source = self._curated(source_id)
            known = source_items.by_place(session, source_id)
            held = source_items.held_by_others(session, source.collection_id, source_id)
        with scratch_file(self.home) as scratch:
            yield from plan(reader(source.kind, source.places, self.fetcher, scratch), known, held)

    def request_sync(self, source_id: int, *, removing: bool = False, queued: bool = True) -> bool:
        """Have a worker sync the source; False where one does already. With `removing`, however much vanished."""
        self._curated(source_id)
        with self.sessions.begin() as session:
            source = sources.get(session, rights.readable(session, self.person), source_id, lock=True)
            return sources.request(session, source, removing=removing, queued=queued)

    def sync_now(self, source_id: int, report: Report, *, removing: bool = False) -> Sync | None:
        """Sync the source in this process, and wait for it. None where another process does, or took over."""
        if not self.request_sync(source_id, removing=removing, queued=False):
            return None
        return self.syncing.sync(source_id, report=report)

    def in_work(self, source_id: int) -> Sequence[int]:
        """Ids of the versions that came from the source and are not read yet."""
        with self.sessions() as session:
            sources.get(session, rights.readable(session, self.person), source_id)
            return source_items.in_work(session, source_id)

    def remove(self, source_id: int, *, with_documents: bool) -> Receipt:
        """Remove the source; its documents stay, or are deleted with it where it made them."""
        self._curated(source_id)
        with self.sessions.begin() as session:
            theirs = source_items.made_by(session, source_id) if with_documents else ()
            sources.remove(session, source_id)
        return Library(self.sessions, self.home, person=self.person).delete(theirs)

    def add_page(self, address: str, collection: str | None = None) -> Upload:
        """Fetch a web page and hand it in under its address. Raises `NotAllowedError` before anything is fetched."""
        name = collection or DEFAULT_COLLECTION
        try:
            url = str(read_url(address if "://" in address else f"https://{address.strip()}"))
            with self.sessions.begin() as session:
                rights.place(session, self.person, name)
            with scratch_file(self.home) as scratch:
                page = self.fetcher.fetch(url, scratch)
                assert page is not None
                kind = kind_of(f"page{suffix_of(page)}")
                with self.sessions.begin() as session:
                    rights.place(session, self.person, name)
                    done = submit(
                        session, self.home, scratch, name, name=url, source=url, kind=kind, owner_id=self.person.id
                    )
            return Upload(url, done)
        except NotAllowedError:
            raise
        except AppError as error:
            return Upload(address[:200], problem=str(error))

    def _places(self, kind: SourceKind, text: str, collection: str) -> list[str]:
        """The places, for who may have that collection filled from them."""
        with self.sessions() as session:
            rights.check_place(session, self.person, collection)
            if kind is SourceKind.FOLDER and rights.active(session, self.person).role != UserRole.OWNER:
                raise NotAllowedError(
                    "Only an owner of this installation may name a folder on its machine. Ask one, or use addresses."
                )
        return read_places(kind, text, self.home)

    def _curated(self, source_id: int) -> Source:
        """The source, for who looks after its collection. Raises `NotFoundError`, `NotAllowedError`."""
        with self.sessions() as session:
            source = sources.get(session, rights.readable(session, self.person), source_id)
            rights.curated(session, self.person, collections.name_of(session, source.collection_id))
            return source
