"""Training runs: what is to be learned, how far it is, and what came of it. Their files lie beside the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from chat.errors import InvalidInputError, NotFoundError
from chat.store import adapters, jobs
from chat.store.tables import Adapter, Collection, Run, RunStatus, Snapshot, User

TASK = "train"
"""Name of the job that sees a run through."""
LOCK = "training"
"""One run after another: those that wait keep their place in the queue."""
PAUSE, STOP = "pause", "stop"
UNDER_WAY = (RunStatus.QUEUED, RunStatus.RUNNING)
RESUMABLE = (RunStatus.PAUSED, RunStatus.STOPPED, RunStatus.FAILED)


@dataclass(frozen=True)
class NewRun:
    """A run to be made. `name` is what its adapter will be called."""

    collection_id: int
    snapshot_id: int
    preset: str
    base: str
    settings: Mapping[str, Any]
    name: str
    user_id: int


@dataclass(frozen=True)
class RunLine:
    """A run as a list shows it. `behind` is the run that it waits for, where it does."""

    id: int
    name: str
    snapshot: str | None
    collection_id: int
    collection: str
    preset: str
    base: str
    settings: Mapping[str, Any]
    status: RunStatus
    wanted: str | None
    step: int
    steps: int | None
    error: str | None
    record: Mapping[str, Any]
    device: str
    person_id: int | None
    person: str | None
    adapter: str | None
    """Name of the adapter that came of it."""
    behind: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Whether it waits for a worker or is in one's hands."""
        return self.status in UNDER_WAY

    @property
    def resumable(self) -> bool:
        """Whether it can go on from where it was."""
        return self.status in RESUMABLE


def add(session: Session, new: NewRun) -> int:
    """Make a run and the job that sees it through. Returns the run's id.

    Raises `InvalidInputError` for the name, as `check_name` does.
    """
    check_name(session, new.name)
    run = Run(
        collection_id=new.collection_id,
        snapshot_id=new.snapshot_id,
        preset=new.preset,
        base=new.base,
        settings=dict(new.settings),
        record={"name": new.name},
        user_id=new.user_id,
    )
    session.add(run)
    session.flush()
    _enqueue(session, run)
    return run.id


def check_name(session: Session, name: str) -> None:
    """Raise `InvalidInputError` for a name that no adapter can have, or that is taken or promised."""
    adapters.check_name(name)
    taken = select(Adapter.id).where(Adapter.name == name)
    promised = select(Run.id).where(Run.record["name"].astext == name, Run.status != RunStatus.FINISHED)
    if session.execute(taken.union(promised)).first():
        raise InvalidInputError(f"There is an adapter {name} already, or a run that makes one. Choose another name.")


def free_name(session: Session, stem: str) -> str:
    """A name for an adapter that neither another nor an unfinished run has."""
    taken = set(session.scalars(select(Adapter.name))) | set(session.scalars(select(Run.record["name"].astext)))
    return next(name for number in count(1) if (name := f"{stem[:56]}-{number}") not in taken)


def get(session: Session, collections: Sequence[int] | None, run_id: int) -> Run:
    """The run, of one of these collections; None is all there are. Raises `NotFoundError`."""
    run = session.get(Run, run_id, populate_existing=True)
    if run is None or (collections is not None and run.collection_id not in collections):
        raise missing(run_id)
    return run


def missing(run_id: int) -> NotFoundError:
    """What is said of a run that is not there, or that the person may not know of."""
    return NotFoundError(f"There is no training run {run_id}.")


def lines(session: Session, collections: Sequence[int], limit: int = 100) -> Sequence[RunLine]:
    """The runs of these collections, the newest first."""
    rows = session.execute(_lines().where(Run.collection_id.in_(collections)).order_by(Run.id.desc()).limit(limit))
    return [_line(row) for row in rows]


def line(session: Session, collections: Sequence[int] | None, run_id: int) -> RunLine:
    """One run. Raises `NotFoundError`."""
    get(session, collections, run_id)
    return _line(session.execute(_lines().where(Run.id == run_id)).one())


def latest_unfinished(session: Session, collections: Sequence[int]) -> int | None:
    """Id of the newest run of these collections that can go on, or is under way."""
    unfinished = Run.status != RunStatus.FINISHED
    return session.scalar(
        select(Run.id).where(unfinished, Run.collection_id.in_(collections)).order_by(Run.id.desc()).limit(1)
    )


def claim(session: Session, run_id: int, device: str) -> Run | None:
    """The run, for the worker that has it in hand now; None where it is over, or a person wants it so.

    There is one run at a time on a device. One that a dead worker left there, and that no job speaks for, is stopped.
    """
    session.execute(LET_GO, {"device": device, "run": run_id, "task": TASK})
    run = session.get(Run, run_id, with_for_update=True, populate_existing=True)
    if run is None or run.status not in UNDER_WAY:
        return None
    run.status, run.device, run.error, run.ended_at = RunStatus.RUNNING, device, None, None
    run.started_at = run.started_at or datetime.now().astimezone()
    session.flush()
    return run


