"""The page's handlers over a real database: what they show, what they change, and what they refuse."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import Ingestion, blob_path, submit
from admin.service.library import Library
from admin.ui.handlers import Handlers, Opened, queue_in_words
from chat.store import documents
from chat.store.catalogue import Sort, Stage, View
from chat.store.database import Database
from chat.store.jobs import QueueState
from chat.store.paging import PAGE
from tests.admin_ui.conftest import Add

PETS = "Dogs travel free on the open deck.\n\nCats stay in a carrier."
HOSTILE = '<img src=x onerror="alert(1)">.txt'


def event(**data: Any) -> gr.EventData:
    """An event as the page, or a stranger, sends it."""
    return gr.EventData(None, data)


def document_id(library: Library, name: str) -> int:
    (line,) = [line for line in library.overview(View()).listing.lines if line.title == name]
    return line.document_id


def listed(handlers: Handlers, view: View | None = None) -> str:
    return handlers.listed(view or View())[2]


def test_an_empty_library_says_what_to_do_first(handlers: Handlers) -> None:
    _, chips, table, target, clock = handlers.listed(View())
    assert "Drop a few files above" in table
    assert "New collection" in chips
    assert "“default”" in target
    assert not clock.active


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("papers/pets.txt", "pets.txt"),
        ("https://harbour.example/tides", "tides"),
        ("https://harbour.example/tides/", "tides/"),
        ("https://harbour.example/", "harbour.example/"),
    ],
)
def test_what_has_no_title_is_called_by_the_last_part_of_its_name(
    handlers: Handlers, ingestion: Ingestion, database: Database, home: Path, name: str, shown: str
) -> None:
    (home / "page").write_text(PETS)
    with database.sessions.begin() as session:
        done = submit(session, home, home / "page", "ferries", name=name, source=name, kind="text")
    ingestion.process(done.version_id)
    assert [line.title for line in handlers.library.overview(View()).listing.lines] == [shown]
    assert handlers.bench.probe("Do dogs travel free?", None, 10).sources[0].document == shown
    with database.sessions() as session:
        assert [summary.document for summary in documents.summaries(session)] == [shown]


def test_one_bad_file_loses_none_of_the_others(handlers: Handlers, library: Library, tmp_path: Path) -> None:
    good, bad = tmp_path / "cached-1", tmp_path / "cached-2"
    good.write_text(PETS)
    bad.write_bytes(b"MZ")
    said, emptied = handlers.uploaded([(bad, "game.exe"), (good, "Pets (2026) & more.txt")], View())
    assert "1 file handed in to “default”" in said
    assert "<b>game.exe</b> Files ending in .exe cannot be read." in said
    assert emptied is None
    assert document_id(library, "Pets (2026) & more.txt")
    assert not good.exists(), "an uploaded file stays readable for whoever knows its address"
    assert not bad.exists()


def test_the_clock_runs_only_while_something_is_in_work(handlers: Handlers, ingestion: Ingestion, add: Add) -> None:
    waiting = add("pets.txt", PETS, read=False)
    assert handlers.listed(View())[4].active
    assert "Waiting" in listed(handlers)
    assert waiting.submission
    ingestion.process(waiting.submission.version_id)
    assert not handlers.listed(View())[4].active
    assert "Ready" in listed(handlers)


def test_a_failed_document_says_why_and_can_be_tried_again(handlers: Handlers, library: Library, add: Add) -> None:
    add("broken.pdf", "this is no PDF")
    table = listed(handlers)
    assert 'class="why"' in table
    assert "Try again" in table
    failed = document_id(library, "broken.pdf")
    handlers.retried(event(id=str(failed)))
    line = library.document(failed).line
    assert (line.status, line.version) == ("queued", 2)
    handlers.retried(event(id=str(failed)))
    assert library.document(failed).line.version == 2, "only what failed is tried again"


def test_rolling_back_lets_the_earlier_version_answer(handlers: Handlers, library: Library, add: Add) -> None:
    add("pets.txt", PETS)
    add("pets.txt", "No animals are carried any more.")
    pets = document_id(library, "pets.txt")
    assert "No animals" in handlers.reopened(Opened(pets))
    assert "Version 1 answers now." in handlers.rolled_back(event(id=str(pets), number="1"))
    shown = handlers.reopened(Opened(pets))
    assert "Dogs travel free" in shown
    assert "version 1 answers" in shown


@pytest.mark.parametrize("read", [True, False], ids=["ready", "queued"])
def test_deleting_takes_everything_and_says_so(
    handlers: Handlers, library: Library, ingestion: Ingestion, add: Add, home: Path, read: bool
) -> None:
    upload = add("pets.txt", PETS, read=read)
    receipt = handlers.removed(event(ids=str(document_id(library, "pets.txt"))))
    chunks = "1 chunk, 1 vector" if read else "0 chunks, 0 vectors"
    assert f"Deleted 1 document: 1 version, {chunks} and {len(PETS)} bytes of files are gone." in receipt
    assert not [path for path in (home / "blobs").rglob("*") if path.is_file()]
    assert upload.submission
    ingestion.process(upload.submission.version_id)
    assert "Nothing to answer from yet" in listed(handlers)


def test_bytes_that_another_document_refers_to_stay(handlers: Handlers, library: Library, add: Add, home: Path) -> None:
    add("pets.txt", PETS)
    add("copy.txt", PETS)
    receipt = handlers.removed(event(ids=str(document_id(library, "copy.txt"))))
    assert "1 version, 0 chunks, 0 vectors and 0 bytes" in receipt
    (version,) = library.document(document_id(library, "pets.txt")).versions
    assert blob_path(home, version.sha256).exists()
    assert handlers.removed(event(ids="999")) == handlers.removed(event(ids="998,997"))


def test_deleting_a_collection_takes_its_documents(handlers: Handlers, library: Library, add: Add) -> None:
    add("pets.txt", PETS, "ferries")
    add("pets.txt", PETS, "trains")
    receipt = handlers.dropped(event(name="ferries"))
    assert "collection “ferries” with 1 document: 1 version, 1 chunk, 1 vector and 0 bytes" in receipt, (
        "the other collection's document has the bytes"
    )
    view, chips, *_ = handlers.listed(View(collection="ferries"))
    assert view.collection is None
    assert "trains" in chips
    assert "ferries" not in chips


def test_a_collection_is_made_once(handlers: Handlers) -> None:
    view, said = handlers.created(View(), event(text=" Trains "))
    assert view.collection == "trains"
    assert "“trains”" in said
    with pytest.raises(gr.Error, match="The name trains is taken"):
        handlers.created(View(), event(text="trains"))
    with pytest.raises(gr.Error, match="cannot be a collection"):
        handlers.created(View(), event(text="no spaces please"))


def test_ten_thousand_documents_are_looked_through_a_page_at_a_time(handlers: Handlers, database: Database) -> None:
    with database.sessions.begin() as session:
        session.execute(sa.text("INSERT INTO collections (name) VALUES ('many')"))
        session.execute(
            sa.text("""
                INSERT INTO documents (collection_id, name, source)
                SELECT (SELECT id FROM collections), 'paper-' || lpad(n::text, 5, '0') || '.txt', 'made up'
                FROM generate_series(1, 10000) AS n
            """)
        )
        session.execute(
            sa.text("""
                INSERT INTO document_versions (document_id, number, sha256, kind, size, status, error)
                SELECT id, 1, name, 'text', 1, CASE id % 100 WHEN 0 THEN 'failed' ELSE 'queued' END,
                       CASE id % 100 WHEN 0 THEN 'no reason' END FROM documents
            """)
        )
    by_title = View(sort=Sort.TITLE, descending=False)
    first, last = listed(handlers, by_title), listed(handlers, View(sort=Sort.TITLE, descending=False, page=10**9))
    assert first.count("<tr data-title") == PAGE
    assert "paper-00001.txt" in first
    assert "1–50 of 10,000" in first
    assert "paper-10000.txt" in last
    failed = listed(handlers, View(stage=Stage.FAILED))
    assert "1–50 of 100" in failed
    assert failed.count("no reason") == PAGE
    found = listed(handlers, handlers.filtered("paper-0999", by_title))
    assert found.count("<tr data-title") == 10
    assert "No document fits" in listed(handlers, handlers.filtered("100%", by_title))


def test_a_click_on_a_column_sorts_and_another_turns_round(handlers: Handlers) -> None:
    view = handlers.sorted(View(page=3), event(sort="title"))
    assert (view.sort, view.descending, view.page) == (Sort.TITLE, False, 0)
    assert handlers.sorted(view, event(sort="title")).descending
    assert handlers.sorted(view, event(sort="id; DROP TABLE documents")).sort is Sort.TITLE


def test_whatever_a_document_says_is_escaped(handlers: Handlers, library: Library, add: Add) -> None:
    add(HOSTILE, f"# <script>alert(1)</script>\n\n{HOSTILE} " + "${alert(1)}")
    hostile = document_id(library, HOSTILE)
    question = handlers.probed("script alert", "", 5)
    shown = [listed(handlers), handlers.reopened(Opened(hostile)), question, handlers.removed(event(ids=str(hostile)))]
    assert not [html for html in shown if "<img" in html or "<script" in html]
    assert "&lt;img" in shown[0]


@pytest.mark.parametrize("sent", ["", "-1", "1.5", "0x1", "１", "9" * 30, "1 OR 1=1", "<b>1</b>"])
def test_what_is_no_number_is_refused(handlers: Handlers, sent: str) -> None:
    for call in (handlers.opened, handlers.removed, handlers.retried):
        with pytest.raises(gr.Error) as refused:
            call(event(id=sent, ids=sent))
        assert "<" not in str(refused.value)


def test_what_is_not_there_is_said_so(handlers: Handlers) -> None:
    for call in (handlers.opened, handlers.retried, handlers.rolled_back):
        with pytest.raises(gr.Error, match=r"not there any more|There is no document 123"):
            call(event(id="123", number="1"))
    with pytest.raises(gr.Error, match="There is no collection"):
        handlers.dropped(event(name="nowhere"))
    with pytest.raises(gr.Error, match="There is no collection"):
        handlers.probed("anything?", "nowhere", 10)


def test_the_bench_shows_ranks_verdict_and_prompt(handlers: Handlers, add: Add) -> None:
    add("pets.txt", PETS)
    add("tickets.txt", "A day ticket costs 12 marks.\n\nChildren under six travel free.")
    shown = handlers.probed("Do dogs travel free?", "", 1)
    assert shown.count('<td class="rank">') == 1
    assert "pets.txt" in shown
    assert "The chat would answer" in shown
    assert "cosine similarity" in shown
    assert "You answer questions about the passages below" in shown
    assert " ms" in shown
    with pytest.raises(gr.Error, match="empty"):
        handlers.probed("  ", "", 10)


def test_a_passage_that_was_found_opens_at_its_chunk(handlers: Handlers, library: Library, add: Add) -> None:
    rows = "".join(f"cabin {n:03},{'quiet ' * 40}\n" for n in range(130))
    add("cabins.csv", f"name,remark\n{rows}")
    cabins = document_id(library, "cabins.csv")
    source = handlers.bench.probe("What about cabin 119?", None, 10).sources[0]
    now, shown = handlers.opened(event(id=str(cabins), chunk=str(source.chunk_id)))
    excerpt = library.document(cabins, first=now.first).excerpt
    assert excerpt
    begin, end = source.start - excerpt.start, source.end - excerpt.start
    assert excerpt.text[begin:end] == source.text
    assert f'aria-current="true" data-begin="{begin}" data-end="{end}"' in shown
    _, next_page = handlers.windowed(event(id=str(cabins), number="1", first="100"))
    assert "Chunks 101–130 of 130" in next_page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (QueueState(waiting=0, running=0, workers=0), "No worker is running"),
        (QueueState(waiting=2, running=0, workers=0), "2 waiting"),
        (QueueState(waiting=0, running=0, workers=1), "1 worker, nothing waiting"),
        (QueueState(waiting=3, running=1, workers=2), "2 workers, 1 being read, 3 waiting"),
    ],
)
def test_the_queue_in_words(state: QueueState, said: str) -> None:
    assert said in queue_in_words(state)


def test_documents_are_read_again_and_those_that_cannot_be_are_named(handlers: Handlers, add: Add) -> None:
    first = add("pets.txt", PETS).submission
    waiting = add("fares.txt", "A ticket costs 3 marks.", read=False).submission
    assert first is not None
    assert waiting is not None
    said = handlers.reread(event(ids=f"{first.document_id},{waiting.document_id},4711"))
    assert "Reading 1 document again" in said
    assert "1 document is being read just now" in said
    assert "no document 4711" in said
    assert "Reading 2 documents again" not in said
