"""Chunks changed by hand: each change is a version, exact to the character, and costs only what it changes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.curation.documents.editing import Cut, Edition
from admin.curation.documents.ingesting import Ingestion, blob_path
from admin.service.editing import Editing
from admin.service.library import Library
from chat.errors import InvalidInputError, NotFoundError
from chat.store import documents
from chat.store.database import Database
from chat.store.tables import Chunk, Content, DocumentVersion
from tests.editing.conftest import ISLANDS, Add, CountingEmbedder


def live_chunks(database: Database) -> Sequence[Chunk]:
    with database.sessions() as session:
        return session.scalars(sa.select(Chunk).where(Chunk.live).order_by(Chunk.ordinal)).all()


def live_text(database: Database) -> str:
    with database.sessions() as session:
        return session.scalars(sa.select(Content.text).join(DocumentVersion).where(DocumentVersion.live)).one()


def test_only_what_an_edit_changed_is_embedded_again(
    add: Add, editing: Editing, ingestion: Ingestion, database: Database, counting: CountingEmbedder
) -> None:
    document = add().document_id
    before = live_chunks(database)
    assert len(before) >= 3
    counting.given.clear()
    changed = editing.rewrite(document, 1, 1, "## Fares\n\nA day ticket costs 15 marks.")
    ingestion.process(changed.version_id)
    assert len(counting.given) == 1
    assert "15 marks" in counting.given[0]
    after, text = live_chunks(database), live_text(database)
    assert [text[chunk.start_char : chunk.end_char] for chunk in after] == [chunk.text for chunk in after]
    assert [chunk.text for chunk in after if chunk.ordinal != 1] == [c.text for c in before if c.ordinal != 1]
    assert [str(c.embedding) for c in after if c.ordinal != 1] == [str(c.embedding) for c in before if c.ordinal != 1]
    assert after[-1].start_char - before[-1].start_char == len(after[1].text) - len(before[1].text)


def test_a_chunk_split_and_merged_again_is_what_it_was(
    add: Add, editing: Editing, ingestion: Ingestion, database: Database, counting: CountingEmbedder
) -> None:
    document, before = add().document_id, live_chunks(database)
    at = before[0].text.index("Cats")
    counting.given.clear()
    ingestion.process(editing.split(document, 1, 0, at).version_id)
    assert len(counting.given) == 2
    halves = live_chunks(database)[:2]
    assert halves[0].text.endswith("every ship.")
    assert halves[1].text.startswith("Cats stay")
    ingestion.process(editing.merge(document, 2, 0).version_id)
    assert [(c.start_char, c.end_char, c.text) for c in live_chunks(database)] == [
        (c.start_char, c.end_char, c.text) for c in before
    ]
    assert live_text(database) == ISLANDS


def test_a_disabled_chunk_is_not_found_and_costs_nothing(
    add: Add, editing: Editing, ingestion: Ingestion, database: Database, counting: CountingEmbedder
) -> None:
    document = add().document_id
    every = [chunk.text for chunk in live_chunks(database)]
    counting.given.clear()
    ingestion.process(editing.switch(document, 1, 1, disabled=True).version_id)
    assert not counting.given
    assert [chunk.text for chunk in live_chunks(database)] == [every[0], *every[2:]]
    ingestion.process(editing.switch(document, 2, 1, disabled=False).version_id)
    assert not counting.given
    assert [chunk.text for chunk in live_chunks(database)] == every


def test_an_edit_is_undone_by_letting_the_earlier_version_answer(
    add: Add, editing: Editing, library: Library, ingestion: Ingestion, database: Database
) -> None:
    document, before = add().document_id, [chunk.text for chunk in live_chunks(database)]
    ingestion.process(editing.rewrite(document, 1, 0, "Dogs pay half.").version_id)
    library.roll_back(document, 1)
    assert [chunk.text for chunk in live_chunks(database)] == before
    newest, first = library.document(document).versions
    assert (newest.note, newest.live, first.live) == ("Chunk 1 rewritten", False, True)


def test_what_an_older_version_said_is_still_there_to_be_cited(
    add: Add, editing: Editing, ingestion: Ingestion, database: Database
) -> None:
    cited = add()
    span = ISLANDS.index("A day ticket"), ISLANDS.index(" Children")
    ingestion.process(editing.rewrite(cited.document_id, 1, 0, "Much longer than before. " * 9).version_id)
    with database.sessions() as session:
        collections = session.scalars(sa.text("SELECT id FROM collections")).all()
        passage = documents.passage(session, collections, cited.version_id, *span)
    assert passage.text[slice(*span)] == "A day ticket costs 12 marks."
    assert not passage.newest


def test_an_edited_version_is_rebuilt_from_its_bytes_alone(
    add: Add, editing: Editing, ingestion: Ingestion, library: Library, database: Database, home: Path
) -> None:
    document = add().document_id
    ingestion.process(editing.rewrite(document, 1, 0, "Dogs pay half.").version_id)
    ingestion.process(editing.switch(document, 2, 1, disabled=True).version_id)
    before = [(c.text, c.start_char, c.end_char, c.section) for c in live_chunks(database)]
    (version, *_) = library.document(document).versions
    with database.sessions.begin() as session:
        session.execute(sa.text("DELETE FROM document_versions WHERE number < 3"))
        session.execute(sa.text("UPDATE document_versions SET status = 'queued', content_id = NULL, live = false"))
        session.execute(sa.text("DELETE FROM contents"))
    assert blob_path(home, version.sha256).exists()
    ingestion.process(version.id)
    assert [(c.text, c.start_char, c.end_char, c.section) for c in live_chunks(database)] == before


def test_whoever_is_late_changes_nothing(add: Add, editing: Editing, ingestion: Ingestion, database: Database) -> None:
    document = add().document_id
    first = editing.rewrite(document, 1, 0, "Dogs pay half.")
    with pytest.raises(InvalidInputError, match="just being made"):
        editing.switch(document, 1, 0, disabled=True)
    ingestion.process(first.version_id)
    with pytest.raises(InvalidInputError, match="somebody changed"):
        editing.switch(document, 1, 0, disabled=True)
    with pytest.raises(NotFoundError, match="no version 9"):
        editing.switch(document, 9, 0, disabled=True)
    assert live_chunks(database)[0].text == "Dogs pay half."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda editing, id_: editing.rewrite(id_, 1, 0, " \u200b\n "), "Nothing would be left"),
        (lambda editing, id_: editing.rewrite(id_, 1, 0, "x" * 5_000), "5,000 characters"),
        (lambda editing, id_: editing.rewrite(id_, 1, 99, "x"), "no chunk 100"),
        (lambda editing, id_: editing.split(id_, 1, 0, 0), "half would be empty"),
        (lambda editing, id_: editing.split(id_, 1, 0, 10**6), "half would be empty"),
        (lambda editing, id_: editing.split(id_, 1, 0, -5), "half would be empty"),
        (lambda editing, id_: editing.merge(id_, 1, 2), "last chunk"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(add: Add, editing: Editing, change, said: str) -> None:  # type: ignore[no-untyped-def]
    document = add().document_id
    with pytest.raises(InvalidInputError, match=said):
        change(editing, document)


def test_a_stranger_cannot_hand_in_an_edition(add: Add, library: Library, ingestion: Ingestion) -> None:
    """The kind goes by the ending of the name, and none leads to it."""
    with pytest.raises(AssertionError):
        add("notes.edited", '{"text": "x"}')


def test_pages_move_with_the_text_before_them() -> None:
    text = "one two\n\nthree\n\nfour"
    cuts = [Cut(0, 7, ""), Cut(9, 14, ""), Cut(16, 20, "")]
    edition = Edition(text, None, [0, 9, 12, 16], "en", cuts, "sha", "pdf")
    longer = edition.rewritten(1, "three and more")
    assert longer.text == "one two\n\nthree and more\n\nfour"
    assert longer.page_starts == [0, 9, 12, 25]
    assert [passage.page for passage in longer.passages] == [1, 2, 4]
    shorter = edition.rewritten(1, "3")
    assert shorter.page_starts == [0, 9, 10, 12]
    assert shorter.passages[2].text == "four"
