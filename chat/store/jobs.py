"""Jobs: put into the queue by name, in the caller's transaction, so that a job and its row exist or do not together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from procrastinate import App, PsycopgConnector
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.session import raw_connection
from chat.store.tables import JobFailure, Worker

QUEUE = "default"
"""Documents and short work."""
LONG = "long"
"""Training, evaluation, drafting: what takes minutes to hours, and shall keep no document waiting."""
QUEUES = (QUEUE, LONG)
"""Every worker serves each of them, with one job at a time."""
ALIVE_S = 15
"""Seconds since its last heartbeat after which a worker counts as gone."""
SHOWN = 50
"""Jobs of each state that are listed."""
KEPT_DAYS = 7
"""How long a job that failed or was cancelled is remembered. One that succeeded is removed at once."""


@dataclass(frozen=True)
class QueueState:
    """How the queue stands: jobs by state, and workers that gave a sign of life lately."""

    waiting: int
    running: int
    workers: int


@dataclass(frozen=True)
class AliveWorker:
    """A worker that gave a sign of life lately, where it runs, and how many jobs it has in hand.

    It is one process, known to the queue by an id for each queue that it serves; `id` is the first of `ids`.
    """

    id: int
    ids: Sequence[int]
    host: str
    pid: int
    since: datetime
    jobs: int


@dataclass(frozen=True)
class Job:
    """A job. `arguments` are its task's; `progress` (0 to 1) and `document` are those of the version it reads.

    `state` is one of `waiting running failed cancelled`; `error` says in words why the last try failed, if one did.
    """

    id: int
    task: str
    state: str
    arguments: dict[str, Any]
    tries: int
    worker: int | None
    since: datetime | None
    progress: float | None
    document_id: int | None
    document: str | None
    collection: str | None
    error: str | None


def enqueue(
    session: Session,
    task: str,
    *,
    queue: str = QUEUE,
    lock: str | None = None,
    share: str = "",
    **arguments: int | str,
) -> int:
    """Queue the task called `task`; a worker sees it when the transaction commits. Returns the job's id.

    Jobs with the same `lock` run one after another. Those who queue much do not keep those who queue little waiting:
    each `share` gets its turns among the others, however many jobs it has queued.
    """
    turn = session.execute(NEXT_TURN, {"queue": queue, "share": share}).scalar_one()
    app = App(connector=PsycopgConnector())
    deferrer = app.configure_task(task, lock=lock, queue=queue, priority=-turn, connection=raw_connection(session))
    return int(deferrer.defer(share=share, **arguments))


NEXT_TURN = sa.text("""
    SELECT greatest(
        coalesce(
            (SELECT -priority FROM procrastinate_jobs
             WHERE status = 'todo' AND queue_name = :queue ORDER BY priority DESC, id LIMIT 1),
            (SELECT max(-priority) FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = :queue),
            0
        ),
        (SELECT 1 - priority FROM procrastinate_jobs
         WHERE status = 'todo' AND queue_name = :queue AND args->>'share' = :share ORDER BY priority LIMIT 1)
    )
""")
"""Start-time fair queueing (Goyal, Vin and Cheng, 1996): a job's turn is the one after its share's last, but no earlier
than the turn that is being served. A newcomer comes next; whoever queued thousands keeps the turns it was given."""


def state(session: Session) -> QueueState:
    row = session.execute(
        sa.text("""
            SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
                   count(*) FILTER (WHERE status = 'doing') AS running,
                   (SELECT count(DISTINCT (host, pid)) FROM workers JOIN procrastinate_workers USING (id)
                    WHERE abs(extract(epoch FROM now() - last_heartbeat)) <= :alive) AS workers
            FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
        """),
        {"alive": ALIVE_S},
    ).one()
    return QueueState(row.waiting, row.running, row.workers)


def workers(session: Session) -> list[AliveWorker]:
    """The workers that are alive, the longest-serving first."""
    rows = session.execute(
        sa.text("""
            SELECT min(workers.id) AS id, array_agg(workers.id ORDER BY workers.id) AS ids,
                   host, pid, min(started_at) AS since,
                   sum((SELECT count(*) FROM procrastinate_jobs
                        WHERE worker_id = workers.id AND status = 'doing'))::int AS jobs
            FROM workers JOIN procrastinate_workers USING (id)
            WHERE abs(extract(epoch FROM now() - last_heartbeat)) <= :alive
            GROUP BY host, pid
            ORDER BY since, id
        """),
        {"alive": ALIVE_S},
    )
    return [AliveWorker(**row._mapping) for row in rows]


LISTED = """
    SELECT jobs.id, task_name AS task, priority,
           CASE WHEN jobs.status = 'todo' THEN 'waiting' WHEN jobs.status = 'doing' THEN 'running'
                WHEN jobs.status IN ('cancelled', 'aborted') THEN 'cancelled' ELSE 'failed' END AS state,
           args - 'share' AS arguments, attempts AS tries, jobs.worker_id AS worker,
           (SELECT max(at) FROM procrastinate_events WHERE job_id = jobs.id) AS since,
           coalesce(versions.progress, cast(runs.step AS double precision) / nullif(runs.steps, 0)) AS progress,
           documents.id AS document_id, documents.name AS document, collections.name AS collection, job_failures.error
    FROM procrastinate_jobs AS jobs
    LEFT JOIN document_versions AS versions ON versions.id = cast(args->>'version_id' AS bigint)
    LEFT JOIN documents ON documents.id = versions.document_id
    LEFT JOIN runs ON runs.id = cast(args->>'run_id' AS bigint)
    LEFT JOIN collections ON collections.id = coalesce(documents.collection_id, runs.collection_id)
    LEFT JOIN job_failures ON job_failures.job_id = jobs.id
    WHERE cast(:collections AS bigint[]) IS NULL OR collections.id = ANY(:collections)
