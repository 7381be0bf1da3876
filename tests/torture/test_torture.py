"""kill -9 at random points of ingesting 50 documents: none lost, none doubled, none stuck, all ready soon.

`make torture` sets APPRENTICE_KILLS to 200, of workers and of the database each; without it there are ten in all.
Nothing is helped along: that a worker died is found out by the next one, by its silence.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from admin.curation.documents.chunking import chunk
from admin.curation.documents.ingesting import CHUNK_TARGET, CHUNK_TARGETS, submit
from admin.curation.formats.loaders import kind_of, load
from chat.settings import Settings
from chat.store import versions
from chat.store.database import Database, open_database
from chat.store.tables import Status

pytestmark = pytest.mark.slow
DOCUMENTS = 50
A_ROUND = 10
"""Kills while 50 documents are ingested; then a worker must see them all through."""
KILLS = int(os.environ.get("APPRENTICE_KILLS") or 0)
ROUNDS = range(KILLS // A_ROUND or 1)
WORKER_KILLS = A_ROUND if KILLS else 7
DATABASE_KILLS = A_ROUND if KILLS else 3
READY_S = 30
WORDS = "boat deck ferry fare gate harbour island lamp north open pier quay rope sail ticket tide wind winter".split()
IN_HAND = """
    EXISTS (SELECT FROM procrastinate_jobs AS jobs JOIN workers ON workers.id = worker_id
            WHERE status = 'doing' AND pid = :pid)
"""
LEFT = "EXISTS (SELECT FROM document_versions WHERE status IN ('queued', 'processing'))"


@dataclass(frozen=True)
class Nursery:
    """The process that workers are forked from."""

    process: "subprocess.Popen[str]"

    @contextmanager
    def workers(self, home: Path, **environment: str) -> Iterator[Callable[[], int]]:
        """What starts a worker of that data folder and returns its process id. Who lives at the end is killed."""
        started: list[int] = []

        def start() -> int:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps({"APPRENTICE_HOME": str(home), **environment}) + "\n")
            self.process.stdin.flush()
            started.append(int(self.process.stdout.readline()))
            return started[-1]

        try:
            yield start
        finally:
            for pid in started:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.nursery"],
        env=os.environ | {"OMP_NUM_THREADS": "1", "APPRENTICE_DTYPE": "float32"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdin is not None
        yield Nursery(process)
        process.stdin.close()


@cache
def bodies() -> dict[str, str]:
    """Documents of several kinds by name, a few of them of several batches of chunks; two have the same bytes."""
    chance = random.Random(7)

    def words(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    def report(parts: int) -> str:
        return "\n\n".join(f"# Part {part}\n\n{words(20)}." for part in range(parts))

    made = {}
    for number in range(DOCUMENTS - 1):
        if number % 3 == 0:
            made[f"report-{number}.md"] = report(80 if number % 24 == 0 else 2)
        elif number % 3 == 1:
            rows = (f"{row},{words(2)},{words(6)}" for row in range(5))
            made[f"table-{number}.csv"] = "\n".join(["number,name,remark", *rows])
        else:
            made[f"page-{number}.html"] = f"<title>{words(3)}</title><p>{words(40)}</p>"
    return made | {"twin.md": made["report-0.md"]}


def hand_in(database: Database, home: Path) -> dict[str, int]:
    """Submit every document. Returns their versions by name."""
    home.mkdir(exist_ok=True)
    handed_in = {}
    for name, body in bodies().items():
        path = home / name
        path.write_text(body)
        with database.sessions.begin() as session:
            handed_in[name] = submit(session, home, path, "default", name=name, source=name).version_id
    return handed_in


def holds(database: Database, condition: str, **values: object) -> bool:
    with database.engine.connect() as connection:
        return bool(connection.execute(sa.text(f"SELECT {condition}"), values).scalar_one())


def wait_until(database: Database, condition: str, seconds: float, **values: object) -> None:
    """Return as soon as `condition` holds. Fails with what stands in its way."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(sa.exc.OperationalError):
            if holds(database, condition, **values):
                return
        time.sleep(0.02)
    with database.engine.connect() as connection:
        jobs = connection.execute(sa.text("SELECT id, status, attempts, worker_id FROM procrastinate_jobs")).all()
        left = connection.execute(
            sa.text("SELECT id, status, attempt, deaths, error FROM document_versions WHERE status != 'ready'")
        ).all()
    raise AssertionError(f"not within {seconds} s: {condition}\njobs: {jobs}\nversions: {left}")


