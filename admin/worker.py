"""Runs jobs: as many workers as you like, on as many hosts. A job whose worker died is taken up again.

A worker does one job of each queue at a time, so that a document never waits for a training run.

A worker that comes back from the dead cannot end a job that moved on, and whatever it still writes is never seen.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import procrastinate
import sqlalchemy as sa
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker

from admin.curation import embedders
from admin.curation.documents.ingesting import TASK, Ingestion, Interrupted
from admin.curation.embedders import Changeover
from admin.curation.sources.syncing import Syncing
from admin.evaluation.run import Evaluating
from admin.training import drafting as draftings
from admin.training.drafting import Drafting
from admin.training.runs import Trainer
from chat.errors import AppError
from chat.store import evaluations, jobs, runs, sources
from chat.store.jobs import ALIVE_S, LONG, QUEUE, QUEUES
from chat.store.session import Sessions

BEAT_S = 3
SWEEP_S = 3
WATCH_S = 30
GRACE_S = 5
"""How long a job may go on when its worker is to end. Then it is put back, and the next worker goes on with it."""
TRIES = 3
"""How often a job that raised something unforeseen is tried in all."""
LONGEST_WAIT_S = 60
PASSING = ("08", "25006", "40", "53100", "53300", "55", "57")
"""SQLSTATE: connection lost, read-only standby, deadlock, disk full, too many connections, locked, shut down: no fault
of the job's."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """The queue of a database, with every task that a worker can do."""

    app: procrastinate.App
    sessions: Sessions
    chores: Sequence[Callable[[], object]] = ()
    """What each worker does every `WATCH_S` beside its jobs, in turn. Workers may do one at the same time."""


@dataclass(frozen=True)
class Task:
    """What jobs of that name do. `do` is asked to stop by a function that says no; it then raises `Interrupted`.

    What nobody foresaw is tried again; after the last try, `give_up` gets the exception. Both get the job's arguments.
    Its jobs are queued with `jobs.enqueue(session, name, queue=queue)`.
    """

    name: str
    do: Callable[..., None]
    give_up: Callable[..., None]
    queue: str = QUEUE


class TryAgain(Exception):  # noqa: N818  (no error, but what follows from one)
    """The try failed; another may succeed."""


class Again(procrastinate.BaseRetryStrategy):
    """Tries again what was interrupted, what asks for it, and at growing intervals what the database could not do."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        if isinstance(exception, JobAborted):
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, TryAgain) or passing(exception):
            return procrastinate.RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 10), LONGEST_WAIT_S)})
        return None


class FencedJobs(JobManager):
    """Lets only the worker that has a job in hand say how it ended: the others come too late."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        if await self._lost(job):
            log.warning("job %s was taken up by another worker meanwhile", job.id)
        else:
            await super().finish_job(job, status, delete_job)

    async def retry_job(self, job: Job, *args: Any, **options: Any) -> None:
        if await self._lost(job):
            log.warning("job %s was taken up by another worker meanwhile", job.id)
        else:
            await super().retry_job(job, *args, **options)

    async def _lost(self, job: Job) -> bool:
        """Whether the job moved on. If not, this worker is thought alive from now on, so that it does not move yet."""
        mine = await self.connector.execute_query_all_async(
            """
            UPDATE procrastinate_workers SET last_heartbeat = now()
            FROM procrastinate_jobs AS jobs
            WHERE jobs.id = %(id)s AND status = 'doing' AND attempts = %(attempts)s
              AND worker_id = %(worker)s AND procrastinate_workers.id = worker_id
            RETURNING jobs.id
            """,
            id=job.id,
            attempts=job.attempts,
            worker=job.worker_id,
        )
        return not mine


def make_app(conninfo: str, ingestion: Ingestion, *more: Task) -> Work:
    """The queue of that database, with the reading of documents and whatever else its workers do."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, max_size=8, timeout=10))
    app.job_manager = FencedJobs(app.connector)

    def process(go_on: Callable[[], bool], version_id: int) -> None:
        ingestion.process(version_id, go_on)

    def give_up(error: Exception, version_id: int) -> None:
        ingestion.give_up(version_id, error)

    for task in (Task(TASK, process, give_up), *more):
        add(app, ingestion.sessions, task)
    return Work(app, ingestion.sessions)


def syncs(syncing: Syncing) -> Task:
    """The syncing of sources, as a task for `make_app`."""
    return Task(sources.TASK, syncing.work, syncing.give_up)


def rebuilds(changeover: Changeover) -> Task:
    """The building of another embedder's vectors, as a task for `make_app`."""
    return Task(embedders.TASK, changeover.work, lambda _error: None)


def evaluates(evaluating: Evaluating) -> Task:
    """The asking of an evaluation's questions, as a task for `make_app`."""
    return Task(evaluations.TASK, evaluating.work, evaluating.give_up, queue=LONG)


def drafts(drafting: Drafting) -> Task:
    """The drafting of training examples, as a task for `make_app`."""
    return Task(draftings.TASK, drafting.work, lambda _error, **_arguments: None, queue=LONG)


