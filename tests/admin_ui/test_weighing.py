"""Before a change of documents, the labelled questions that would lose their passage are named."""

import html
import json
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Page, expect

from admin.curation.documents.ingesting import Ingestion
from admin.service.bench import Bench
from admin.service.library import Library
from admin.ui.handlers import Handlers
from admin.ui.retrieval_handlers import RetrievalHandlers
from admin.ui.weighing import WeighingHandlers, failed
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.store.database import Database
from chat.store.questions import Label, NewQuestion
from tests.admin_ui.conftest import Add
from tests.admin_ui.test_editing_handlers import event
from tests.admin_ui.test_page import address, complaints, pytestmark, tab, working
from tests.conftest import OWNER

__all__ = ["address", "complaints", "pytestmark", "tab", "working"]

OLD = "# Fares\n\nA day ticket costs 12 marks, and children pay half."
NEW = "# Fares\n\nA day ticket costs 15 marks, and <b>dogs</b> pay half."
ASKED = "What does a <i>day ticket</i> cost?"


@pytest.fixture
def bench(handlers: Handlers) -> Bench:
    return handlers.bench


def label(bench: Bench, quote: str = "costs 12 marks", collection: str = "ferries") -> None:
    bench.put(collection, [NewQuestion("q", ASKED, labels=[Label("fares.md", quote)])])


def told(shown: str) -> dict[str, Any]:
    """What the script would read."""
    data = {name: html.unescape(value) for name, value in re.findall(r'data-(\w+)="([^"]*)"', shown)}
    return data | {"lost": json.loads(data["lost"])}


def drafted(add: Add, library: Library, ingestion: Ingestion, tmp_path: Path) -> int:
    """Fares that answer, and a draft of them. Returns the draft's version."""
    add("fares.md", OLD)
    (tmp_path / "draft").write_text(NEW)
    [upload] = library.upload([(tmp_path / "draft", "fares.md")], "ferries", draft=True)
    assert upload.submission
    ingestion.process(upload.submission.version_id)
    return upload.submission.version_id


def test_publish_delete_and_roll_back_name_what_they_break(
    bench: Bench, add: Add, library: Library, ingestion: Ingestion, tmp_path: Path
) -> None:
    drafted(add, library, ingestion, tmp_path)
    label(bench)
    weighed = WeighingHandlers(bench).weighed
    for sent in ({"act": "publish", "id": 1}, {"act": "publish", "ids": "1,99"}, {"act": "remove", "ids": "1,99"}):
        shown = weighed(event(**sent, asked=7))
        assert "<i>day" not in shown
        said = told(shown)
        assert (said["asked"], said["lost"]) == ("7", [ASKED])
        assert said["heading"] == "1 labelled question would no longer find their passage:"
    said = told(weighed(event(act="rollback", id=1, number=2, asked=8)))
    assert (said["question"], said["lost"]) == ("Let version 2 answer?", [ASKED])
    assert told(weighed(event(act="rollback", id=1, number=1, asked=9)))["lost"] == []


@pytest.mark.parametrize(
    "sent",
    [{"act": "drop", "id": 1, "asked": 1}, {"act": "remove", "ids": "x", "asked": 1}, {"act": "publish", "id": 1}],
)
def test_what_cannot_be_weighed_is_refused(bench: Bench, sent: dict[str, Any]) -> None:
    with pytest.raises(gr.Error):
        WeighingHandlers(bench).weighed(event(**sent))
    assert told(failed())["question"], "a change that asks nothing by itself is not made unasked"
    assert told(failed())["lost"] == ["Which labelled questions would lose their passage could not be found out."]


def test_a_draft_is_offered_and_tried_where_there_is_one(
    handlers: Handlers, add: Add, library: Library, ingestion: Ingestion, tmp_path: Path
) -> None:
    offered = RetrievalHandlers(handlers.bench).drafts
    add("other.md", "# Other\n\nNothing.", "others")
    draft = str(drafted(add, library, ingestion, tmp_path))
    assert offered("others", draft)._constructor_args[0] == {"choices": [], "value": ""}
    known = [("", "As it answers now"), (draft, "Fares, draft 2")]
    assert offered("ferries", draft)._constructor_args[0] == {"choices": known}
    assert offered("ferries", "999")._constructor_args[0] == {"choices": known, "value": ""}
    found = handlers.probed("What does a day ticket cost?", "ferries", 5, "", draft)
    assert "costs 15 marks" in found
    assert "&lt;b&gt;dogs" in found
    assert "costs 12 marks" not in found
    assert "As if the draft were published." in found
    assert 'data-event="mark"' not in found, "only passages that answer can be marked"
    assert "costs 12 marks" in handlers.probed("What does a day ticket cost?", "ferries", 5)
    place = re.search(r'data-id="(\d+)" data-chunk="(\d+)" data-number="2"', found)
    assert place
    now, opened = handlers.opened(event(id=place[1], chunk=place[2], number=2))
    assert now.version == 2
    assert "costs 15 marks" in opened


def test_the_dialog_names_what_would_break_and_the_person_decides(
    tab: Page, working: None, complaints: list[str], tmp_path: Path, database: Database, embedder: Embedder
) -> None:
    fares = tmp_path / "fares.md"
    fares.write_text(OLD)
    tab.locator("#upload input[type=file]").set_input_files([fares])
    rows, dialog = tab.locator("#documents tbody tr"), tab.get_by_role("dialog")
    expect(rows.locator(".status.ready")).to_have_count(1, timeout=90_000)
    fares.write_text(NEW)
    tab.get_by_label("As drafts").check()
    tab.locator("#upload input[type=file]").set_input_files([fares])
    expect(rows.locator(".status.draft")).to_have_count(1, timeout=30_000)
    label(Bench(database.sessions, embedder, Verifier("float32"), person=OWNER), collection="default")

    tab.get_by_role("tab", name="Retrieval").click()
    tab.locator("#probe-collection select").select_option("default")
    tab.locator("#probe-draft select").select_option(label="Fares, draft 2")
    expect(tab.locator("#labelled")).to_contain_text("(1)")
    tab.get_by_placeholder("Ask as a reader would").fill("What does a day ticket cost?")
    tab.keyboard.press("Enter")
    expect(tab.locator("#findings")).to_contain_text("15 marks", timeout=60_000)
    tab.get_by_role("tab", name="Documents").click()

    rows.locator("button.title").click()
    drawer = tab.locator("#document")
    for _ in range(2):
        drawer.get_by_role("button", name="Publish").click()
        expect(dialog).to_contain_text("would no longer find")
        expect(dialog.locator("li")).to_have_text([ASKED])
        dialog.get_by_role("button", name="Cancel").click()
    expect(drawer.locator(".status.draft").first).to_be_visible()
    drawer.get_by_role("button", name="Publish").click()
    dialog.get_by_role("button", name="Publish").click()
    expect(drawer.locator(".status.draft")).to_have_count(0)
    drawer.get_by_role("button", name="Let it answer").click()
    expect(tab.locator("#notice")).to_contain_text("Version 1 answers now.")
    drawer.locator('[data-event="rollback"][data-number="2"]').click()
    expect(dialog).to_contain_text("Let version 2 answer?")
    dialog.get_by_role("button", name="Let it answer").click()
    expect(tab.locator("#notice")).to_contain_text("Version 2 answers now.")
    assert not [complaint for complaint in complaints if "404" not in complaint]
