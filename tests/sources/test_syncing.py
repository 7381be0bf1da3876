"""A source that is a real folder: what a sync makes of it, and what it never does."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.service.sources import Sources
from chat.store.database import Database
from tests.sources.conftest import Site
from tests.sources.syncing import counts, documents, dry_run, of_folder, of_urls, rows, sync


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
