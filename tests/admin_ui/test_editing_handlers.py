"""A document's page: what its handlers change and show, and what they refuse."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import Ingestion
from admin.service.editing import Editing
from admin.service.library import Library
from admin.ui.editing_handlers import EditingHandlers
from admin.ui.handlers import Handlers, Opened
from chat.store.catalogue import Sort, Stage, View
from chat.store.database import Database
from tests.admin_ui.conftest import Add
from tests.conftest import OWNER
from tests.editing.test_states import cite

FARES = "# Fares\n\nA day ticket costs 12 marks.\n\n## Pets\n\nDogs travel free on the open deck of every ship."


@pytest.fixture
def changes(library: Library, database: Database, home: Path) -> EditingHandlers:
    return EditingHandlers(library, Editing(database.sessions, home, person=OWNER))


def event(**data: Any) -> gr.EventData:
    """An event as the page, or a stranger, sends it."""
    return gr.EventData(None, {name: str(value) for name, value in data.items()})


def added(add: Add, name: str = "fares.md", text: str = FARES, **named: Any) -> int:
    upload = add(name, text, **named)
    assert upload.submission
    return upload.submission.document_id


def read_all(ingestion: Ingestion) -> None:
    with ingestion.sessions() as session:
        waiting = session.scalars(sa.text("SELECT id FROM document_versions WHERE status = 'queued'")).all()
    for version_id in waiting:
        ingestion.process(version_id)


def test_an_edit_is_shown_when_it_is_made_and_can_be_undone(
    changes: EditingHandlers, handlers: Handlers, ingestion: Ingestion, add: Add
) -> None:
    fares = added(add)
    now, shown, notice = changes.rewritten(event(id=fares, number=1, ordinal=0, text="# Fares\n\n<b>15</b> marks."))
    assert "Version 2 is being made" in notice
    assert "12 marks" in shown
    assert 'class="edit"' not in shown, "nothing can be edited while a version is being made"
    read_all(ingestion)
    shown = handlers.reopened(now)
    assert "&lt;b&gt;15&lt;/b&gt; marks." in shown
    assert "Version 2 answers. Chunk 1 rewritten." in shown
    assert f'data-event="rollback" data-id="{fares}" data-number="1">Undo' in shown
    handlers.rolled_back(event(id=fares, number=1))
    assert "12 marks" in handlers.reopened(now)


def test_an_edit_as_a_draft_is_published_with_a_click(
    changes: EditingHandlers, handlers: Handlers, library: Library, ingestion: Ingestion, add: Add
) -> None:
    fares = added(add)
    now, _, notice = changes.switched(event(id=fares, number=1, ordinal=1, disabled=1))
    read_all(ingestion)
    assert "disabled: nobody finds it" in handlers.reopened(now)
    now, _, notice = changes.split(event(id=fares, number=2, ordinal=0, at=10, draft="true"))
    assert "as a draft" in notice
    read_all(ingestion)
    shown = handlers.reopened(now)
    assert "Draft" in shown
    assert "Publish version 3?" in shown
    assert "of version 3" in shown
    assert library.overview(View(stage=Stage.DRAFT)).listing.total == 1
    assert "Version 3 is published" in changes.published(event(id=fares))
    assert library.document(fares).line.live == 3


def test_merging_shows_one_chunk_less(
    changes: EditingHandlers, handlers: Handlers, library: Library, ingestion: Ingestion, add: Add
) -> None:
    fares = added(add)
    before = library.document(fares).line.chunks
    now, *_ = changes.merged(event(id=fares, number=1, ordinal=0))
    read_all(ingestion)
    assert library.document(fares).line.chunks == before - 1
    assert "Chunks 1 and 2 merged" in handlers.reopened(now)


def test_changes_are_marked_by_a_sign_and_words_not_only_a_colour(
    changes: EditingHandlers, handlers: Handlers, add: Add
) -> None:
    fares = added(add)
    added(add, text=FARES.replace("12", "<i>15</i>"))
    now, shown = changes.compared(event(id=fares, before=1, number=2))
    assert '<i aria-hidden="true">−</i><span class="spoken">went:</span>' in shown
    assert '<i aria-hidden="true">+</i><span class="spoken">came:</span>' in shown
    assert "<b>12</b>" in shown
    assert "<i>15" not in shown
    assert isinstance(handlers.reopened(now), dict), "the clock does not take the changes away"
    now, shown = changes.shown(event(id=fares, number=1))
    assert "12 marks" in shown
    assert "of version 1" in shown
    assert 'class="edit"' not in shown, "what does not answer any more is not edited"


def test_tags_are_added_found_and_taken_off(
    changes: EditingHandlers, handlers: Handlers, library: Library, add: Add
) -> None:
    fares, pets = added(add), added(add, "pets.txt", "Dogs travel free.")
    assert "Tags of 2 documents changed." in changes.tagged(
        event(ids=f"{fares},{pets},999", text=" Sea ,<b>x</b>, sea")
    )
    changes.tagged(event(ids=pets, text="animals"))
    view = changes.narrowed(View(page=3), event(name="animals"))
    table = handlers.listed(view)[2]
    assert table.count("<tr data-title") == 1
    assert "pets.txt" in table
    assert "&lt;b&gt;x&lt;/b&gt;" in table
    assert changes.narrowed(view, event(name="animals")).tag is None
    changes.tagged(event(ids=pets, drop="animals"))
    assert library.document(pets).line.tags == ["<b>x</b>", "sea"]
    with pytest.raises(gr.Error, match="at most 40 characters"):
        changes.tagged(event(ids=pets, text="x" * 41))
    with pytest.raises(gr.Error, match="at most 20 tags"):
        changes.tagged(event(ids=pets, text=",".join(map(str, range(19)))))


def test_what_is_amiss_is_said_in_words(handlers: Handlers, add: Add, database: Database) -> None:
    added(add, "a.txt", "Short.")
    added(add, "b.txt", "Short.")
    added(add, "c.txt", "A text of some length. " * 20)
    added(add, "c.txt", " ")
    with database.sessions.begin() as session:
        session.execute(sa.text("UPDATE documents SET created_at = now() - interval '40 days' WHERE name = 'c.txt'"))
        session.execute(
            sa.text("""UPDATE contents SET warnings = '["Pages 2–4 hold <no> text."]' WHERE length(text) > 400""")
        )
    table = handlers.listed(View(sort=Sort.TITLE, descending=False))[2]
    first, second, third = table.split("<tr data-title")[1:4]
    assert "very short" in first
    assert "same bytes as “b.txt”" in first
    assert "same bytes as “a.txt”" in second
    assert "outdated: the newest version failed" in third
    assert "Pages 2–4 hold &lt;no&gt; text." in third
    assert "never cited in a month" in third
    assert "very short" not in third


def test_where_it_was_cited_is_shown_and_said_when_it_goes(handlers: Handlers, database: Database, add: Add) -> None:
    fares = added(add)
    cite(database, fares)
    shown = handlers.reopened(Opened(fares))
    assert "Cited in 2 answers of 1 conversation" in shown
    assert "May my dog come?" in shown
    assert "as [1], from version 1" in shown
    assert "2 answers cite it." in shown
    assert handlers.listed(View())[2].count("never") == 0
    receipt = handlers.removed(event(ids=fares))
    assert "2 answers in 1 conversation cited this; they keep the passages they quoted." in receipt


def test_cancelled_from_the_list(changes: EditingHandlers, handlers: Handlers, add: Add) -> None:
    fares = added(add, read=False)
    assert 'data-event="cancel"' in handlers.listed(View())[2]
    assert "Cancelled." in changes.cancelled(event(id=fares))
    assert "nothing to cancel" in changes.cancelled(event(id=fares))
    assert "It was cancelled." in handlers.listed(View())[2]


@pytest.mark.parametrize("sent", ["", "-1", "1.5", "x", "9" * 30, "<b>1</b>"])
def test_what_is_no_number_is_refused(changes: EditingHandlers, sent: str) -> None:
    data = dict.fromkeys(("id", "ids", "number", "ordinal", "at", "before"), sent)
    handlers = (changes.rewritten, changes.split, changes.merged, changes.switched, changes.shown, changes.compared)
    for call in (*handlers, changes.published, changes.all_published, changes.cancelled, changes.tagged):
        with pytest.raises(gr.Error) as refused:
            call(event(**data, text="x"))
        assert "<" not in str(refused.value)


def test_what_is_not_there_is_said_so(changes: EditingHandlers) -> None:
    data = {"id": 123, "number": 1, "ordinal": 0, "at": 1, "before": 1, "text": "x"}
    for call in (changes.rewritten, changes.split, changes.merged, changes.switched, changes.published):
        with pytest.raises(gr.Error, match="There is no document 123"):
            call(event(**data))
    assert "none of them has a draft" in changes.all_published(event(ids="123"))