def require_whole(database: Database, home: Path, handed_in: dict[str, int]) -> None:
    """Each document is there, once, with just the chunks that an undisturbed worker makes of it; no job is left."""
    with database.sessions() as session:
        states = {state.version_id: state for state in versions.states(session, [*handed_in.values()])}
    assert {name: states[version].error for name, version in handed_in.items() if states[version].error} == {}
    for name, version in handed_in.items():
        assert (states[version].status, states[version].chunks) == (Status.READY, expected_chunks(home / name))
    bytes_handed_in = set(bodies().values())
    total = sum(expected_chunks(home / name) for name in bodies() if name != "twin.md")
    with database.engine.connect() as connection:
        chunks = connection.execute(
            sa.text("SELECT count(DISTINCT (content_id, ordinal)), count(*) FILTER (WHERE live), count(*) FROM chunks")
        ).one()
        contents = connection.execute(sa.text("SELECT count(*) FILTER (WHERE complete), count(*) FROM contents")).one()
        jobs = connection.execute(sa.text("SELECT count(*) FROM procrastinate_jobs")).scalar_one()
        events = connection.execute(sa.text("SELECT count(*) FROM document_versions WHERE NOT live")).scalar_one()
    assert tuple(chunks) == (total, total, total)
    assert tuple(contents) == (len(bytes_handed_in), len(bytes_handed_in)), "nothing half is left behind"
    assert (jobs, events) == (0, 0)


@cache
def _expected_chunks(path: Path, kind: str) -> int:
    return len(chunk(load(path, kind), target=CHUNK_TARGETS.get(kind, CHUNK_TARGET)))


def expected_chunks(path: Path) -> int:
    return _expected_chunks(path, kind_of(path.name))


def report(what: str, kills: int, database: Database, seconds: float) -> None:
    """One line for the log of `make torture`."""
    with database.engine.connect() as connection:
        attempts = connection.execute(sa.text("SELECT sum(attempt) - count(*) FROM document_versions")).scalar_one()
    print(f"{what}: {kills} kills, {attempts} tries cut short, all {DOCUMENTS} ready after {seconds:.1f} s")


@pytest.mark.parametrize("number", ROUNDS)
def test_workers_killed(nursery: Nursery, database: Database, home: Path, number: int) -> None:
    chance = random.Random()
    handed_in = hand_in(database, home)
    with nursery.workers(home, APPRENTICE_DATABASE_URL=database.conninfo) as start:
        for _ in range(WORKER_KILLS):
            pid = start()
            wait_until(database, f"{IN_HAND} OR NOT {LEFT}", 60, pid=pid)
            assert holds(database, LEFT), "there is too little to do for so many kills"
            time.sleep(chance.uniform(0, 0.6))
            os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        pid = start()
        wait_until(database, f"NOT {LEFT}", 4 * READY_S)
        seconds = time.monotonic() - began
        wait_until(database, "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))", 5)
        os.kill(pid, signal.SIGTERM)
    report(f"worker, round {number}", WORKER_KILLS, database, seconds)
    require_whole(database, home, handed_in)
    assert seconds < READY_S


@pytest.mark.parametrize("number", ROUNDS)
def test_the_database_killed(nursery: Nursery, tmp_path: Path, number: int) -> None:
    """The worker lives through it, and starts the server again when nobody else does."""
    chance = random.Random()
    home = tmp_path / "home"
    database = open_database(Settings(home=home))
    try:
        handed_in = hand_in(database, home)
        with nursery.workers(home) as start:
            pid = start()
            for _ in range(DATABASE_KILLS):
                wait_until(database, f"{IN_HAND} OR NOT {LEFT}", 60, pid=pid)
                assert holds(database, LEFT), "there is too little to do for so many kills"
                time.sleep(chance.uniform(0, 0.6))
                kill_server(database)
            began = time.monotonic()
            wait_until(database, f"NOT {LEFT}", 4 * READY_S)
            seconds = time.monotonic() - began
            wait_until(database, "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))", 30)
            os.kill(pid, signal.SIGTERM)
        report(f"database, round {number}", DATABASE_KILLS, database, seconds)
        require_whole(database, home, handed_in)
        assert seconds < READY_S
    finally:
        database.close()


def kill_server(database: Database) -> None:
    """SIGKILL to the postmaster; returns when its children have noticed, too."""
    assert database.embedded is not None
    os.kill(int((database.embedded.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
    for _ in range(200):
        try:
            psycopg.connect(host=str(database.embedded.sockets), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            break
        time.sleep(0.02)
    database.engine.dispose()
