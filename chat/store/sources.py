"""Sources: places that documents are kept up to date from, and how far the latest sync of each is.

The invariant: whoever notes or removes anything for a sync holds the source's row and carries the token of the run
that the row names. A run that was taken over, by a later one or by a removal, finds that out before it writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store import jobs
from chat.store.tables import Collection, Source, SourceItem, SourceKind

TASK = "sync"
"""Name of the job that syncs a source."""
SILENT = timedelta(minutes=3)
"""A sync that noted nothing for so long has lost its worker, and may be asked for again."""
MOST_PROBLEMS = 100
"""So many are kept in words; the others only count."""


class SyncState(StrEnum):
    """How the latest sync of a source stands."""

    NEVER = "never"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Sync:
    """The latest sync of a source: what it did so far, by kind of change, and what went wrong."""

    state: str = SyncState.NEVER
    run: str = ""
    started_at: str = ""
    noted_at: str = ""
    total: int = 0
    """Places to look at; 0 until they are listed."""
    removing: bool = False
    """Whether what vanished is removed however much it is."""
    known: int = 0
    """Items that there were when it began."""
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Sequence[str]] = ()
    """(place, reason), the first `MOST_PROBLEMS`."""
    held_back: str = ""
    """Why nothing was removed, where something would have been."""
    error: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it is queued, or running and gave a sign of life lately."""
        if self.state == SyncState.RUNNING:
            return datetime.fromisoformat(self.noted_at) > datetime.now(UTC) - SILENT
        return self.state == SyncState.QUEUED

    @property
    def done(self) -> int:
        """Places looked at."""
        return sum(number for change, number in self.counts.items() if change != "removed")


@dataclass(frozen=True)
class SourceLine:
    """One line of the list of sources."""

    source_id: int
    name: str
    kind: str
    places: Sequence[str]
    collection: str
    every_minutes: int | None
    synced_at: datetime | None
    next_sync_at: datetime | None
    documents: int
    sync: Sync


def add(
    session: Session,
    collection: Collection,
    name: str,
    kind: SourceKind,
    places: Sequence[str],
    every_minutes: int | None,
) -> Source:
    """A new source, never synced yet. Raises `InvalidInputError` where the collection has one of that name."""
    due = func.now() + timedelta(minutes=every_minutes) if every_minutes else None
    made = session.scalars(
        insert(Source)
        .values(
            collection_id=collection.id,
            name=name,
            kind=kind,
            places=list(places),
            every_minutes=every_minutes,
            next_sync_at=due,
        )
        .on_conflict_do_nothing()
        .returning(Source)
    ).one_or_none()
    if made is None:
        raise InvalidInputError(
            f"The collection {collection.name} has a source called {name} already. Choose another name."
        )
    return made


def get(session: Session, readable: Sequence[int], source_id: int, *, lock: bool = False) -> Source:
    """The source of that id, in a collection that may be read. Raises `NotFoundError`."""
    wanted = select(Source).where(Source.id == source_id, Source.collection_id.in_(readable))
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFoundError(f"There is no source {source_id}. `python -m admin sources list` shows them.")
    return found


def lines(session: Session, readable: Sequence[int]) -> list[SourceLine]:
    """Every source of these collections, by collection and name."""
    made = select(func.count()).where(SourceItem.source_id == Source.id, SourceItem.document_id.is_not(None))
    rows = session.execute(
        select(Source, Collection.name.label("collection"), made.scalar_subquery().label("documents"))
        .join(Collection)
        .where(Source.collection_id.in_(readable))
        .order_by(Collection.name, Source.name)
    )
    return [
        SourceLine(
            source.id,
            source.name,
            source.kind,
            source.places,
            collection,
            source.every_minutes,
            source.synced_at,
            source.next_sync_at,
            documents,
            Sync(**source.result),
        )
        for source, collection, documents in rows
    ]


def request(session: Session, source: Source, *, removing: bool = False, queued: bool = True) -> bool:
    """Ask for a sync of the source, whose row is locked, and queue a job for it unless the caller does it itself.

    With `removing`, what vanished is removed however much it is. False where a sync is running already.
    """
    latest = Sync(**source.result)
    if latest.state == SyncState.RUNNING and latest.under_way:
        return False
    # One that was cut short is taken up where it stopped.
    base = latest if latest.state in (SyncState.RUNNING, SyncState.QUEUED) else Sync()
    _write(source, replace(base, state=SyncState.QUEUED, removing=removing or base.removing))
    if queued and not _waits(session, source.id):
        enqueue(session, source.id)
    return True


def _waits(session: Session, source_id: int) -> bool:
    """Whether a job for the source is in the queue, untouched: where no worker is alive, jobs must not pile up."""
    waiting = sa.text(
        "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'todo' AND task_name = :task"
        " AND (args->>'source_id')::bigint = :source)"
    )
    return bool(session.execute(waiting, {"task": TASK, "source": source_id}).scalar_one())


def enqueue(session: Session, source_id: int) -> None:
    """Queue the job that does, or goes on with, the sync of the source."""
    jobs.enqueue(session, TASK, lock=f"source:{source_id}", share=f"source:{source_id}", source_id=source_id)


def claim_due(session: Session) -> list[int]:
    """Queue a sync of every source whose time has come, and set the next time. Returns their ids.

    Any number of workers may ask at once: each source is claimed by one of them.
    """
    due = session.scalars(
        select(Source).where(Source.next_sync_at <= func.now()).with_for_update(skip_locked=True)
    ).all()
    for source in due:
        assert source.every_minutes is not None
        source.next_sync_at = datetime.now(UTC) + timedelta(minutes=source.every_minutes)
        request(session, source)
    return [source.id for source in due]


def begin(session: Session, source_id: int) -> tuple[Source, Sync] | None:
    """Start a sync, or take up the one that was cut short. None where the source is gone."""
    source = session.get(Source, source_id, with_for_update=True)
    if source is None:
        return None
    latest = Sync(**source.result)
    if not latest.started_at or latest.state in (SyncState.DONE, SyncState.FAILED):
        known = session.scalars(select(func.count()).where(SourceItem.source_id == source_id)).one()
        now = session.scalars(select(func.now())).one()
        removing = latest.removing and latest.state == SyncState.QUEUED
        latest = Sync(started_at=now.isoformat(), known=known, removing=removing)
    latest = _write(source, replace(latest, state=SyncState.RUNNING, run=uuid4().hex))
    session.flush()
    session.expunge(source)
    return source, latest


def note(session: Session, source_id: int, sync: Sync) -> bool:
    """Write down how far the sync is, and hold the source until the transaction ends. False if it was taken over."""
    source = session.get(Source, source_id, with_for_update=True)
    if source is None or source.result.get("run") != sync.run:
        return False
    _write(source, sync)
    if sync.state == SyncState.DONE:
        source.synced_at = func.now()
    session.flush()
    return True


def _write(source: Source, sync: Sync) -> Sync:
    noted = replace(sync, noted_at=datetime.now(UTC).isoformat(), problems=list(sync.problems)[:MOST_PROBLEMS])
    source.result = asdict(replace(noted, counts=dict(noted.counts)))
    return noted


def remove(session: Session, source_id: int) -> None:
    """Delete the source and what it remembers. Its documents stay."""
    session.execute(delete(Source).where(Source.id == source_id))
