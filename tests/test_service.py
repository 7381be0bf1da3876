"""Conversations as they are kept: an answer grows, is sealed once, and belongs to one person."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from admin.curation.formats.parser import Parser
from chat.errors import InvalidInputError, ModelError, NotFoundError
from chat.models.embedder import Embedder
from chat.rag.answer import Answer, Mode, Retrieved, Token
from chat.service import Assistant, record
from chat.store import conversations, documents
from chat.store.database import Database
from chat.store.tables import AnswerStatus, User
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, make_library, models, texts

GATE = "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n"
ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    with Parser() as parser:
        yield parser


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    library = make_library(database, embedder, parser, home)
    library.add("gate.md", GATE)
    return library


def assistant(library: Library, *answers: str, breaks_after: int | None = None) -> tuple[Assistant, Speaker]:
    model = Speaker(answers=list(answers) or [SAID], breaks_after=breaks_after)
    return Assistant(library.database.sessions, make_chain(library, models(model)), person=OWNER), model


def ask(assistant: Assistant, conversation_id: UUID, question: str = ASKED) -> Answer:
    *_, last = assistant.ask(question, conversation_id=conversation_id)
    assert isinstance(last, Answer)
    return last


def test_a_conversation_is_kept_with_all_that_was_shown(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(f"  {ASKED}\n")
    answer = ask(service, conversation_id)
    kept = service.conversation(conversation_id)
    assert kept.title == ASKED
    question, shown = kept.messages
    assert (question.role, question.text, question.status) == ("user", ASKED, AnswerStatus.COMPLETE)
    assert (shown.role, shown.text, shown.status) == ("assistant", f"{SAID} [1]", AnswerStatus.COMPLETE)
    assert list(shown.citations) == list(answer.citations)
    assert list(shown.retrieved) == list(answer.retrieved)
    assert (shown.mode, shown.searched, shown.timings_ms) == (Mode.RAG, ASKED, answer.timings_ms)


def test_what_was_said_before_is_the_history(library: Library) -> None:
    service, model = assistant(library, SAID)
    conversation_id = service.start_conversation(ASKED)
    ask(service, conversation_id)
    ask(service, conversation_id, "Which person keeps the key of the harbour gate at night?")
    assert texts(model.prompts[-1])[1:3] == [ASKED, f"{SAID} [1]"]


def test_a_refusal_tells_the_model_nothing(library: Library) -> None:
    service, model = assistant(library, "The documents do not say.", SAID)
    conversation_id = service.start_conversation(ASKED)
    assert ask(service, conversation_id).refused
    ask(service, conversation_id, "Which person keeps the key of the harbour gate at night?")
    assert not any("not in the documents" in text for text in texts(model.prompts[-1])[1:])


def test_stopping_keeps_what_was_said(library: Library) -> None:
    service, model = assistant(library, SAID + " word" * 500)
    conversation_id = service.start_conversation(ASKED)
    with closing(service.ask(ASKED, conversation_id=conversation_id)) as events:
        heard = ""
        for event in events:
            if isinstance(event, Token):
                heard += event.text
            if len(heard) > 20:
                break
    assert model.freed
    assert model.spoken < 20
    shown = service.conversation(conversation_id).messages[-1]
    assert (shown.text, shown.status, shown.citations) == (heard, AnswerStatus.STOPPED, [])


def test_an_answer_grows_in_the_database_while_it_streams(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "SAVE_EVERY_S", 0.0)
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    seen = []
    for event in service.ask(ASKED, conversation_id=conversation_id):
        shown = service.conversation(conversation_id).messages[-1]
        if isinstance(event, Retrieved | Token):
            assert shown.status == AnswerStatus.STREAMING
            seen.append(shown.text)
    assert seen == ["", *(SAID[: len(" ".join(SAID.split()[:n]))] for n in range(1, len(SAID.split()) + 1))]


def test_it_is_not_written_down_for_every_token(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(library.database.engine, "before_cursor_execute", note)
    began = time.monotonic()
    ask(service, conversation_id)
    growths = [statement for statement in statements if statement.startswith("UPDATE messages SET content=")]
    assert len(growths) <= 1 + 2 * (time.monotonic() - began + 1)


def test_no_transaction_is_open_while_tokens_flow(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    for event in service.ask(ASKED, conversation_id=conversation_id):
        if isinstance(event, Token):
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_failure_is_sealed_as_one(library: Library) -> None:
    service = Assistant(library.database.sessions, make_chain(library, models(None)), person=OWNER)
    conversation_id = service.start_conversation(ASKED)
    with pytest.raises(ModelError):
        list(service.ask(ASKED, mode=Mode.BASE, conversation_id=conversation_id))
    shown = service.conversation(conversation_id).messages[-1]
    assert (shown.text, shown.status) == ("", AnswerStatus.FAILED)


def test_a_model_that_breaks_off_leaves_what_it_said(library: Library) -> None:
    service, _ = assistant(library, f"{SAID} And then", breaks_after=8)
    conversation_id = service.start_conversation(ASKED)
    ask(service, conversation_id)
    shown = service.conversation(conversation_id).messages[-1]
    assert (shown.text, shown.status) == (f"{SAID} [1]", AnswerStatus.COMPLETE)


def test_a_sealed_message_never_changes(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    ask(service, conversation_id)
    before = service.conversation(conversation_id).messages
    with library.database.sessions.begin() as session:
        assert not conversations.grow(session, before[-1].id, "something else")
        assert not conversations.seal(session, before[-1].id, content="else", status=AnswerStatus.STOPPED)
    assert service.conversation(conversation_id).messages == before


def test_answers_whose_process_died_are_sealed_and_others_left(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    with library.database.sessions.begin() as session:
        dead = conversations.add_turn(session, conversation_id, ASKED, Mode.RAG)
        conversations.grow(session, dead.id, "The harbour")
        alive = conversations.add_turn(session, conversation_id, ASKED, Mode.RAG)
        session.execute(
            sa.text("UPDATE messages SET updated_at = now() - interval '1 hour' WHERE id = :id"), {"id": dead.id}
        )
    service.seal_abandoned()
    shown = {message.id: message for message in service.conversation(conversation_id).messages}
    assert (shown[dead.id].status, shown[dead.id].text) == (AnswerStatus.STOPPED, "The harbour")
    assert shown[alive.id].status == AnswerStatus.STREAMING


def test_a_citation_opens_its_version_whatever_came_after(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    [citation] = ask(service, conversation_id).citations
    library.add("gate.md", GATE.replace("22:15", "23:30"))
    passage = service.passage(citation.version_id, citation.start, citation.end)
    assert passage.text[passage.start : passage.end] == citation.quote == SAID
    assert (passage.newest, passage.version) == (False, 1)


def test_a_citation_outlives_its_document(library: Library) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    [citation] = ask(service, conversation_id).citations
    with library.database.sessions.begin() as session:
        documents.remove(session, citation.document_id)
    [kept] = service.conversation(conversation_id).messages[-1].citations
    assert (kept.quote, kept.document) == (citation.quote, "Harbour gate")
    for version_id in (citation.version_id, kept.version_id):
        with pytest.raises(NotFoundError, match="was deleted since"):
            service.passage(version_id, citation.start, citation.end)


def test_another_person_s_conversation_does_not_exist(library: Library) -> None:
    service, _ = assistant(library)
    with library.database.sessions.begin() as session:
        stranger = User(name="stranger")
        session.add(stranger)
        session.flush()
        theirs = conversations.start(session, stranger.id, "my secret question").id
    assert service.conversations() == service.conversations("secret") == []
    for attempt in (
        lambda: service.conversation(theirs),
        lambda: service.rename_conversation(theirs, "mine now"),
        lambda: list(service.ask(ASKED, conversation_id=theirs)),
        lambda: service.conversation(uuid4()),
    ):
        with pytest.raises(NotFoundError, match="does not exist"):
            attempt()
    service.delete_conversation(theirs)
    with library.database.sessions() as session:
        assert conversations.get(session, stranger.id, theirs).title == "my secret question"
        assert not conversations.messages(session, theirs)


def test_conversations_are_found_by_title_and_by_what_was_said(library: Library) -> None:
    service, _ = assistant(library)
    first = service.start_conversation("About 100% of dogs")
    second = service.start_conversation(ASKED)
    ask(service, second)
    assert [found.id for found in service.conversations()] == [second, first], "the latest first"
    for words, expected in (
        ("100%", [first]),
        ("NIGHT", []),
        ("22:15", [second]),
        ("_", []),
        ("\\", []),
        ("%", [first]),
    ):
        assert [found.id for found in service.conversations(words)] == expected
    service.rename_conversation(first, "  Cats\n and dogs ")
    service.rename_conversation(second, "   ")
    assert [found.title for found in service.conversations()] == [ASKED, "Cats and dogs"]
    service.delete_conversation(second)
    assert [found.id for found in service.conversations()] == [first]


@pytest.mark.parametrize("question", ["", "\x00", "x" * 20_001])
def test_a_question_that_cannot_be_asked_leaves_no_message(library: Library, question: str) -> None:
    service, _ = assistant(library)
    conversation_id = service.start_conversation(ASKED)
    for attempt in (
        lambda: service.ask(question, conversation_id=conversation_id),
        lambda: service.start_conversation(question),
        lambda: service.search(question),
        lambda: service.answer(question),
    ):
        with pytest.raises(InvalidInputError):
            attempt()
    assert service.conversation(conversation_id).messages == []


def test_a_very_long_question_gets_a_short_title(library: Library) -> None:
    service, _ = assistant(library)
    for question in ("word " * 100, "x" * 300):
        service.start_conversation(question)
    assert all(0 < len(found.title) <= conversations.TITLE_LENGTH for found in service.conversations())


def test_search_finds_what_ask_finds(library: Library) -> None:
    service, _ = assistant(library)
    *_, answer = service.answer(ASKED)
    assert isinstance(answer, Answer)
    assert service.search(ASKED) == list(answer.retrieved)
    assert len(service.search(ASKED, k=1)) == 1


def test_a_trace_is_kept_of_an_answer_outside_of_conversations(library: Library) -> None:
    service, _ = assistant(library)
    *_, answer = service.answer(ASKED)
    assert isinstance(answer, Answer)
    trace_id = service.keep_trace(ASKED, answer)
    assert library.scalar("SELECT question FROM traces WHERE id = :id", id=trace_id) == ASKED
