"""Reading kept bytes again: the old text answers until the new one does, and nothing that was cited is lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from admin.curation.documents import ingesting
from admin.curation.documents.chunking import Chunk, chunk
from admin.curation.documents.ingesting import Ingestion, blob_path
from admin.curation.formats.parsed import ParsedDocument
from admin.curation.formats.parser import Parser
from admin.service.editing import Editing
from admin.service.library import Library
from chat.store import chunks, collections, documents, versions
from chat.store.database import Database
from chat.store.tables import Content, DocumentVersion, Status
from tests.editing.conftest import ISLANDS, Add, CountingEmbedder
from tests.rag.library import Library as Shelf


@pytest.fixture
def shelf(database: Database, ingestion: Ingestion, tmp_path: Path) -> Shelf:
    return Shelf(database, ingestion, tmp_path)


def found(database: Database, words: str) -> list[str]:
    """Texts of the chunks of collection `c` that the keyword arm finds."""
    with database.sessions() as session:
        scope = [collections.get(session, "c").id]
        hits = chunks.matching(session, scope, words, 10)
        return [source.text for source in chunks.sources(session, scope, [hit.chunk_id for hit in hits])]


def reread(library: Library, ingestion: Ingestion, *document_ids: int) -> None:
    """Have the documents read again, as a worker does."""
    for each in [*library.reread(document_ids)]:
        assert each.problem is None
        for submission in each.submissions:
            ingestion.process(submission.version_id)


def finer(parsed: ParsedDocument, target: int) -> list[Chunk]:
    return chunk(parsed, target=60, limit=80)


def louder(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the parser read Ferries as Steamers."""
    read = parser.parse

    def parse(path: Path, kind: str) -> ParsedDocument:
        parsed = read(path, kind)
        return replace(parsed, text=parsed.text.replace("Ferries", "Steamers"))

    monkeypatch.setattr(parser, "parse", parse)


