"""The way of a document: what is live is searched, nothing else is, and no version that was cited is ever lost."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.curation.documents.ingesting import blob_path
from chat.errors import InvalidInputError, NotFoundError
from chat.store import chunks, collections, documents, versions
from chat.store.tables import Chunk, Content, DocumentVersion, Status
from tests.rag.library import Library

DEMO = Path(__file__).parents[2] / "demo" / "documents"
HARBOUR = "# Harbour rules\n\nThe harbour gate closes at 22:15 every evening.\n"
NEW_HARBOUR = "# Harbour rules\n\nThe quay barrier shuts at midnight on Sundays.\n"


def smallest(suffix: str) -> Path:
    return min(DEMO.glob(f"*{suffix}"), key=lambda path: path.stat().st_size)


def found(library: Library, words: str, collection: str = "default") -> list[str]:
    """Texts of the chunks that the keyword arm finds."""
    with library.database.sessions() as session:
        scope = [collections.get(session, collection).id]
        hits = chunks.matching(session, scope, words, 10)
        return [source.text for source in chunks.sources(session, scope, [hit.chunk_id for hit in hits])]


def content_of(session: Session, version_id: int) -> Content:
    content = session.get(Content, session.get_one(DocumentVersion, version_id).content_id)
    assert content is not None
    return content


@pytest.mark.parametrize("suffix", [".md", ".txt", ".html", ".pdf", ".docx", ".csv"])
def test_every_format_ends_ready_with_chunks_that_are_spans_of_its_text(library: Library, suffix: str) -> None:
    path = smallest(suffix)
    done = library.add(path.name, path.read_bytes())
    state = library.state(done.version_id)
    assert (state.status, state.progress, state.error) == (Status.READY, 1, None)
    with library.database.sessions() as session:
        content = content_of(session, done.version_id)
        stored = session.scalars(select(Chunk).where(Chunk.content_id == content.id).order_by(Chunk.ordinal)).all()
    assert state.chunks == content.chunk_count == len(stored) > 0
    assert [chunk.ordinal for chunk in stored] == list(range(len(stored)))
    assert all(chunk.live and chunk.text == content.text[chunk.start_char : chunk.end_char] for chunk in stored)
    pages = {chunk.page for chunk in stored}
    assert pages <= set(range(1, len(content.page_starts) + 1)) if suffix == ".pdf" else pages == {None}


def test_the_same_bytes_again_are_nothing_new(library: Library) -> None:
    first = library.add("harbour.md", HARBOUR)
    again = library.submit("harbour.md", HARBOUR)
    assert (first.new, again.new) == (True, False)
    assert (again.document_id, again.version_id, again.version) == (first.document_id, first.version_id, 1)
    assert library.scalar("SELECT count(*) FROM procrastinate_jobs") == 1
    library.ingestion.process(again.version_id)
    assert library.scalar("SELECT count(*) FROM contents") == 1


def test_a_new_version_answers_in_place_of_the_old_one(library: Library) -> None:
    old = library.add("harbour.md", HARBOUR)
    new = library.submit("harbour.md", NEW_HARBOUR)
    assert found(library, "gate barrier") == [HARBOUR.strip()], "the old version answers until the new one is ready"
    library.ingestion.process(new.version_id)
    assert (new.document_id, new.version) == (old.document_id, 2)
    assert found(library, "gate barrier") == [NEW_HARBOUR.strip()]
    assert library.scalar("SELECT count(*) FROM chunks") == 2, "the old version's chunks are kept, to be cited"


def test_what_was_cited_stays_readable_in_a_later_version_s_time(library: Library) -> None:
    old = library.add("harbour.md", HARBOUR)
    start = HARBOUR.index("The harbour")
    library.add("harbour.md", NEW_HARBOUR)
    with library.database.sessions() as session:
        passage = documents.passage(session, [1], old.version_id, start, start + 16)
    assert passage.text[passage.start : passage.end] == "The harbour gate"
    assert (passage.document, passage.version, passage.newest) == ("Harbour rules", 1, False)


def test_a_version_that_fails_leaves_the_one_before_answering(library: Library) -> None:
    library.add("harbour.md", HARBOUR)
    broken = library.add("harbour.md", b"\x89PNG\r\n\x1a\n" + bytes(64))
    state = library.state(broken.version_id)
    assert (broken.version, state.status) == (2, Status.FAILED)
    assert state.error is not None
    assert "PNG" in state.error
    assert found(library, "gate") == [HARBOUR.strip()]
    mended = library.add("harbour.md", NEW_HARBOUR)
    assert (mended.version, library.state(mended.version_id).status) == (3, Status.READY)
    assert found(library, "gate barrier") == [NEW_HARBOUR.strip()]


def test_failed_bytes_handed_in_again_are_tried_again(library: Library) -> None:
    first = library.add("empty.md", b"")
    second = library.submit("empty.md", b"")
    assert library.state(first.version_id).status == Status.FAILED
    assert (second.new, second.version) == (True, 2)


def test_the_same_bytes_under_two_names_are_two_documents_of_one_content(library: Library) -> None:
    one = library.add("one.md", HARBOUR)
    two = library.add("two.md", HARBOUR)
    assert one.document_id != two.document_id
    assert library.scalar("SELECT count(*) FROM contents") == 1
    assert library.scalar("SELECT count(*) FROM chunks") == 1
    assert found(library, "gate") == [HARBOUR.strip()], "found once, not once for each name"


def test_content_goes_with_the_last_document_that_has_it(library: Library) -> None:
    one, two = library.add("one.md", HARBOUR), library.add("two.md", HARBOUR)
    for document_id, left in ((one.document_id, 1), (two.document_id, 0)):
        with library.database.sessions.begin() as session:
            documents.remove(session, document_id)
        assert library.scalar("SELECT count(*) FROM contents") == left
        assert library.scalar("SELECT count(*) FROM chunks WHERE live") == left
        assert len(found(library, "gate")) == left


def test_a_version_that_moved_on_does_not_silence_another_document_of_the_same_bytes(library: Library) -> None:
    library.add("one.md", HARBOUR)
    library.add("two.md", HARBOUR)
    library.add("one.md", NEW_HARBOUR)
    assert sorted(found(library, "gate barrier")) == sorted([HARBOUR.strip(), NEW_HARBOUR.strip()])
    library.add("two.md", NEW_HARBOUR)
    assert found(library, "gate barrier") == [NEW_HARBOUR.strip()]


def test_an_earlier_version_can_answer_again(library: Library) -> None:
    done = library.add("harbour.md", HARBOUR)
    library.add("harbour.md", NEW_HARBOUR)
    with library.database.sessions.begin() as session:
        versions.make_live(session, done.document_id, 1)
    assert found(library, "gate barrier") == [HARBOUR.strip()]
    assert library.scalar("SELECT number FROM document_versions WHERE live") == 1


@pytest.mark.parametrize("number", [2, 3])
def test_a_version_that_is_not_ready_cannot_answer(library: Library, number: int) -> None:
    done = library.add("harbour.md", HARBOUR)
    library.submit("harbour.md", NEW_HARBOUR)
    with (
        pytest.raises(NotFoundError, match=rf"no ready version {number}\. Ready: 1\."),
        library.database.sessions.begin() as session,
    ):
        versions.make_live(session, done.document_id, number)
    assert found(library, "gate") == [HARBOUR.strip()]


def test_a_document_deleted_while_it_waits_leaves_no_trace(library: Library) -> None:
    done = library.submit("harbour.md", HARBOUR)
    with library.database.sessions.begin() as session:
        documents.remove(session, done.document_id)
    library.ingestion.process(done.version_id)
    assert library.scalar("SELECT count(*) FROM contents") == 0


def test_collections_are_made_as_they_are_named(library: Library) -> None:
    library.add("harbour.md", HARBOUR, "port-authority")
    assert found(library, "gate", "port-authority") == [HARBOUR.strip()]


@pytest.mark.parametrize("name", ["", "Upper", "a b", "base", "rag", "-a", "x" * 64, "ä", "a\n"])
def test_a_name_that_cannot_be_a_collection_s_is_refused(library: Library, name: str) -> None:
    with pytest.raises(InvalidInputError, match="small letters, digits and hyphens"):
        library.submit("harbour.md", HARBOUR, name)
    assert library.scalar("SELECT count(*) FROM documents") == 0


def test_the_bytes_are_kept_under_their_digest(library: Library) -> None:
    library.add("harbour.md", HARBOUR)
    digest = library.scalar("SELECT sha256 FROM document_versions")
    assert blob_path(library.ingestion.home, digest).read_text() == HARBOUR
    blobs = [path for path in (library.ingestion.home / "blobs").rglob("*") if path.is_file()]
    assert blobs == [blob_path(library.ingestion.home, digest)], "no half copy is left behind"
