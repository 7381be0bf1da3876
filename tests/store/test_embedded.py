"""The embedded Postgres, in all the places and after all the accidents that people have."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from chat.store.embedded import EmbeddedPostgres, remove_stale_pid_file, socket_folder


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "a höme, with spaces")
    yield server
    server.stop()


def answers(server: EmbeddedPostgres) -> bool:
    try:
        psycopg.connect(host=str(server.sockets), user="postgres", dbname="apprentice").close()
    except psycopg.OperationalError:
        return False
    return True


def pid(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])


def test_starts_joins_and_stops_with_its_last_user(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    other = EmbeddedPostgres(embedded.home)
    other.start()
    embedded.stop()
    assert answers(other)
    other.stop()
    assert not answers(other)


def test_a_very_long_path(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long-" * 40))
    server.start()
    assert answers(server)
    server.stop()


def test_a_killed_server_comes_back_with_what_was_committed(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    with psycopg.connect(host=str(embedded.sockets), user="postgres", dbname="apprentice") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(pid(embedded), signal.SIGKILL)
    embedded.start()
    with psycopg.connect(host=str(embedded.sockets), user="postgres", dbname="apprentice") as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_client_killed_is_forgotten(embedded: EmbeddedPostgres) -> None:
    program = (
        "import sys, time; from pathlib import Path; from chat.store.embedded import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(60)"
    )
    client = subprocess.Popen([sys.executable, "-c", program, str(embedded.home)], stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    with client:
        assert client.stdout.readline() == "up\n"
        client.kill()
    embedded.start()
    assert answers(embedded)
    embedded.stop()
    assert not answers(embedded)


def test_the_process_that_a_stale_pid_file_names_is_left_alone(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    embedded.stop()
    innocent = subprocess.Popen(["sleep", "60"])
    with innocent:
        (embedded.data / "postmaster.pid").write_text(f"{innocent.pid}\n{embedded.data}\n{int(time.time())}\n")
        embedded.start()
        assert answers(embedded)
        embedded.stop()
        assert psutil.pid_exists(innocent.pid)
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("content", ["", "not a number\n", "999999999\n"])
def test_a_broken_pid_file_is_removed(tmp_path: Path, content: str) -> None:
    (tmp_path / "postmaster.pid").write_text(content)
    remove_stale_pid_file(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_sockets_stay_within_the_limit(tmp_path: Path) -> None:
    for home in (tmp_path, tmp_path / ("x" * 200), tmp_path / "a,b", tmp_path / "with space"):
        socket = socket_folder(home) / ".s.PGSQL.5432"
        assert len(os.fsencode(socket)) <= 107
        assert "," not in str(socket)
