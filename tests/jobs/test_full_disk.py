"""A disk that is really full: the database cannot write its log and goes down; with room again, nothing is lost."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from admin.curation.formats.parser import Parser
from chat.errors import AppError, DatabaseError
from chat.models.embedder import Embedder
from chat.settings import Settings
from chat.store.database import Database, open_database
from tests.ingestion.test_documents import HARBOUR, found
from tests.jobs.running import run_until, work_for
from tests.rag.library import Library, make_library

SIZE_MB = 200
FULL_S = 4


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def library(disk: Path, embedder: Embedder, parser: Parser, tmp_path: Path) -> Iterator[Library]:
    """On that disk, all but the files that are handed in."""
    database = open_database(Settings(home=disk / "home"))
    yield replace(make_library(database, embedder, parser, disk / "home"), incoming=tmp_path)
    database.close()


def fill(disk: Path) -> Path:
    """Leave no byte of it free."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 20)):
            pass
    return ballast


def test_documents_wait_for_room(library: Library, disk: Path) -> None:
    library.add("harbour.md", HARBOUR)
    waiting = [library.submit(f"{n}.md", f"# Pier {n}\n\nThe keeper of pier{n} is Kim.\n").version_id for n in range(5)]
    ballast = fill(disk)
    with pytest.raises(sa.exc.DBAPIError):
        use_up_the_log(library.database)
    with pytest.raises(AppError, match=r"There is no room for .* Make room"):
        library.submit("more.md", f"{HARBOUR}\nMore.")
    room = threading.Timer(FULL_S, ballast.unlink)
    room.start()
    run_until(work_for(library), lambda: all_done(library, waiting))
    room.join()
    assert [library.state(version).status for version in waiting] == ["ready"] * len(waiting)
    assert found(library, "gate") == [HARBOUR.strip()]
    assert library.scalar("SELECT count(DISTINCT content_id) FROM chunks") == 1 + len(waiting)
    assert library.scalar("SELECT count(*) FROM contents WHERE NOT complete") == 0


def use_up_the_log(database: Database) -> None:
    """Write until the segment of the log that is there already is full, and the next one cannot be made."""
    with database.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE filler AS SELECT repeat(md5(n::text), 50) FROM generate_series(1, 40000) n")
        )


def all_done(library: Library, versions: list[int]) -> bool:
    try:
        return all(library.state(version).done for version in versions)
    except (sa.exc.DBAPIError, psycopg.OperationalError, DatabaseError):
        return False
