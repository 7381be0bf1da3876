"""Runs jobs: as many workers as you like, on as many hosts. A job whose worker died is taken up again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import procrastinate
from procrastinate import JobContext, RetryStrategy
from procrastinate.jobs import Status

from admin.curation.documents import TASK, Ingestion
from chat.store.jobs import ALIVE_S, QUEUE

BEAT_S = 5
SWEEP_S = 10
TRIES = 3
"""How often a job that raised something unforeseen is tried in all."""
log = logging.getLogger(__name__)


def make_app(conninfo: str, ingestion: Ingestion) -> procrastinate.App:
    """The queue of that database, with every task that a worker can do."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, max_size=4))

    @app.task(name=TASK, queue=QUEUE, pass_context=True, retry=RetryStrategy(max_attempts=TRIES - 1, wait=1))
    def ingest(context: JobContext, version_id: int) -> None:
        try:
            ingestion.process(version_id)
        except Exception as error:
            if context.job.attempts >= TRIES - 1:
                ingestion.give_up(version_id, error)
            raise

    return app


async def run(app: procrastinate.App, until: Callable[[], Awaitable[bool]] | None = None) -> None:
    """Run jobs until cancelled or, if `until` is given, until that says so; then finish the job in hand."""
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=1,
                install_signal_handlers=False,
                fetch_job_polling_interval=0.5,
                update_heartbeat_interval=BEAT_S,
                stalled_worker_timeout=ALIVE_S,
                shutdown_graceful_timeout=20,
            )
        )
        sweeper = asyncio.create_task(sweep(app))
        try:
            if until is None:
                await worker
            while until is not None and not worker.done() and not await until():
                await asyncio.sleep(0.1)
        finally:
            sweeper.cancel()
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker


async def sweep(app: procrastinate.App) -> None:
    """Put the jobs of dead workers back into the queue, again and again."""
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=ALIVE_S):
            log.warning("job %s lost its worker and is taken up again", job.id)
            assert job.id is not None
            try:
                await app.job_manager.retry_job(job)
            except procrastinate.exceptions.UniqueViolation:
                await app.job_manager.finish_job_by_id_async(job_id=job.id, status=Status.FAILED, delete_job=False)
        await asyncio.sleep(SWEEP_S)
