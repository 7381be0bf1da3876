"""Sources over real folders and a real site: what a sync makes of them, and what it never does."""

import os
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.curation.sources import Change
from admin.service.sources import NewSource, Sources
from chat.errors import AppError, InvalidInputError, NotAllowedError
from chat.rights import Person
from chat.store.database import Database
from chat.store.sources import Sync
from chat.store.tables import SourceKind, UserRole
from tests.sources.conftest import Site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.md", "b.md", "c.txt", "sub/d.md"):
        (folder / name).write_text(f"# {name}\n\nWhat {name} says.")
    return folder


def of_folder(sources: Sources, folder: Path, name: str = "papers", collection: str = "default") -> int:
    return sources.add(NewSource(name, SourceKind.FOLDER, str(folder), collection))


def of_urls(sources: Sources, *urls: str) -> int:
    return sources.add(NewSource("pages", SourceKind.URLS, "\n".join(urls)))


def sync(sources: Sources, source_id: int, *, removing: bool = False) -> Sync:
    done = sources.sync_now(source_id, lambda _: None, removing=removing)
    assert done is not None
    return done


def counts(done: Sync) -> dict[str, int]:
    return {change: number for change, number in done.counts.items() if number}


def dry_run(sources: Sources, source_id: int) -> dict[str, str]:
    *_, last = sources.preview(source_id)
    assert last.complete
    return {finding.place: finding.change.value for finding in last.findings}


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def documents(database: Database) -> dict[object, object]:
    """Names of the documents, with the number of their versions."""
    return dict(
        rows(
            database,
            "SELECT name, count(*) FROM documents JOIN document_versions v ON v.document_id = documents.id GROUP BY 1",
        )
    )


def test_a_folder_becomes_documents_and_stays_as_it_is(sources: Sources, database: Database, folder: Path) -> None:
    source = of_folder(sources, folder)
    assert set(dry_run(sources, source).values()) == {"added"}
    assert documents(database) == {}, "looking changes nothing"
    assert counts(sync(sources, source)) == {"added": 4}
    assert documents(database) == {"a.md": 1, "b.md": 1, "c.txt": 1, "sub/d.md": 1}
    assert ("a.md", str(folder / "a.md")) in rows(database, "SELECT name, source FROM documents")
    assert counts(sync(sources, source)) == {"unchanged": 4}

    (folder / "a.md").write_text("# a\n\nNew words.")
    (folder / "b.md").unlink()
    (folder / "e.md").write_text("# e\n\nMore.")
    os.utime(folder / "c.txt", (1, 1))
    expected = {"a.md": "changed", "b.md": "removed", "c.txt": "unchanged", "sub/d.md": "unchanged", "e.md": "added"}
    assert dry_run(sources, source) == expected
    assert documents(database)["a.md"] == 1
    assert counts(sync(sources, source)) == {"added": 1, "changed": 1, "removed": 1, "unchanged": 2}
    assert documents(database) == {"a.md": 2, "c.txt": 1, "sub/d.md": 1, "e.md": 1}


