"""Workers and the database killed without warning, at random moments: none lost, none doubled, never half."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from admin.curation.chunking import chunk
from admin.curation.documents import CHUNK_TARGET, submit
from admin.curation.loaders import load
from chat.settings import Settings
from chat.store import versions
from chat.store.database import Database, open_database
from chat.store.tables import Status

pytestmark = pytest.mark.slow
DOCUMENTS = 6
KILLS = 5


@contextmanager
def worker(**environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A real worker, ready for jobs; killed at the end if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-m", "admin", "worker"],
        env=os.environ | {"OMP_NUM_THREADS": "1", "APPRENTICE_DTYPE": "float32"} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "Worker: ready for jobs\n"
            yield process
        finally:
            process.kill()


def hand_in(database: Database, home: Path) -> list[int]:
    """Documents long enough to be caught half-way. Returns their versions."""
    chance = random.Random(7)
    words = [f"{a}{b}" for a in ("bar", "ler", "mon", "pes", "tul") for b in ("ane", "ig", "olt", "ush")]
    home.mkdir(exist_ok=True)
    handed_in = []
    for number in range(DOCUMENTS):
        sections = [f"## Part {part}\n\n{' '.join(chance.choices(words, k=90))}." for part in range(40)]
        path = home / f"document-{number}.md"
        path.write_text("\n\n".join(sections))
        with database.sessions.begin() as session:
            handed_in.append(submit(session, home, path, "default", name=path.name, source=path.name).version_id)
    return handed_in


def wait_for(database: Database, condition: str, seconds: float = 120) -> None:
    """Return as soon as `condition` holds, of no transaction but its own."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with database.engine.connect() as connection:
            if connection.execute(sa.text(f"SELECT {condition}")).scalar_one():
                return
        time.sleep(0.02)
    with database.engine.connect() as connection:
        jobs = connection.execute(sa.text("SELECT id, status, attempts, worker_id, lock FROM procrastinate_jobs")).all()
        stuck = connection.execute(sa.text("SELECT id, status, attempt, progress FROM document_versions")).all()
    raise AssertionError(f"{condition} did not come true within {seconds} s: {jobs} {stuck}")


def forget_workers(database: Database) -> None:
    """Let the time pass after which a silent worker counts as dead."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"))


def require_whole(database: Database, home: Path, handed_in: list[int]) -> None:
    """Each document is there, once, with just the chunks that an undisturbed worker makes of it."""
    with database.sessions() as session:
        states = {state.version_id: state for state in versions.states(session, handed_in)}
    assert [states[version].status for version in handed_in] == [Status.READY] * len(handed_in)
    for number, version in enumerate(handed_in):
        expected = len(chunk(load(home / f"document-{number}.md", "markdown"), target=CHUNK_TARGET))
        assert states[version].chunks == expected
    with database.engine.connect() as connection:
        held = connection.execute(
            sa.text("SELECT count(DISTINCT (content_id, ordinal)), count(*) FILTER (WHERE live), count(*) FROM chunks")
        ).one()
        contents = connection.execute(sa.text("SELECT count(*) FILTER (WHERE complete), count(*) FROM contents")).one()
    total = sum(state.chunks for state in states.values())
    assert tuple(held) == (total, total, total)
    assert tuple(contents) == (len(handed_in), len(handed_in)), "nothing half is left behind"


def test_workers_killed_at_random_moments(database: Database, home: Path) -> None:
    """None may lose a document, and none may double one; at most one is caught in the middle by each kill."""
    chance = random.Random(time.time_ns())
    handed_in = hand_in(database, home)
    place = {"APPRENTICE_HOME": str(home), "APPRENTICE_DATABASE_URL": database.conninfo}
    for _ in range(KILLS):
        with worker(**place) as process:
            wait_for(database, "EXISTS (SELECT FROM document_versions WHERE status = 'processing' AND attempt > 0)")
            time.sleep(chance.uniform(0, 1.5))
            process.send_signal(signal.SIGKILL)
        forget_workers(database)
    with worker(**place):
        wait_for(database, "NOT EXISTS (SELECT FROM document_versions WHERE status IN ('queued', 'processing'))")
    require_whole(database, home, handed_in)


def test_postgres_killed_while_a_worker_writes(tmp_path: Path) -> None:
    """After a restart the old state or the new one, never half; the worker that lived through it may go on or end."""
    home = tmp_path / "home"
    database = open_database(Settings(home=home))
    assert database.embedded is not None
    try:
        handed_in = hand_in(database, home)
        with worker(APPRENTICE_HOME=str(home)):
            wait_for(database, "EXISTS (SELECT FROM document_versions WHERE status = 'processing' AND progress > 0)")
            time.sleep(random.uniform(0, 1))
            os.kill(int((database.embedded.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
            wait_until_gone(database)
            database.embedded.start()
        forget_workers(database)
        with worker(APPRENTICE_HOME=str(home)):
            wait_for(database, "NOT EXISTS (SELECT FROM document_versions WHERE status IN ('queued', 'processing'))")
        require_whole(database, home, handed_in)
    finally:
        database.close()


def wait_until_gone(database: Database) -> None:
    """Return when the killed server's children have noticed, too."""
    assert database.embedded is not None
    for _ in range(200):
        try:
            psycopg.connect(host=str(database.embedded.sockets), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            break
        time.sleep(0.02)
    database.engine.dispose()
