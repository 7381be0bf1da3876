"""A sync: what a source has now becomes the documents of its collection. What a worker does with the job.

Every place is dealt with in a transaction of its own, which also notes how far the sync is. So one that is killed
goes on where it stopped, one that is taken over writes nothing more, and no document is handed in twice.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from admin.curation.documents.ingesting import Interrupted, blob_path, submit
from admin.curation.sources.fetch import Fetcher
from admin.curation.sources.survey import Change, Finding, Listing, Reader, reader, vanished, why_kept
from chat.errors import AppError
from chat.store import collections, documents, holdings, source_items, sources
from chat.store.session import Sessions
from chat.store.sources import Sync, SyncState
from chat.store.tables import DocumentVersion, Source, SourceItem

BATCH = 100
"""Unchanged places that are noted at a time."""
NOTED_EVERY_S = 2.0
SLICE_S = 60.0
"""After so long a sync lets other jobs in, and goes on when its turn comes again."""
HELD = "The source “{}” keeps a document of this name up to date. Take it out of one of the two."

Report = Callable[[Sync], object]


class TakenOver(Exception):  # noqa: N818 - it is no error: somebody else goes on
    """This run is no longer the one that counts."""


@contextmanager
def scratch_file(home: Path) -> Iterator[Path]:
    """A file to fetch into, gone afterwards."""
    incoming = home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=incoming) as folder:
        yield Path(folder) / "page"


@dataclass(frozen=True)
class Syncing:
    """Syncs sources, whoever asks for it."""

    sessions: Sessions
    home: Path
    fetcher: Fetcher

    def work(self, go_on: Callable[[], bool], source_id: int) -> None:
        """Do the job: sync the source for a while, and queue the rest as another job, so that others get their turn.

        Raises `Interrupted` when `go_on` says no.
        """
        self.sync(source_id, go_on=go_on, slice_s=SLICE_S)

    def sync(
        self,
        source_id: int,
        *,
        go_on: Callable[[], bool] = lambda: True,
        slice_s: float | None = None,
        report: Report = lambda _: None,
    ) -> Sync | None:
        """Make the documents what the source has; go on with a sync that was cut short. Returns what it did.

        None where the source is gone or another run took over. Raises `Interrupted` when `go_on` says no.
        """
        with self.sessions.begin() as session:
            begun = sources.begin(session, source_id)
            if begun is None:
                return None
            source, sync = begun
            collection = collections.name_of(session, source.collection_id)
            known = source_items.by_place(session, source_id)
            held = source_items.held_by_others(session, source.collection_id, source_id)
        with scratch_file(self.home) as scratch:
            looking = reader(source.kind, source.places, self.fetcher, scratch)
            run = _Run(self.sessions, self.home, source, collection, known, held, sync, report)
            try:
                return run.finish(looking, go_on, time.monotonic() + (slice_s or math.inf))
            except TakenOver:
                return None

    def give_up(self, error: Exception, source_id: int) -> None:
        """Let the sync fail for something that nobody foresaw, however often it was tried."""
        with self.sessions.begin() as session:
            begun = sources.begin(session, source_id)
            if begun is not None:
                first_line = str(error).partition("\n")[0]
                reason = f"Something went wrong that should not have: {type(error).__name__}: {first_line}"
                sources.note(session, source_id, replace(begun[1], state=SyncState.FAILED, error=reason))


@dataclass
class _Run:
    """One run of a sync, with what it has not noted yet."""

    sessions: Sessions
    home: Path
    source: Source
    collection: str
    known: Mapping[str, SourceItem]
    held: Mapping[str, str]
    sync: Sync
    report: Report
    unchanged: list[Finding] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    noted: float = field(default_factory=time.monotonic)

    def finish(self, looking: Reader, go_on: Callable[[], bool], deadline: float) -> Sync:
        """Look at every place that this sync has not seen yet, then remove what vanished."""
        try:
            listing = looking.listing()
        except AppError as error:
            self._note(state=SyncState.FAILED, error=str(error))
            return self.sync
        self._note(total=len(listing.places) + len(listing.unreadable))
        for finding in self._findings(looking, listing):
            self._take(finding)
            if not go_on():
                self._note()
                raise Interrupted
            if time.monotonic() > deadline:
                self._later()
                return self.sync
        self._note()
        self._remove(listing)
        self._note(state=SyncState.DONE)
        return self.sync

    def _findings(self, looking: Reader, listing: Listing) -> Iterator[Finding]:
        began = datetime.fromisoformat(self.sync.started_at)
        told = {place for place, _ in self.sync.problems}
        yield from (finding for finding in listing.unreadable if finding.place not in told)
        for place, where in listing.places.items():
            item = self.known.get(place)
            if place in told or (item is not None and item.seen_at >= began):
                continue
            if place in self.held:
                yield Finding(place, Change.UNREADABLE, HELD.format(self.held[place]))
            else:
                yield looking.look(place, where, item)

    def _take(self, finding: Finding) -> None:
        if finding.change is Change.REMOVED:
            self.gone.append(finding.place)
        elif finding.change is Change.UNCHANGED:
            self.unchanged.append(finding)
        elif finding.change is Change.UNREADABLE:
            self._problem(finding)
        else:
            self._hand_in(finding)
        if len(self.unchanged) >= BATCH or time.monotonic() > self.noted + NOTED_EVERY_S:
            self._note()

    def _hand_in(self, finding: Finding) -> None:
        """The new bytes, what is remembered of them and the count, in one transaction."""
        assert finding.file is not None
        if self.unchanged:
            self._note()
        before, self.sync = self.sync, self._counted(finding.change)
        try:
            with self.sessions.begin() as session:
                self._write(session)
                done = submit(
                    session, self.home, finding.file, self.collection, name=finding.place, source=finding.source,
                    kind=finding.kind,
                )  # fmt: skip
                # What was read now, should it have changed since it was looked at.
                sha256 = session.get_one(DocumentVersion, done.version_id).sha256
                made = done.new and done.version == 1
                source_items.record(
                    session, self.source.id, finding.place, document_id=done.document_id if made else None,
                    sha256=sha256, etag=finding.etag, modified=finding.modified,
                )  # fmt: skip
        except AppError as error:
            self.sync = before
            self._problem(replace(finding, reason=str(error)))
            return
        self._noted()

    def _problem(self, finding: Finding) -> None:
        counted = self._counted(Change.UNREADABLE)
        self.sync = replace(counted, problems=[*self.sync.problems, (finding.place, finding.reason)])

    def _remove(self, listing: Listing) -> None:
        """Delete the documents of what vanished that this source made, unless so much vanished that it is suspicious.

        A killed run may leave an item without its document; the next one finds nothing to delete, and forgets it.
        """
        away = vanished(listing, self.known, self.gone)
        why = "" if self.sync.removing else why_kept(len(away), self.sync.known, listing.incomplete)
        if why:
            self.sync = replace(self.sync, held_back=why)
            return
        for place in away:
            self.sync = self._counted(Change.REMOVED)
            with self.sessions.begin() as session:
                self._write(session)
                document_id = self.known[place].document_id
                held = holdings.of_documents(session, [document_id] if document_id else [])
                for each in held.document_ids:
                    documents.remove(session, each)
                source_items.forget(session, self.source.id, place)
            self._drop_files(held)
            self._noted()

    def _drop_files(self, held: holdings.Holdings) -> None:
        with self.sessions.begin() as session:
            holdings.lock_files(session, to_remove=True)
            for digest in holdings.unused(session, list(held.sizes)):
                blob_path(self.home, digest).unlink(missing_ok=True)

    def _later(self) -> None:
        """Queue the rest of the work, with what was done so far noted."""
        with self.sessions.begin() as session:
            self._write(session)
            sources.enqueue(session, self.source.id)
        self._noted()

    def _counted(self, change: Change) -> Sync:
        counts = {**self.sync.counts, change.value: self.sync.counts.get(change, 0) + 1}
        return replace(self.sync, counts=counts)

    def _note(self, **changes: object) -> None:
        self.sync = replace(self.sync, **changes)  # type: ignore[arg-type]
        with self.sessions.begin() as session:
            self._write(session)
        self._noted()

    def _write(self, session: Session) -> None:
        """Note how far this run is, with the places found unchanged. Raises `TakenOver`."""
        counts = {**self.sync.counts}
        if self.unchanged:
            counts[Change.UNCHANGED.value] = counts.get(Change.UNCHANGED, 0) + len(self.unchanged)
            self.sync = replace(self.sync, counts=counts)
        if not sources.note(session, self.source.id, self.sync):
            raise TakenOver
        source_items.touch(session, self.source.id, [(each.place, each.etag, each.modified) for each in self.unchanged])
        self.unchanged.clear()

    def _noted(self) -> None:
        self.noted = time.monotonic()
        self.report(self.sync)
