"""Workers that die, come back, are stopped or lose their database: each job ends once, and as it should."""

import asyncio
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
import sqlalchemy as sa
from procrastinate.jobs import Job, Status

from admin import worker
from admin.curation.documents import ingesting
from admin.service.jobs import Jobs
from admin.worker import Task, Work
from chat.errors import NotFoundError
from chat.store import jobs, versions
from tests.conftest import OWNER
from tests.ingestion.test_jobs import Unlucky, with_embedder
from tests.jobs.running import nothing, run_and_stop, run_until, work_for
from tests.rag.library import Library

LONG = "\n\n".join(f"# Part {part}\n\nThe gate of pier {part} closes at ten." for part in range(40))
STATE = "SELECT string_agg(status::text, ' ' ORDER BY id) FROM procrastinate_jobs"


def idle(library: Library) -> bool:
    return library.scalar("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')") == 0


def silence_workers(library: Library, seconds: int = 3600) -> None:
    with library.database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => :s)"),
            {"s": seconds},
        )


async def fetch(work: Work) -> Job:
    """Take a job as a worker of its own does."""
    manager = work.app.job_manager
    job = await manager.fetch_job(queues=[jobs.QUEUE], worker_id=await manager.register_worker())
    assert job is not None
    return job


def take_back(library: Library) -> list[int]:
    with library.database.sessions.begin() as session:
        return list(jobs.take_back(session))


def test_who_comes_back_from_the_dead_cannot_end_a_job_that_moved_on(library: Library) -> None:
    with library.database.sessions.begin() as session:
        jobs.enqueue(session, "note")
    work = work_for(library)

    async def haunt() -> None:
        async with work.app.open_async():
            dead = await fetch(work)
            silence_workers(library)
            assert take_back(library) == [dead.id]
            await work.app.job_manager.finish_job(dead, Status.SUCCEEDED, delete_job=True)
            assert library.scalar(STATE) == "todo", "it came too late to end what waits"
            living = await fetch(work)
            await work.app.job_manager.finish_job(dead, Status.SUCCEEDED, delete_job=True)
            await work.app.job_manager.retry_job(dead)
            assert library.scalar(STATE) == "doing", "it came too late to end what another does"
            await work.app.job_manager.finish_job(living, Status.SUCCEEDED, delete_job=True)
            assert library.scalar("SELECT count(*) FROM procrastinate_jobs") == 0

    asyncio.run(haunt())


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_dead_worker_is_found_out_though_the_clock_was_put_back(library: Library, seconds: int) -> None:
    with library.database.sessions.begin() as session:
        jobs.enqueue(session, "note")
    work = work_for(library)

    async def die() -> None:
        async with work.app.open_async():
            await fetch(work)

    asyncio.run(die())
    assert take_back(library) == [], "it gave a sign of life just now"
    silence_workers(library, seconds)
    assert len(take_back(library)) == 1


def test_a_dead_worker_is_replaced_within_30_seconds() -> None:
    assert jobs.ALIVE_S + worker.SWEEP_S < 30
    assert jobs.ALIVE_S >= 4 * worker.BEAT_S, "one late sign of life is no death"


def test_a_long_document_is_gone_on_with_where_a_stopped_worker_left_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "BATCH", 4)
    monkeypatch.setattr(worker, "GRACE_S", 0.1)
    embedded: list[int] = []

    class Slow(Unlucky):
        def encode(self, texts: object) -> np.ndarray:
            embedded.append(len(texts))  # type: ignore[arg-type]
            time.sleep(0.2)
            return super().encode(texts)  # type: ignore[arg-type]

    done = library.submit("long.md", LONG)
    work = worker.make_app(library.database.conninfo, with_embedder(library, Slow(library.ingestion.embedder, 0)))
    run_and_stop(work, lambda: len(embedded) >= 2)
    assert library.scalar(STATE) == "todo", "a worker that is told to end puts its job back"
    assert library.scalar("SELECT count(*) FROM procrastinate_workers") == 0
    run_until(work, lambda: idle(library))
    state = library.state(done.version_id)
    assert (state.status, state.chunks) == ("ready", sum(embedded)), "nothing is embedded twice"
    assert library.scalar("SELECT count(*) FROM chunks") == state.chunks