LET_GO = sa.text("""
    UPDATE runs SET status = CASE WHEN EXISTS (
        SELECT FROM procrastinate_jobs
        WHERE task_name = :task AND status IN ('todo', 'doing') AND cast(args->>'run_id' AS bigint) = runs.id
    ) THEN 'queued' ELSE 'stopped' END
    WHERE device = :device AND status = 'running' AND id <> :run
""")


def advance(session: Session, run_id: int, step: int, steps: int | None) -> str | None:
    """Say how far a run is. Returns what a person wants of it; `stop` where it was deleted."""
    found = session.execute(
        update(Run).where(Run.id == run_id).values(step=step, steps=steps).returning(Run.wanted)
    ).one_or_none()
    return STOP if found is None else found.wanted


def wanted(session: Session, run_id: int) -> str | None:
    """What a person wants of a run; `stop` where it was deleted."""
    found = session.execute(select(Run.wanted).where(Run.id == run_id)).one_or_none()
    return STOP if found is None else found.wanted


def end(session: Session, run_id: int, status: RunStatus, error: str | None = None, **record: Any) -> None:
    """Say how a run ended, or that it waits again; `record` is added to what is on record."""
    session.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            status=status,
            error=error,
            wanted=None,
            record=Run.record.op("||")(sa.cast(record, sa.dialects.postgresql.JSONB)),
            ended_at=None if status in UNDER_WAY else func.now(),
        )
    )


def want(session: Session, run: Run, what: str) -> None:
    """Have a run paused or stopped. One that no worker has in hand is at once. Does nothing to one that is over."""
    if run.status == RunStatus.QUEUED:
        end(session, run.id, RunStatus.PAUSED if what == PAUSE else RunStatus.STOPPED)
        for job_id in _job_ids(session, run.id, ("todo",)):
            jobs.cancel(session, job_id)
            jobs.forget(session, job_id)
    elif run.status == RunStatus.RUNNING:
        run.wanted = what
        session.flush()


def resume(session: Session, run: Run) -> None:
    """Let a run go on from its last checkpoint. Raises `InvalidInputError` for one that is finished."""
    if run.status == RunStatus.FINISHED:
        raise InvalidInputError(f"Run {run.id} is finished. Start a new one to train more.")
    if run.status in RESUMABLE:
        end(session, run.id, RunStatus.QUEUED)
    elif run.wanted is not None:
        run.wanted = None
        session.flush()
    if not _job_ids(session, run.id, ("todo", "doing")):
        _enqueue(session, run)


def remove(session: Session, run: Run) -> None:
    """Delete a run. Raises `InvalidInputError` for one that is under way; an adapter that came of it stays."""
    if run.status in UNDER_WAY:
        raise InvalidInputError(f"Run {run.id} is under way. Stop it first; then it can be deleted.")
    session.delete(run)
    session.flush()


def _enqueue(session: Session, run: Run) -> None:
    jobs.enqueue(session, TASK, queue=jobs.LONG, lock=LOCK, run_id=run.id)


def _job_ids(session: Session, run_id: int, states: Sequence[str]) -> Sequence[int]:
    """Of the jobs in these states that see a run through."""
    found = sa.text("""
        SELECT id FROM procrastinate_jobs
        WHERE task_name = :task AND cast(args->>'run_id' AS bigint) = :run AND status::text = ANY(:states)
    """)
    return session.scalars(found, {"task": TASK, "run": run_id, "states": list(states)}).all()


def _lines() -> sa.Select[Any]:
    other = aliased(Run)
    behind = (
        select(func.max(other.id))
        .where(other.status == RunStatus.RUNNING, other.id != Run.id, Run.status == RunStatus.QUEUED)
        .scalar_subquery()
    )
    return (
        select(Run, Snapshot.name, Collection.name, User.name, Adapter.name, behind)
        .join(Collection, Collection.id == Run.collection_id)
        .outerjoin(Snapshot, Snapshot.id == Run.snapshot_id)
        .outerjoin(User, User.id == Run.user_id)
        .outerjoin(Adapter, Adapter.run_id == Run.id)
    )


def _line(row: Any) -> RunLine:
    run, snapshot, collection, person, adapter, behind = row
    return RunLine(
        id=run.id,
        name=run.record.get("name", ""),
        snapshot=snapshot,
        collection_id=run.collection_id,
        collection=collection,
        preset=run.preset,
        base=run.base,
        settings=run.settings,
        status=RunStatus(run.status),
        wanted=run.wanted,
        step=run.step,
        steps=run.steps,
        error=run.error,
        record=run.record,
        device=run.device,
        person_id=run.user_id,
        person=person,
        adapter=adapter,
        behind=behind,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
    )