def test_another_chunker_cuts_anew_and_the_earlier_versions_share_what_it_made(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = add()
    before = shelf.state(done.version_id).chunks
    monkeypatch.setattr(ingesting.chunking, "chunk", finer)
    reread(library, ingestion, done.document_id)
    with library.sessions() as session:
        newest, first = versions.of_document(session, done.document_id)
    assert (newest.number, newest.live, newest.note, first.live) == (2, True, "Read again", False)
    assert newest.content_id == first.content_id, "the text is the same, so citations of either hold"
    assert shelf.state(newest.id).chunks > before
    assert shelf.scalar("SELECT count(*) FROM chunks") == shelf.state(newest.id).chunks
    assert any("Cats stay" in text for text in found(shelf.database, "cats carrier"))


def test_another_text_is_a_version_and_what_was_cited_in_the_old_one_stays(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = add(text=ISLANDS + "\nFerries are called Ferries here.\n")
    louder(ingestion.parser, monkeypatch)
    (queued,) = next(library.reread([done.document_id])).submissions
    assert any("Ferries" in text for text in found(shelf.database, "called ferries")), "the old one answers meanwhile"
    ingestion.process(queued.version_id)
    assert [text for text in found(shelf.database, "called") if "Ferries" in text] == []
    assert any("Steamers" in text for text in found(shelf.database, "called steamers"))
    with library.sessions() as session:
        passage = documents.passage(session, [1], done.version_id, 0, 20)
    assert "Ferries" in passage.text
    library.roll_back(done.document_id, 1)
    assert any("Ferries" in text for text in found(shelf.database, "called ferries"))


def test_two_documents_of_the_same_bytes_are_embedded_once(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf, counting: CountingEmbedder
) -> None:
    one, other = add("one.md"), add("other.md")
    counting.given.clear()
    reread(library, ingestion, one.document_id, other.document_id)
    assert len(counting.given) == shelf.state(one.version_id).chunks
    assert shelf.scalar("SELECT count(*) FROM contents") == 1
    assert shelf.scalar("SELECT count(*) FROM document_versions WHERE live AND number = 2") == 2


def test_a_document_shared_by_another_goes_on_answering_when_the_text_changed(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = add("one.md"), add("other.md")
    louder(ingestion.parser, monkeypatch)
    reread(library, ingestion, one.document_id)
    assert shelf.scalar("SELECT count(*) FROM contents WHERE superseded") == 1
    with library.sessions() as session:
        texts = {versions.text(session, each.document_id, 1 + (each is one))[:11] for each in (one, other)}
    assert texts == {"# Ferries\n\n", "# Steamers\n"}
    library.delete([other.document_id])
    library.delete([one.document_id])
    assert shelf.scalar("SELECT count(*) FROM contents") == 0


def test_a_document_whose_bytes_are_gone_says_so_and_goes_on_answering(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf, home: Path
) -> None:
    done, other = add(), add("other.md", "Another thing altogether, about lighthouses.")
    blob_path(home, shelf.scalar("SELECT sha256 FROM document_versions WHERE id = :id", id=done.version_id)).unlink()
    lost, kept, strange = library.reread([done.document_id, other.document_id, 98_765])
    assert "not in" in (lost.problem or "")
    assert "Add the document again" in (lost.problem or "")
    assert kept.problem is None
    assert len(kept.submissions) == 1
    assert "no document 98765" in (strange.problem or "")
    assert found(shelf.database, "dogs ship")


def test_bytes_that_go_while_it_waits_fail_it_and_the_old_version_answers(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf, home: Path
) -> None:
    done = add()
    (queued,) = next(library.reread([done.document_id])).submissions
    blob_path(home, shelf.scalar("SELECT sha256 FROM document_versions WHERE id = :id", id=done.version_id)).unlink()
    ingestion.process(queued.version_id)
    assert shelf.state(queued.version_id).status == Status.FAILED
    assert found(shelf.database, "dogs ship")


def test_what_is_being_read_is_not_queued_twice(library: Library, add: Add) -> None:
    done = add(read=False)
    (each,) = library.reread([done.document_id])
    assert (each.submissions, each.problem) == ([], None)


def test_an_edit_keeps_its_words_its_cuts_and_what_is_disabled(
    library: Library, ingestion: Ingestion, editing: Editing, add: Add, counting: CountingEmbedder
) -> None:
    done = add()
    ingestion.process(editing.rewrite(done.document_id, 1, 1, "Dogs pay half the fare.").version_id)
    ingestion.process(editing.switch(done.document_id, 2, 0, disabled=True).version_id)
    before = library.document(done.document_id).excerpt
    counting.given.clear()
    reread(library, ingestion, done.document_id)
    after = library.document(done.document_id).excerpt
    assert before is not None
    assert after is not None
    assert library.document(done.document_id).shown.number == 4
    assert after.text == before.text
    assert [(each.start_char, each.disabled) for each in after.chunks] == [
        (each.start_char, each.disabled) for each in before.chunks
    ]
    assert len(counting.given) == after.total, "every vector is made anew"


def test_a_draft_that_waits_is_read_again_and_waits_on(library: Library, ingestion: Ingestion, add: Add) -> None:
    done = add()
    add(text=ISLANDS + "\nMore of it.\n", draft=True)
    reread(library, ingestion, done.document_id)
    with library.sessions() as session:
        newest, next_one, *_ = versions.of_document(session, done.document_id)
    assert (newest.number, newest.draft, newest.live) == (4, True, False)
    assert (next_one.number, next_one.draft, next_one.live) == (3, False, True)


def test_a_failure_is_tried_again_by_it(library: Library, ingestion: Ingestion, add: Add, shelf: Shelf) -> None:
    done = add(text="   \n")
    assert shelf.state(done.version_id).status == Status.FAILED
    (each,) = library.reread([done.document_id])
    assert [submission.version for submission in each.submissions] == [2]


def test_an_interrupted_reading_again_leaves_one_content_that_counts(
    library: Library, ingestion: Ingestion, add: Add, shelf: Shelf
) -> None:
    done = add()
    (queued,) = next(library.reread([done.document_id])).submissions
    with pytest.raises(ingesting.Interrupted):
        ingestion.process(queued.version_id, lambda: False)
    assert shelf.scalar("SELECT count(*) FROM contents WHERE complete") == 1
    ingestion.process(queued.version_id)
    assert shelf.scalar("SELECT count(*) FROM contents") == 1
    assert shelf.state(queued.version_id).status == Status.READY
    with library.sessions() as session:
        assert session.get_one(Content, session.get_one(DocumentVersion, queued.version_id).content_id).complete
