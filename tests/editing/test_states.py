"""Cancel, retry and delete do what they say in every state a document can be in, and leave nothing behind."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import Ingestion, blob_path
from admin.curation.formats.loaders import ParsedDocument
from admin.curation.formats.parser import Parser
from admin.service.editing import Editing
from admin.service.library import Library
from chat.store.cited import Uses
from chat.store.database import Database
from chat.store.versions import CANCELLED
from tests.editing.conftest import ISLANDS, Add, CountingEmbedder

TABLES = ("contents", "chunks", "documents", "document_versions")


def rows(database: Database) -> dict[str, int]:
    with database.sessions() as session:
        return {table: session.scalars(sa.text(f"SELECT count(*) FROM {table}")).one() for table in TABLES}


def files(home: Path) -> list[Path]:
    return [path for path in (home / "blobs").rglob("*") if path.is_file()]


class MeddlingParser(Parser):
    """Reads like any other, and does something while it is at it."""

    meddle: Callable[[], object]

    def parse(self, path: Path, kind: str) -> ParsedDocument:
        document = super().parse(path, kind)
        self.meddle()
        return document


class MeddlingEmbedder(CountingEmbedder):
    """Computes like any other, and does something before it is done."""

    meddle: Callable[[], object]

    def encode(self, texts, *arguments, **named):  # type: ignore[no-untyped-def]
        self.meddle()
        return super().encode(texts, *arguments, **named)


def interrupt(ingestion: Ingestion, version_id: int, moment: str, meddle: Callable[[], object]) -> None:
    """Process a version, with something that happens while it is being parsed or embedded."""
    if moment == "parsing":
        with closing(MeddlingParser()) as parser:
            parser.meddle = meddle
            replace(ingestion, parser=parser).process(version_id)
        return
    embedder = MeddlingEmbedder(dtype="float32")
    embedder.given, embedder.meddle = [], meddle
    replace(ingestion, embedder=embedder).process(version_id)


@pytest.mark.parametrize("moment", ["parsing", "embedding"])
def test_deleted_while_it_is_read_it_leaves_nothing(
    add: Add, library: Library, ingestion: Ingestion, database: Database, home: Path, moment: str
) -> None:
    handed_in = add(read=False)
    interrupt(ingestion, handed_in.version_id, moment, lambda: library.delete([handed_in.document_id]))
    assert rows(database) == dict.fromkeys(TABLES, 0)
    assert not files(home)


@pytest.mark.parametrize("moment", ["parsing", "embedding"])
def test_cancelled_while_it_is_read_it_fails_in_words_and_can_be_tried_again(
    add: Add, library: Library, editing: Editing, ingestion: Ingestion, database: Database, moment: str
) -> None:
    handed_in = add(read=False)
    interrupt(ingestion, handed_in.version_id, moment, lambda: editing.cancel(handed_in.document_id))
    line = library.document(handed_in.document_id).line
    assert (line.status, line.error) == ("failed", CANCELLED)
    assert rows(database)["contents"] == 0
    assert library.retry(handed_in.document_id)
    newest, *_ = library.document(handed_in.document_id).versions
    ingestion.process(newest.id)
    assert library.document(handed_in.document_id).line.live == 2


def test_what_waits_is_cancelled_at_once(add: Add, library: Library, editing: Editing, ingestion: Ingestion) -> None:
    document = add().document_id
    waiting = add(text=ISLANDS + "\n\nMore.", read=False)
    assert editing.cancel(document) == 1
    assert editing.cancel(document) == 0
    ingestion.process(waiting.version_id)
    line = library.document(document).line
    assert (line.status, line.live) == ("failed", 1), "what answered before goes on answering"


def test_one_of_two_that_share_their_bytes_is_deleted_while_the_other_is_read(
    add: Add, library: Library, ingestion: Ingestion, database: Database
) -> None:
    first, second = add("one.md", read=False), add("two.md", read=False)
    interrupt(ingestion, first.version_id, "embedding", lambda: library.delete([second.document_id]))
    assert library.document(first.document_id).line.live == 1
    assert rows(database)["contents"] == 1


def test_an_edit_that_failed_is_tried_again_as_an_edit(
    add: Add, library: Library, editing: Editing, ingestion: Ingestion, home: Path
) -> None:
    document = add().document_id
    edit = editing.rewrite(document, 1, 0, "Dogs pay half.")
    editing.cancel(document)
    assert library.retry(document)
    newest, *_ = library.document(document).versions
    assert newest.kind == "edited"
    ingestion.process(newest.id)
    opened = library.document(document)
    assert opened.excerpt
    assert opened.excerpt.text.startswith("Dogs pay half.")
    assert edit.version < newest.number
    assert blob_path(home, newest.sha256).exists()


def test_a_job_that_was_lost_is_queued_again(add: Add, library: Library, database: Database) -> None:
    document = add(read=False).document_id
    with database.sessions.begin() as session:
        session.execute(sa.text("DELETE FROM procrastinate_jobs"))
    assert library.retry(document)
    with database.sessions() as session:
        assert session.scalars(sa.text("SELECT count(*) FROM procrastinate_jobs")).one() == 1
    assert len(library.document(document).versions) == 1


def test_a_newer_version_that_was_faster_goes_on_answering(add: Add, library: Library, ingestion: Ingestion) -> None:
    slow, fast = add("a.txt", "The old text.", read=False), add("a.txt", "The new text.", read=False)
    ingestion.process(fast.version_id)
    ingestion.process(slow.version_id)
    assert library.document(fast.document_id).line.live == fast.version


def test_the_receipt_says_what_cited_it(add: Add, library: Library, database: Database) -> None:
    document = add().document_id
    cite(database, document)
    receipt = library.delete([document])
    assert receipt.cited == Uses(2, 1)
    assert library.delete([document]).cited == Uses()


def cite(database: Database, document_id: int) -> None:
    """A conversation in which two answers cite the document."""
    with database.sessions.begin() as session:
        session.execute(
            sa.text("""
                WITH talk AS (
                    INSERT INTO conversations (id, user_id, title)
                    SELECT gen_random_uuid(), id, 'Ferries' FROM users LIMIT 1 RETURNING id
                ), line AS MATERIALIZED (
                    SELECT gen_random_uuid() AS id, * FROM (
                        VALUES (1, 'user', 'May my dog come?'), (2, 'assistant', 'Yes [1].'),
                               (3, 'user', 'And my cat?'), (4, 'assistant', 'Yes [1].')) AS v(n, role, content)
                ), said AS (
                    INSERT INTO messages (id, conversation_id, parent_id, role, content)
                    SELECT line.id, talk.id, lag(line.id) OVER (ORDER BY n), role, content
                    FROM talk, line ORDER BY n RETURNING id, role
                )
                INSERT INTO citations (message_id, marker, version_id, document, document_id, version, chunk_id,
                                       start_char, end_char, quote)
                SELECT said.id, 1, version.id, 'islands.md', :document, 1, 1, 20, 40, 'Dogs travel free'
                FROM said, (SELECT id FROM document_versions WHERE document_id = :document LIMIT 1) AS version
                WHERE role = 'assistant'
            """),
            {"document": document_id},
        )
