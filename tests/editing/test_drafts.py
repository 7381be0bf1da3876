"""A draft answers nobody before it is published, and can be searched as if it did."""

from collections.abc import Sequence

import numpy as np
import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import Ingestion
from admin.service.editing import Editing
from admin.service.library import Library
from chat.errors import NotFoundError
from chat.store import chunks, drafts
from chat.store.catalogue import Stage, View
from chat.store.database import Database
from tests.editing.conftest import Add, CountingEmbedder

OLD = "A day ticket costs 12 marks. Ask at the harbour for one, or on board of any of the ships."
NEW = "A day ticket costs 15 marks. Ask at the harbour for one, or on board of any of the ships."


def collections(database: Database) -> Sequence[int]:
    with database.sessions() as session:
        return session.scalars(sa.text("SELECT id FROM collections")).all()


def found(database: Database, vector: np.ndarray) -> list[str]:
    with database.sessions() as session:
        known = session.scalars(sa.text("SELECT id FROM collections")).all()
        hits = chunks.nearest(session, known, vector, 10)
        return [source.text for source in chunks.sources(session, known, [hit.chunk_id for hit in hits])]


def test_a_draft_answers_when_it_is_published(
    add: Add, editing: Editing, library: Library, database: Database, counting: CountingEmbedder
) -> None:
    document = add("fares.txt", OLD).document_id
    add("fares.txt", NEW, draft=True)
    vector = counting.encode(["day ticket"])[0]
    assert found(database, vector) == [OLD]
    assert library.overview(View(stage=Stage.DRAFT)).listing.total == 1
    assert editing.publish(document) == 2
    assert found(database, vector) == [NEW]
    assert library.overview(View(stage=Stage.DRAFT)).listing.total == 0
    with pytest.raises(NotFoundError, match="no draft"):
        editing.publish(document)


def test_a_draft_is_searched_in_place_of_what_it_would_replace(
    add: Add, database: Database, counting: CountingEmbedder
) -> None:
    add("fares.txt", OLD)
    add("pets.txt", "Dogs travel free with a ticket.")
    draft = add("fares.txt", NEW, draft=True)
    vector, known = counting.encode(["day ticket marks"])[0], collections(database)
    with database.sessions() as session:
        content_ids = drafts.contents_of(session, known, [draft.version_id])
        for hits in (
            drafts.nearest_in(session, known, content_ids, vector, 10),
            drafts.matching_in(session, known, content_ids, "day ticket marks", 10),
        ):
            sources = drafts.sources_in(session, known, content_ids, [hit.chunk_id for hit in hits])
            found_there = {(source.document, source.version, source.text) for source in sources}
            assert found_there == {("fares.txt", 2, NEW), ("pets.txt", 1, "Dogs travel free with a ticket.")}
        assert not drafts.contents_of(session, [], [draft.version_id])
        elsewhere = drafts.nearest_in(session, [], content_ids, vector, 10)
        assert not elsewhere, "a draft was found in a collection that may not be read"


def test_the_bytes_of_a_draft_handed_in_for_good_are_published(add: Add, database: Database, library: Library) -> None:
    document = add("fares.txt", NEW, draft=True).document_id
    assert library.document(document).line.live is None
    again = add("fares.txt", NEW)
    assert again.new
    assert library.document(document).line.live == 2


def test_an_edit_of_a_draft_is_a_draft(add: Add, editing: Editing, ingestion: Ingestion, library: Library) -> None:
    document = add("fares.txt", OLD).document_id
    ingestion.process(editing.rewrite(document, 1, 0, NEW, draft=True).version_id)
    ingestion.process(editing.rewrite(document, 2, 0, NEW + " Or by letter.").version_id)
    newest, *_ = library.document(document).versions
    assert (newest.number, newest.draft, newest.live) == (3, True, False)
    assert editing.publish_all([document, 12345]) == 1
    assert library.document(document).line.live == 3