def test_a_change_that_keeps_size_and_time_is_seen(sources: Sources, folder: Path) -> None:
    source = of_folder(sources, folder)
    sync(sources, source)
    before = (folder / "a.md").stat()
    (folder / "a.md").write_text("# a.md\n\nWhat a.md SAYS.")
    os.utime(folder / "a.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (folder / "a.md").stat().st_size == before.st_size
    assert dry_run(sources, source)["a.md"] == "changed"


def test_where_nearly_everything_vanished_nothing_is_removed(
    sources: Sources, database: Database, folder: Path
) -> None:
    source = of_folder(sources, folder)
    sync(sources, source)
    for name in ("a.md", "b.md", "c.txt"):
        (folder / name).unlink()
    *_, plan = sources.preview(source)
    assert "3 of 4 are no longer there" in plan.held_back
    done = sync(sources, source)
    assert "more than half" in done.held_back
    assert len(documents(database)) == 4
    assert counts(sync(sources, source, removing=True)) == {"unchanged": 1, "removed": 3}
    assert list(documents(database)) == ["sub/d.md"]
    assert not sync(sources, source).removing, "a permission holds once"


def test_a_folder_that_is_not_there_removes_nothing(sources: Sources, database: Database, folder: Path) -> None:
    source = of_folder(sources, folder)
    sync(sources, source)
    folder.rename(folder.with_name("away"))
    done = sync(sources, source)
    assert done.state == "failed"
    assert "Is its disk connected?" in done.error
    assert len(documents(database)) == 4
    folder.with_name("away").rename(folder)
    assert counts(sync(sources, source)) == {"unchanged": 4}


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/self/mem").exists(), reason="root opens every folder")
def test_links_that_leave_the_folder_are_not_followed(sources: Sources, database: Database, folder: Path) -> None:
    secret = folder.with_name("secret.md")
    secret.write_text("secret")
    (folder / "link.md").symlink_to(secret)
    (folder / "up").symlink_to(folder.parent)
    (folder / "inside.md").symlink_to(folder / "a.md")
    source = of_folder(sources, folder)
    done = sync(sources, source)
    assert {place for place, _ in done.problems} == {"link.md", "up"}
    assert "inside.md" in documents(database)
    assert "link.md" not in documents(database)


def test_only_documents_that_the_source_made_are_deleted_with_it(
    sources: Sources, database: Database, folder: Path, site: Site
) -> None:
    site.page("/x", "<p>one</p>")
    assert sources.add_page(site.url("/x")).submission
    site.page("/y", "<p>two</p>")
    source = of_urls(sources, site.url("/x"), site.url("/y"))
    assert counts(sync(sources, source)) == {"added": 2}
    receipt = sources.remove(source, with_documents=True)
    assert receipt.documents == 1
    assert list(documents(database)) == [site.url("/x")]
    assert rows(database, "SELECT count(*) FROM sources") == [(0,)]


def test_removing_a_source_may_keep_its_documents(sources: Sources, database: Database, folder: Path) -> None:
    source = of_folder(sources, folder)
    sync(sources, source)
    assert sources.remove(source, with_documents=False).documents == 0
    assert len(documents(database)) == 4


def test_two_sources_do_not_fight_over_a_document(sources: Sources, database: Database, folder: Path) -> None:
    sync(sources, of_folder(sources, folder))
    other = folder.with_name("other")
    other.mkdir()
    (other / "a.md").write_text("something else")
    second = of_folder(sources, other, "others")
    assert dry_run(sources, second) == {"a.md": "unreadable"}
    done = sync(sources, second)
    assert "“papers” keeps a document of this name" in done.problems[0][1]
    assert documents(database)["a.md"] == 1


def test_a_document_deleted_by_hand_comes_back_only_when_its_file_changes(
    sources: Sources, database: Database, folder: Path
) -> None:
    source = of_folder(sources, folder)
    sync(sources, source)
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM documents WHERE name = 'a.md'"))
    sync(sources, source)
    assert "a.md" not in documents(database)
    (folder / "a.md").write_text("new")
    sync(sources, source)
    assert documents(database)["a.md"] == 1


def test_pages_are_asked_for_only_if_they_changed(sources: Sources, database: Database, site: Site) -> None:
    for path in ("/a", "/b", "/c", "/d"):
        site.page(path, f"<title>Page {path}</title><p>{path}</p>")
    source = of_urls(sources, *(site.url(path) for path in ("/a", "/b", "/c", "/d")))
    sync(sources, source)
    site.asked.clear()
    assert counts(sync(sources, source)) == {"unchanged": 4}
    assert all("If-None-Match" in headers for _, headers in site.asked)

    site.page("/a", "<p>new</p>")
    del site.answers["/b"]
    site.page("/c", "down", status=500)
    assert counts(sync(sources, source)) == {"changed": 1, "removed": 1, "unreadable": 1, "unchanged": 1}
    assert documents(database) == {site.url("/a"): 2, site.url("/c"): 1, site.url("/d"): 1}
    (kind,) = {kind for (kind,) in rows(database, "SELECT kind FROM document_versions")}
    assert kind == "html"


def test_a_sitemap_and_the_sitemaps_it_lists(sources: Sources, database: Database, site: Site) -> None:
    for path in ("/a", "/b", "/c"):
        site.page(path, path)
    site.sitemap("/sitemap.xml", "/one.xml", "/two.xml.gz", "/sitemap.xml", root="sitemapindex")
    site.sitemap("/one.xml", "/a", "/b", "/a")
    site.sitemap("/two.xml.gz", "/c", packed=True)
    source = sources.add(NewSource("site", SourceKind.SITEMAP, site.url("/sitemap.xml")))
    assert counts(sync(sources, source)) == {"added": 3}

    site.sitemap("/one.xml", "/a")
    assert counts(sync(sources, source)) == {"unchanged": 2, "removed": 1}
    del site.answers["/two.xml.gz"]
    done = sync(sources, source)
    assert (counts(done), "could not be read whole" in done.held_back) == ({"unreadable": 1, "unchanged": 1}, True)
    del site.answers["/sitemap.xml"]
    assert sync(sources, source).state == "failed"
    assert len(documents(database)) == 2


def test_a_sitemap_speaks_only_for_its_own_host(sources: Sources, site: Site) -> None:
    inside = f"http://127.0.0.1:{site.port}/secret"
    listed = "".join(f"<url><loc>{url}</loc></url>" for url in (site.url("/a"), inside, "file:///etc/passwd"))
    site.page("/sitemap.xml", f"<urlset>{listed}</urlset>")
    site.page("/a", "a")
    done = sync(sources, sources.add(NewSource("site", SourceKind.SITEMAP, site.url("/sitemap.xml"))))
    assert counts(done) == {"unreadable": 1, "added": 1}
    assert "2 addresses that are none or belong to another host" in done.problems[0][1]
    assert "/secret" not in [path for path, _ in site.asked]


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><urlset/>',
        "<html></html>",
        "words",
        "<urlset><url>",
        "",
        "\x1f\x8bnot gzip",
    ],
)
def test_what_is_no_sitemap_fails_in_words(sources: Sources, site: Site, xml: str) -> None:
    site.page("/sitemap.xml", xml.encode("latin-1"))
    done = sync(sources, sources.add(NewSource("site", SourceKind.SITEMAP, site.url("/sitemap.xml"))))
    assert done.state == "failed"
    assert done.error


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


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("folder", "relative"), ("folder", "/nowhere/at/all"), ("folder", "/"), ("folder", "HOME"), ("folder", ""),
        ("folder", "/tmp\0"), ("urls", ""), ("urls", "file:///etc/passwd"), ("urls", "http://u:p@h/"),
        ("sitemap", "https://a.test/1.xml\nhttps://a.test/2.xml"), ("urls", "\n".join(map(str, range(1001)))),
    ],
)  # fmt: skip
def test_what_cannot_be_a_source_is_refused_in_words(sources: Sources, kind: str, places: str) -> None:
    with pytest.raises(AppError):
        sources.add(NewSource("x", SourceKind(kind), places.replace("HOME", str(sources.home))))
    assert not sources.lines()