def test_a_document_that_gets_further_each_time_is_not_given_up(library: Library) -> None:
    done = library.submit("long.md", LONG)
    for _ in range(2 * versions.MOST_DEATHS):
        with library.database.sessions.begin() as session:
            claimed = versions.claim(session, done.version_id)
            assert claimed is not None, "a worker takes it, gets a little further, and dies"
            assert versions.progress(session, claimed.id, claimed.attempt, 0.5)
    library.ingestion.process(done.version_id)
    assert library.state(done.version_id).status == "ready"


def test_what_fails_for_no_reason_foreseen_fails_in_words_after_some_tries(library: Library) -> None:
    tried: list[int] = []

    def explode(_go_on: Callable[[], bool], number: int) -> None:
        tried.append(number)
        raise ValueError("the scale is broken\nand more")

    given_up: list[str] = []
    task = Task("weigh", explode, lambda error, number: given_up.append(f"{number}: {error}"))
    with library.database.sessions.begin() as session:
        jobs.enqueue(session, "weigh", number=7)
    run_until(work_for(library, task), lambda: idle(library))
    assert (tried, given_up) == ([7] * worker.TRIES, ["7: the scale is broken\nand more"])
    (failed,) = Jobs(library.database.sessions, person=OWNER).workload().failed
    assert (failed.state, failed.arguments, failed.error) == (
        "failed",
        {"number": 7},
        "ValueError: the scale is broken",
    )
    Jobs(library.database.sessions, person=OWNER).retry(failed.id)
    run_until(work_for(library, Task("weigh", nothing, nothing)), lambda: idle(library))
    with pytest.raises(NotFoundError, match="it is done"):
        Jobs(library.database.sessions, person=OWNER).retry(failed.id)


def test_a_waiting_job_is_cancelled(library: Library) -> None:
    done = library.submit("harbour.md", LONG)
    (waiting,) = Jobs(library.database.sessions, person=OWNER).workload().waiting
    assert (waiting.document, waiting.collection, waiting.state) == ("harbour.md", "default", "waiting")
    assert Jobs(library.database.sessions, person=OWNER).cancel(waiting.id)
    assert (library.scalar(STATE), library.state(done.version_id).status) == ("cancelled", "failed")
    Jobs(library.database.sessions, person=OWNER).retry(waiting.id)
    run_until(work_for(library), lambda: idle(library))
    assert library.scalar("SELECT status FROM document_versions ORDER BY id DESC LIMIT 1") == "ready"


def test_a_running_job_is_cancelled_and_leaves_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "BATCH", 4)
    cancelled: list[bool] = []

    class Cancelling(Unlucky):
        def encode(self, texts: object) -> np.ndarray:
            self.calls += 1
            if self.calls == 3:
                (running,) = Jobs(library.database.sessions, person=OWNER).workload().running
                assert running.progress
                cancelled.append(Jobs(library.database.sessions, person=OWNER).cancel(running.id))
            return super().encode(texts)  # type: ignore[arg-type]

    done = library.submit("long.md", LONG)
    ingestion = with_embedder(library, Cancelling(library.ingestion.embedder, 0))
    run_until(worker.make_app(library.database.conninfo, ingestion), lambda: idle(library))
    assert cancelled == [True]
    assert library.state(done.version_id).status == "failed"
    assert library.scalar("SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM contents)") == 0


