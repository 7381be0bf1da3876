"""Questions tried on documents with a tag: the bench finds among them what the chat would, drafts included."""

from typing import Any

import gradio as gr
import pytest
import sqlalchemy as sa

from admin.service.bench import Bench
from admin.ui.handlers import Handlers
from admin.ui.retrieval_handlers import RetrievalHandlers
from chat.errors import InvalidInputError, NotFoundError
from chat.rag.retriever import HybridRetriever
from chat.store import tags
from tests.conftest import OWNER
from tests.rag.library import Library

QUESTION = "How long is a return ticket valid?"
FIELDS = {"fusion": "ranks", "share": "50", "threshold": ""}


@pytest.fixture
def tagged(ferries: Library) -> Library:
    """The tickets and the dogs are for travellers, the harbour is not."""
    with ferries.database.sessions.begin() as session:
        scope = list(session.scalars(sa.text("SELECT id FROM collections")))
        travellers = sa.text("SELECT id FROM documents WHERE name <> 'harbour.md'")
        tags.change(session, scope, list(session.scalars(travellers)), add=["travellers"], drop=())
    return ferries


def test_it_finds_among_them_what_the_chat_finds(tagged: Library, bench: Bench) -> None:
    probe = bench.probe(QUESTION, "ferries", 5, tagged=["Travellers"])
    assert {source.document for source in probe.sources} == {"Tickets", "Dogs"}
    retriever = HybridRetriever(sessions=bench.sessions, embedder=bench.embedder, person=OWNER)
    assert list(probe.sources) == retriever.asked_by(OWNER, "ferries", ["travellers"]).sources(QUESTION)
    assert bench.probe(QUESTION, "ferries", 5, tagged=["nobody"]).sources == []
    with pytest.raises(InvalidInputError, match="at most 40"):
        bench.probe(QUESTION, "ferries", 5, tagged=["x" * 41])


def test_a_draft_is_found_where_its_document_has_the_tag(tagged: Library, bench: Bench) -> None:
    made = tagged.submit("tickets.md", "# Tickets\n\nA return ticket is valid for a whole year.\n", "ferries")
    with tagged.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE document_versions SET draft = true WHERE id = :id"), {"id": made.version_id})
    tagged.ingestion.process(made.version_id)
    found = bench.probe(QUESTION, "ferries", 5, tagged=["travellers"], draft=made.version_id).sources
    assert "a whole year" in found[0].text
    assert not any("21 days" in source.text for source in found)
    with tagged.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE documents SET tags = '{}' WHERE name = 'tickets.md'"))
    found = bench.probe(QUESTION, "ferries", 5, tagged=["travellers"], draft=made.version_id).sources
    assert {source.document for source in found} == {"Dogs"}


def offered(handlers: RetrievalHandlers, chosen: str = "") -> dict[str, Any]:
    """What the list of tags is told."""
    found: dict[str, Any] = handlers.tags("ferries", chosen)._constructor_args[0]
    return found


def test_the_tab_offers_the_tags_there_are(tagged: Library, bench: Bench) -> None:
    handlers = RetrievalHandlers(bench)
    known = [("", "Any tag, or none"), ("travellers", "travellers (2 documents)")]
    assert offered(handlers, "travellers") == {"choices": known}
    assert offered(handlers, "gone") == {"choices": known, "value": ""}, "one that is not there any more"
    with tagged.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE documents SET tags = '{}'"))
    assert offered(handlers) == {"choices": []}
    with pytest.raises(gr.Error):
        handlers.tags("nowhere", "")
    with pytest.raises(NotFoundError):
        bench.tags("nowhere")


def test_the_tab_searches_with_the_tag_on_both_sides(tagged: Library, bench: Bench) -> None:
    shown = Handlers(None, bench).probed(QUESTION, "ferries", 5, "travellers")  # type: ignore[arg-type]
    assert "Tickets" in shown
    assert "Harbour" not in shown
    beside = RetrievalHandlers(bench).beside(QUESTION, "ferries", 5, "travellers", gr.EventData(None, FIELDS))
    assert beside.count("Tickets") >= 2
    assert "Harbour" not in beside
