"""Syncs that are killed, overtaken, doubled, long or due: nothing is lost, and nothing is done twice."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.service.sources import NewSource, Sources
from chat.store.database import Database
from chat.store.sources import Sync
from chat.store.tables import SourceKind
from tests.sources.conftest import Site
from tests.sources.syncing import counts, documents, of_folder, of_urls, rows, sync


def test_a_sync_that_is_killed_goes_on_where_it_stopped(sources: Sources, database: Database, site: Site) -> None:
    """Killed after each page in turn: every page is handed in once, and asked for at most once more than that."""
    paths = [f"/{number}" for number in range(6)]
    for path in paths:
        site.page(path, f"page {path}")
    source = of_urls(sources, *map(site.url, paths))

    class Killed(BaseException):
        """Ends the process, as far as the sync can tell."""

    for stop in range(1, len(paths) + 1):

        def die(done: Sync, at: int = stop) -> None:
            if done.counts.get("added", 0) >= at:
                raise Killed

        with pytest.raises(Killed):
            sources.syncing.sync(source, report=die)
        assert len(documents(database)) == stop
    done = sources.syncing.sync(source)
    assert done is not None
    assert counts(done) == {"added": 6}
    assert documents(database) == {site.url(path): 1 for path in paths}
    assert len(site.asked) == len(paths), "what was seen in this sync is not asked for again"


def test_of_two_runs_the_later_one_counts(sources: Sources, database: Database, folder: Path) -> None:
    """The first worker is thought dead, but only slow."""
    source = of_folder(sources, folder)
    inner: list[Sync | None] = []

    def other_worker(_: Sync) -> None:
        if not inner:
            inner.append(None)
            inner[0] = sources.syncing.sync(source)

    assert sources.syncing.sync(source, report=other_worker) is None
    assert inner[0] is not None
    assert counts(inner[0]) == {"added": 4}
    assert set(documents(database).values()) == {1}


def test_two_workers_at_once_lose_and_double_nothing(sources: Sources, database: Database, folder: Path) -> None:
    for number in range(30):
        (folder / f"{number}.txt").write_text(f"text {number}")
    source = of_folder(sources, folder)
    threads = [threading.Thread(target=sources.syncing.sync, args=(source,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sync(sources, source)
    assert len(documents(database)) == 34
    assert set(documents(database).values()) == {1}


def test_a_long_sync_lets_other_jobs_in(sources: Sources, database: Database, folder: Path) -> None:
    source = of_folder(sources, folder)
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sync'"
    assert rows(database, waiting) == [(1,)]
    done = sources.syncing.sync(source, slice_s=1e-9)
    assert done is not None
    assert (done.state, counts(done), rows(database, waiting)) == ("running", {"added": 1}, [(2,)])
    done = sources.syncing.sync(source)
    assert done is not None
    assert counts(done) == {"added": 4}


def test_a_due_source_is_queued_once_by_all_workers(sources: Sources, database: Database, folder: Path) -> None:
    from chat.store import sources as store

    source = sources.add(NewSource("papers", SourceKind.FOLDER, str(folder), every_minutes=30))
    sync(sources, source)
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM procrastinate_jobs"))
        connection.execute(sa.text("UPDATE sources SET next_sync_at = now() - interval '1 minute'"))
    claimed: list[list[int]] = []
    ready = threading.Barrier(4)

    def worker() -> None:
        with database.sessions.begin() as session:
            ready.wait(10)
            claimed.append(store.claim_due(session))
            ready.wait(10)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(claimed) == [[], [], [], [source]]
    assert rows(database, "SELECT count(*) FROM procrastinate_jobs") == [(1,)]
    assert rows(database, "SELECT next_sync_at > now() + interval '29 minutes' FROM sources") == [(True,)]
    assert sources.request_sync(source)
    assert rows(database, "SELECT count(*) FROM procrastinate_jobs") == [(1,)], "where one waits, none is added"


def test_what_was_not_foreseen_ends_the_sync_in_words(sources: Sources, folder: Path) -> None:
    source = of_folder(sources, folder)
    sources.syncing.give_up(RuntimeError("the disk melted\nand dripped"), source)
    (line,) = sources.lines()
    assert line.sync.error.endswith("RuntimeError: the disk melted")
