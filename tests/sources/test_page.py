"""The Sources tab's handlers, the field for web pages, and the commands: what they show, do and refuse."""

from pathlib import Path

import gradio as gr
import pytest

from admin.service.library import Library
from admin.service.sources import Sources
from admin.ui.sources_handlers import SourcesHandlers
from chat.store.catalogue import View
from chat.store.database import Database
from tests.cli.conftest import Run, environment, run  # noqa: F401 - fixtures
from tests.conftest import OWNER
from tests.sources.conftest import Site

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def handlers(sources: Sources, database: Database, home: Path) -> SourcesHandlers:
    return SourcesHandlers(sources, Library(database.sessions, home, person=OWNER))


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def test_from_nothing_to_a_synced_folder_and_back(handlers: SourcesHandlers, sources: Sources, tmp_path: Path) -> None:
    table, clock = handlers.listed()
    assert "Keep documents up to date" in table
    assert not clock.active
    assert "<details open" in handlers.form()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("words")
    form = {"kind": "folder", "places-folder": str(tmp_path / "docs"), "name": HOSTILE, "collection": "default"}
    *_, plan = handlers.tried(event(**form))
    assert "It would be: 1 added. Nothing has been changed yet." in plan
    said, closed = handlers.added(event(**form, every="60"))
    assert "first sync is queued" in said
    assert closed == ""
    table, clock = handlers.listed()
    assert "Waiting for a worker" in table
    assert clock.active
    assert HOSTILE not in said + table
    (line,) = sources.lines()
    sources.sync_now(line.source_id, lambda _: None)
    table, clock = handlers.listed()
    assert "1 added" in table
    assert "every hour" in table
    assert not clock.active
    *_, plan = handlers.previewed(event(id=str(line.source_id)))
    assert "Nothing: everything is as it was." in plan
    assert "1 document" in handlers.removed(event(id=str(line.source_id), text="other"))
    assert "Keep documents up to date" in handlers.listed()[0]


def test_what_strangers_send_is_refused_in_words(handlers: SourcesHandlers) -> None:
    for strange in (event(), event(id="x"), event(id="9" * 40), event(id="7"), event(kind="disk"), event(kind="urls")):
        for act in (handlers.added, handlers.synced, handlers.purged, handlers.removed):
            with pytest.raises(gr.Error):
                act(strange)
        for look in (handlers.tried, handlers.previewed):
            with pytest.raises(gr.Error):
                list(look(strange))


def test_a_web_page_is_added_from_the_documents_tab(handlers: SourcesHandlers, site: Site) -> None:
    site.page("/tides", "<p>High water</p>")
    said, left, _ = handlers.page_added(site.url("/tides"), View())
    assert "1 file handed in" in said
    assert left == ""
    said, left, _ = handlers.page_added(site.url("/" + HOSTILE.replace(" ", "%20")), View())
    assert "There is no page" in said
    assert HOSTILE not in said
    assert left, "what did not work can be mended and tried again"
    with pytest.raises(gr.Error):
        handlers.page_added("", View())


@pytest.mark.slow
def test_the_commands(run: Run, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The gate closes at noon.")
    page = run("admin", "ingest", "http://127.0.0.1:9/a//b", "--json")
    assert page.status == 1
    (outcome,) = page.document["documents"]
    assert outcome["path"] == "http://127.0.0.1:9/a//b"
    assert "of this machine or its network" in outcome["error"]
    added = run("admin", "sources", "add", "papers", folder, "--every", "60", "--json").document["source"]
    plan = run("admin", "sources", "sync", added, "--dry-run", "--json").document
    assert plan["items"] == [{"place": "a.txt", "change": "added", "reason": ""}]
    done = run("admin", "sources", "sync", added, "--json").document
    assert (done["status"], done["added"], done["error"]) == ("done", 1, None)
    assert [d["status"] for d in run("admin", "documents", "list", "--json").document["documents"]] == ["ready"]
    (line,) = run("admin", "sources", "list", "--json").document["sources"]
    assert (line["name"], line["kind"], line["documents"], line["every_minutes"]) == ("papers", "folder", 1, 60)
    folder.rename(tmp_path / "away")
    failed = run("admin", "sources", "sync", added)
    assert failed.status == 1
    assert "Is its disk connected?" in failed.out
    assert run("admin", "sources", "sync", 99).status == 1
    assert run("admin", "sources", "remove", added, "--delete-documents", "--yes").status == 0
    assert run("admin", "documents", "list", "--json").document["documents"] == []
