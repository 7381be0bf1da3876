"""Running a real worker for as long as a test needs it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from admin import worker
from admin.worker import Task, Work
from tests.rag.library import Library

LIMIT_S = 60


def work_for(library: Library, *more: Task) -> Work:
    return worker.make_app(library.database.conninfo, library.ingestion, *more)


def run_until(work: Work, done: Callable[[], bool]) -> None:
    """Run a worker until `done` says so, and let it end gracefully."""

    async def until() -> bool:
        return await asyncio.to_thread(done)

    asyncio.run(asyncio.wait_for(worker.run(work, until), LIMIT_S))


def run_and_stop(work: Work, begun: Callable[[], bool]) -> None:
    """Run a worker as `python -m admin worker` does, and tell it to end once `begun` says so."""

    async def live() -> None:
        running = asyncio.ensure_future(worker.run(work))
        while not await asyncio.to_thread(begun):
            await asyncio.sleep(0.02)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(live(), LIMIT_S))


def nothing(*_: object, **__: object) -> None:
    """What a task does that has nothing to give up."""