def test_a_worker_says_where_it_is_and_is_forgotten_when_it_ends(library: Library) -> None:
    seen: list[jobs.AliveWorker] = []

    def look(_go_on: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not seen and time.monotonic() < deadline:
            seen.extend(Jobs(library.database.sessions, person=OWNER).workload().workers)

    with library.database.sessions.begin() as session:
        jobs.enqueue(session, "look")
    run_until(work_for(library, Task("look", look, nothing)), lambda: idle(library))
    assert [(each.host != "", each.jobs) for each in seen] == [(True, 1)]
    assert library.scalar("SELECT count(*) FROM workers") == 0


def test_old_failures_are_forgotten_and_young_ones_kept(library: Library) -> None:
    with library.database.sessions.begin() as session:
        old, young, waiting = (jobs.enqueue(session, "note") for _ in range(3))
        assert jobs.cancel(session, old)
        assert jobs.cancel(session, young)
        assert not jobs.cancel(session, old)
        aged = sa.text("UPDATE procrastinate_events SET at = at - interval '8 days' WHERE job_id IN (:old, :waiting)")
        session.execute(aged, {"old": old, "waiting": waiting})
        jobs.prune(session)
        assert {job.id for state in jobs.ORDERS for job in jobs.listed(session, None, state)} == {young, waiting}


def test_a_person_knows_of_no_job_of_what_they_may_not_read(library: Library) -> None:
    from chat.rights import Person
    from chat.store.tables import UserRole

    library.submit("secret.md", LONG, "secret")
    with library.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE collections SET open = false WHERE name = 'secret'"))
        ada = connection.execute(sa.text("INSERT INTO users (name, role) VALUES ('ada', 'asker') RETURNING id"))
        person = Person(ada.scalar_one(), "ada", UserRole.ASKER)
    service = Jobs(library.database.sessions, person=OWNER)
    (job,) = service.workload().waiting
    hers = service.for_person(person)
    assert (hers.workload().waiting, hers.workload().count("waiting")) == ([], 0)
    with pytest.raises(NotFoundError):
        hers.cancel(job.id)


def test_connections_that_break_lose_nothing(library: Library) -> None:
    """Every connection of the worker is cut while it works, the one that it listens on too."""
    handed_in = [library.submit(f"part-{number}.md", f"{LONG}\n\n{number}") for number in range(2)]
    work = work_for(library)
    cut = threading.Event()

    def ready() -> bool:
        if not cut.is_set() and library.scalar("SELECT count(*) FROM document_versions WHERE status = 'processing'"):
            cut.set()
            library.scalar("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND pid != pg_backend_pid()")  # fmt: skip
        return idle(library)

    run_until(work, ready)
    assert cut.is_set()
    assert {library.state(done.version_id).status for done in handed_in} == {"ready"}


def test_a_document_does_not_wait_for_a_long_job(library: Library) -> None:
    """One process does a job of each queue at a time, and is counted once."""
    ended: list[str] = []

    def learn(go_on: Callable[[], bool], number: int) -> None:
        deadline = time.monotonic() + 20
        while go_on() and len(ended) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        ended.append(f"learn {number}")

    def look(_go_on: Callable[[], bool]) -> None:
        (alive,) = Jobs(library.database.sessions, person=OWNER).workload().workers
        with library.database.sessions() as session:
            assert jobs.state(session).workers == 1
        ended.append(f"look {alive.jobs}")

    tasks = Task("learn", learn, nothing, queue=jobs.LONG), Task("look", look, nothing)
    with library.database.sessions.begin() as session:
        for number in (1, 2):
            jobs.enqueue(session, "learn", queue=jobs.LONG, number=number)
    work = work_for(library, *tasks)

    handed_in = threading.Event()

    def ready() -> bool:
        if not handed_in.is_set() and library.scalar("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"):
            handed_in.set()
            with library.database.sessions.begin() as session:
                for _ in range(2):
                    jobs.enqueue(session, "look")
        return handed_in.is_set() and idle(library)

    run_until(work, ready)
    assert ended == ["look 2", "look 2", "learn 1", "learn 2"]