def test_names_are_told_apart_within_a_collection(sources: Sources, folder: Path) -> None:
    of_folder(sources, folder)
    with pytest.raises(InvalidInputError, match="already"):
        of_folder(sources, folder)
    of_folder(sources, folder, collection="other")
    with pytest.raises(InvalidInputError):
        of_folder(sources, folder, name=" \0 ")


def test_who_may_do_what_with_sources(sources: Sources, database: Database, folder: Path, site: Site) -> None:
    with database.engine.begin() as connection:
        added = "INSERT INTO users (name, role) VALUES ('ada', 'asker'), ('cy', 'curator') RETURNING id"
        ada, cy = connection.execute(sa.text(added)).scalars()
    source = of_folder(sources, folder)
    reader = sources.for_person(Person(ada, "ada", UserRole.ASKER))
    curator = sources.for_person(Person(cy, "cy", UserRole.CURATOR))
    assert [line.source_id for line in reader.lines()] == [source]
    for action in (
        lambda: reader.request_sync(source),
        lambda: reader.remove(source, with_documents=True),
        lambda: list(reader.preview(source)),
        lambda: reader.add_page(site.url("/")),
        lambda: curator.add(NewSource("etc", SourceKind.FOLDER, "/etc", "mine")),
        lambda: list(curator.preview_new(SourceKind.FOLDER, "/etc", "default")),
    ):
        with pytest.raises(NotAllowedError):
            action()
    assert not site.asked
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE collections SET open = false"))
    assert reader.lines() == []


def test_a_web_page_becomes_a_document(sources: Sources, database: Database, site: Site) -> None:
    site.page("/tides", "<title>Tides</title><p>High water at noon.</p>")
    upload = sources.add_page(site.url("/tides").removeprefix("http://"), "harbour")
    assert upload.problem, "without a scheme it is https, which this server does not speak"
    upload = sources.add_page(site.url("/tides"), "harbour")
    assert upload.submission
    assert rows(database, "SELECT name, source FROM documents") == [(site.url("/tides"), site.url("/tides"))]
    again = sources.add_page(site.url("/tides"), "harbour")
    assert again.submission
    assert not again.submission.new
    assert "There is no page" in (sources.add_page(site.url("/nowhere"), "harbour").problem or "")
    assert "of this machine" in (sources.add_page(site.url("/tides", host="127.0.0.1"), "harbour").problem or "")
    assert list((sources.home / "incoming").iterdir()) == [], "nothing that was fetched is left behind"


def test_changes_have_an_order_for_people() -> None:
    assert [change.value for change in Change] == ["added", "changed", "removed", "unchanged", "unreadable"]