"""
ORDERS = {"waiting": "priority DESC, id", "running": "id", "failed": "id DESC", "cancelled": "id DESC"}
Within = Sequence[int] | None
"""Collections whose documents' jobs are seen; None for every job there is."""


def listed(session: Session, within: Within, state: str, limit: int | None = SHOWN) -> list[Job]:
    """Jobs in that state: those that wait in the order of their turns, those that ended latest first.

    Raises `KeyError` for an unknown state.
    """
    chosen = f"SELECT * FROM ({LISTED}) AS listed WHERE state = :state ORDER BY {ORDERS[state]} LIMIT :limit"  # noqa: S608  (of constants)
    rows = session.execute(sa.text(chosen), {"collections": within, "state": state, "limit": limit})
    return [_job(row) for row in rows]


def get(session: Session, within: Within, job_id: int) -> Job:
    """The job of that id. Raises `NotFoundError`; one that succeeded is gone, too."""
    chosen = sa.text(f"SELECT * FROM ({LISTED}) AS listed WHERE id = :id")  # noqa: S608
    row = session.execute(chosen, {"collections": within, "id": job_id}).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no job {job_id}: it is done, or never was. `python -m admin jobs list` shows them."
        )
    return _job(row)


def _job(row: sa.Row[Any]) -> Job:
    return Job(**{name: value for name, value in row._mapping.items() if name != "priority"})


def counts(session: Session, within: Within) -> dict[tuple[str, str], int]:
    """How many jobs there are by state and task."""
    grouped = sa.text(f"SELECT state, task, count(*) FROM ({LISTED}) AS listed GROUP BY 1, 2 ORDER BY 1, 2")  # noqa: S608
    return {(state, task): number for state, task, number in session.execute(grouped, {"collections": within})}


def cancel(session: Session, job_id: int) -> bool:
    """Take a waiting job out of the queue, or ask the worker that runs it to stop. False if it had ended already."""
    cancelled = session.execute(sa.text("SELECT procrastinate_cancel_job_v1(:id, true, false)"), {"id": job_id})
    return cancelled.scalar_one() is not None


def forget(session: Session, job_id: int) -> None:
    """Remove a job that has ended. Does nothing to one that waits or runs."""
    ended = sa.text("DELETE FROM procrastinate_jobs WHERE id = :id AND status NOT IN ('todo', 'doing')")
    session.execute(ended, {"id": job_id})


def retry(session: Session, job_id: int) -> None:
    """Put a job that failed or was cancelled back into the queue, as if it were new. Does nothing to any other."""
    session.execute(delete(JobFailure).where(JobFailure.job_id == job_id))
    session.execute(
        sa.text("""
            UPDATE procrastinate_jobs
            SET status = 'todo', attempts = 0, scheduled_at = NULL, worker_id = NULL, abort_requested = false
            WHERE id = :id AND status IN ('failed', 'cancelled', 'aborted')
        """),
        {"id": job_id},
    )


def note_failure(session: Session, job_id: int, error: str) -> int:
    """Remember in words why a try at the job failed; of several, the last counts. Returns how many did."""
    there = sa.text("SELECT FROM procrastinate_jobs WHERE id = :id FOR KEY SHARE")
    if session.execute(there, {"id": job_id}).first() is None:
        return 0
    noted = insert(JobFailure).values(job_id=job_id, error=error)
    renewed = {"error": noted.excluded.error, "tries": JobFailure.tries + 1, "failed_at": sa.func.now()}
    upserted = noted.on_conflict_do_update(index_elements=["job_id"], set_=renewed).returning(JobFailure.tries)
    return session.execute(upserted).scalar_one()


def sign_on(session: Session, worker_ids: Sequence[int], host: str, pid: int) -> None:
    """Say where a worker, known to procrastinate by those ids, runs."""
    rows = [{"id": worker_id, "host": host, "pid": pid} for worker_id in worker_ids]
    session.execute(insert(Worker).values(rows).on_conflict_do_nothing())


def take_back(session: Session) -> Sequence[int]:
    """Put the jobs of dead workers back into the queue. Returns their ids; of several callers, each gets its own.

    One that was to be cancelled is. A sign of life from the future tells of a clock that was put back, not of life.
    """
    taken = session.execute(
        sa.text("""
            UPDATE procrastinate_jobs
            SET status = CASE WHEN abort_requested THEN 'aborted' ELSE 'todo' END::procrastinate_job_status,
                abort_requested = false, attempts = attempts + 1, worker_id = NULL, scheduled_at = NULL
            WHERE id IN (
                SELECT jobs.id FROM procrastinate_jobs AS jobs
                LEFT JOIN procrastinate_workers AS workers ON workers.id = jobs.worker_id
                WHERE status = 'doing'
                  AND coalesce(abs(extract(epoch FROM now() - workers.last_heartbeat)) > :alive, true)
                FOR UPDATE OF jobs SKIP LOCKED
            )
            RETURNING id
        """),
        {"alive": ALIVE_S},
    )
    return taken.scalars().all()


def prune(session: Session) -> None:
    """Forget the jobs that failed or were cancelled long ago."""
    session.execute(
        sa.text("""
            DELETE FROM procrastinate_jobs AS jobs
            WHERE status NOT IN ('todo', 'doing')
              AND NOT EXISTS (
                  SELECT FROM procrastinate_events
                  WHERE job_id = jobs.id AND at > now() - make_interval(days => :kept)
              )
        """),
        {"kept": KEPT_DAYS},
    )