def trains(trainer: Trainer) -> Task:
    """The seeing through of training runs, as a task for `make_app`."""
    return Task(runs.TASK, trainer.work, trainer.give_up, queue=LONG)


def add(app: procrastinate.App, sessions: Sessions, task: Task) -> None:
    """Teach the queue a task."""

    @app.task(name=task.name, queue=task.queue, pass_context=True, retry=Again())
    def run(context: JobContext, /, **arguments: Any) -> None:
        arguments.pop("share", None)
        try:
            task.do(lambda: not context.should_abort(), **arguments)
        except Interrupted:
            raise JobAborted from None
        except Exception as error:
            tries = note(sessions, context.job.id or 0, error)
            if passing(error):
                raise
            if tries < TRIES and not isinstance(error, AppError):
                raise TryAgain from error
            task.give_up(error, **arguments)
            raise


def note(sessions: Sessions, job_id: int, error: Exception) -> int:
    """Remember why a try failed. Returns how many did; 0 where the database is out of reach."""
    first_line = str(error).partition("\n")[0]
    said = first_line if isinstance(error, AppError) else f"{type(error).__name__}: {first_line}"
    with suppress(sa.exc.OperationalError), sessions.begin() as session:
        return jobs.note_failure(session, job_id, said)
    return 0


def passing(error: BaseException) -> bool:
    """Whether the database could not be used for a reason that will pass."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    return error.connection_invalidated or str(getattr(error.orig, "sqlstate", None) or "08").startswith(PASSING)


async def run(work: Work, until: Callable[[], Awaitable[bool]] | None = None) -> None:
    """Run jobs until cancelled or, if `until` is given, until that says so; then finish the job in hand.

    Outlives the loss of its database.
    """
    while not await live(work, until):
        log.warning("The database was lost; trying to reach it again.")
        await asyncio.sleep(1)


async def live(work: Work, until: Callable[[], Awaitable[bool]] | None) -> bool:
    """Be a worker until told to end: true; or until the database is lost, or another took this worker for dead."""
    try:
        await asyncio.to_thread(reach, work.sessions)
        async with work.app.open_async():
            serving = [serve(work.app, queue) for queue in QUEUES]
            running = [asyncio.create_task(worker.run()) for worker in serving]  # type: ignore[no-untyped-call]
            beside = [asyncio.create_task(each) for each in (sweep(work.sessions, serving), watch(work.chores))]
            try:
                return await told(running, until)
            finally:
                for each in beside:
                    each.cancel()
                for each in running:
                    each.cancel()
                await asyncio.gather(*running, return_exceptions=True)
    except (ConnectorException, sa.exc.OperationalError):
        log.debug("a worker's life ended", exc_info=True)
        return False


def serve(app: procrastinate.App, queue: str) -> Worker:
    """What does the jobs of one queue, one after another."""
    return Worker(
        app=app,
        queues=[queue],
        name=queue,
        concurrency=1,
        install_signal_handlers=False,
        fetch_job_polling_interval=0.5,
        abort_job_polling_interval=2,
        update_heartbeat_interval=BEAT_S,
        stalled_worker_timeout=ALIVE_S,
        shutdown_graceful_timeout=GRACE_S,
        delete_jobs=DeleteJobCondition.SUCCESSFUL,
    )


def reach(sessions: Sessions) -> None:
    """Connect once, which starts an embedded database that has died. Raises `OperationalError` when out of reach."""
    with sessions() as session:
        session.connection()


async def told(running: Sequence["asyncio.Task[None]"], until: Callable[[], Awaitable[bool]] | None) -> bool:
    """Wait for `until`: true; or for one of them to end by itself: false."""
    while not any(each.done() for each in running):
        if until is not None and await until():
            return True
        await asyncio.wait(running, timeout=0.1 if until else None, return_when=asyncio.FIRST_COMPLETED)
    for each in running:
        if each.done():
            await each
    return False


async def sweep(sessions: Sessions, serving: Sequence[Worker]) -> None:
    """Sign on, and put the jobs of dead workers back into the queue, again and again."""
    while any(worker.worker_id is None for worker in serving):
        await asyncio.sleep(0.02)
    ids = [worker.worker_id for worker in serving if worker.worker_id is not None]
    while True:
        with suppress(sa.exc.DBAPIError):
            await asyncio.to_thread(tidy, sessions, ids)
        await asyncio.sleep(SWEEP_S)


async def watch(chores: Sequence[Callable[[], object]]) -> None:
    """Do the chores again and again. One that the database could not do is done the next time."""
    while chores:
        for chore in chores:
            with suppress(sa.exc.DBAPIError):
                await asyncio.to_thread(chore)
        await asyncio.sleep(WATCH_S)


def tidy(sessions: Sessions, worker_ids: Sequence[int]) -> None:
    """What workers do for one another, each now and then."""
    with sessions.begin() as session:
        jobs.sign_on(session, worker_ids, socket.gethostname(), os.getpid())
        for job_id in jobs.take_back(session):
            log.warning("job %s lost its worker and is taken up again", job_id)
        jobs.prune(session)
        sources.claim_due(session)
