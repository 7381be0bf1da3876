"""The handlers, called as a stranger could call them: with anything."""

import asyncio
import time
from uuid import UUID, uuid4

import gradio as gr
import pytest

from chat.ui import words
from chat.ui.answering import Answering
from chat.ui.handlers import STARTERS, Handlers
from tests.ui.lookalike import FOUND, LookAlike


@pytest.fixture
def service() -> LookAlike:
    return LookAlike()


@pytest.fixture
def handlers(service: LookAlike) -> Handlers:
    return Handlers(service)


@pytest.fixture
def answering(service: LookAlike) -> Answering:
    return Answering(service, service, service)


def sent(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def asked(answering: Answering, question: str, conversation_id: str = "", mode: str = "rag") -> str:
    """Ask, and wait for the answer. Returns the conversation's id."""
    _, current, _ = answering.begin(question, conversation_id, mode, "")
    followed(answering, current)
    return str(current)


def followed(answering: Answering, conversation_id: object, last: str = "") -> list[object]:
    """All that a page is shown that follows the conversation."""

    async def turn() -> list[object]:
        return [each async for each in answering.followed(conversation_id, sent(last=last))]

    shown = asyncio.run(turn())
    while "writing" in str(shown[-1]):
        shown += asyncio.run(turn())
    return shown


def test_a_question_is_shown_at_once_and_begins_a_conversation(service: LookAlike, answering: Answering) -> None:
    service.token_s = 0.01
    emptied, conversation_id, shown = answering.begin("  How much luggage? ", "", "rag", "")
    assert emptied == ""
    assert [message["role"] for message in shown] == ["user", "assistant"]
    assert "How much luggage?" in shown[0]["content"][0]
    assert "writing" in shown[1]["content"][0]
    assert str(service.conversations()[0].id) == conversation_id


def test_the_answer_grows_and_ends_whole(service: LookAlike, answering: Answering) -> None:
    service.token_s = 0.005
    _, conversation_id, _ = answering.begin("How much luggage?", "", "rag", "")
    shown = followed(answering, conversation_id)
    assert len(shown) > 4
    assert all("writing" in thread[1]["content"][0] for thread in shown[1:-1])
    assert len(shown[-1][1]["content"]) == 2
    assert answering.shown(conversation_id) == (conversation_id, shown[-1])
    assert followed(answering, conversation_id) == shown[-1:], "a reload must show what the end of the answer showed"


def test_leaving_does_nothing_to_the_answer_and_stop_ends_it(service: LookAlike, answering: Answering) -> None:
    service.token_s = 0.005
    _, conversation_id, _ = answering.begin("a long one", "", "rag", "")

    async def leave() -> None:
        async for _ in answering.followed(conversation_id, sent()):
            break

    asyncio.run(leave())
    spoken = service.spoken
    time.sleep(0.1)
    assert service.spoken > spoken
    answering.stopped(conversation_id)
    assert service.freed.wait(2)
    [kept] = followed(answering, conversation_id)
    assert words.STOPPED in kept[-1]["content"][-1]


def test_history_is_what_the_service_kept(service: LookAlike, answering: Answering) -> None:
    conversation_id = asked(answering, "May my dog come?")
    _, same, shown = answering.begin("And the moon?", conversation_id, "rag", "")
    assert same == conversation_id
    assert len(shown) == 4


def test_a_page_that_comes_back_is_shown_what_it_has_not_seen(service: LookAlike, answering: Answering) -> None:
    conversation_id = asked(answering, "May my dog come?")
    last = service.conversation(UUID(conversation_id)).messages[-1].id

    assert followed(answering, conversation_id, last=str(last)) == [gr.skip()]
    assert followed(answering, conversation_id, last="") == [answering.shown(conversation_id)[1]]
    assert followed(answering, "") == [[]]


@pytest.mark.parametrize("bad", ["nonsense", "../../etc", "1 OR 1=1", str(uuid4()), "<b>"])
def test_an_id_that_leads_nowhere_is_told_in_words(handlers: Handlers, answering: Answering, bad: str) -> None:
    for call in (
        lambda: followed(answering, bad),
        lambda: answering.shown(bad),
        lambda: answering.opened(sent(id=bad)),
        lambda: answering.turned(bad, sent(id=str(uuid4()))),
        lambda: answering.resent(bad, "rag", "", "", sent(id=str(uuid4()), text="x")),
        lambda: answering.begin("question", bad, "rag", ""),
        lambda: answering.stopped(bad),
        lambda: handlers.renamed(sent(id=bad, title="x")),
    ):
        with pytest.raises(gr.Error) as told:
            call()
        assert "conversation" in told.value.message


@pytest.mark.parametrize("data", [None, [], {}, {"passage": "1-2"}, {"passage": "1--2-3"}, {"passage": "٣-1-2"}])
def test_a_passage_that_cannot_be_is_told_in_words(handlers: Handlers, data: object) -> None:
    with pytest.raises(gr.Error) as told:
        handlers.passage_opened("", gr.EventData(None, data))
    assert told.value.message == words.BAD_PASSAGE


@pytest.mark.parametrize("value", [None, 7, [], {"a": 1}])
def test_values_of_another_kind_do_no_harm(handlers: Handlers, answering: Answering, value: object) -> None:
    with pytest.raises(gr.Error, match=words.TYPE_FIRST):
        answering.begin(value, "", "rag", "")
    with pytest.raises(gr.Error, match="conversation"):
        followed(answering, value or "x")
    assert words.NO_CONVERSATIONS in handlers.listed(value, value)
    assert words.GREETING in handlers.greeting(value)
    assert len(handlers.starters(value)) == STARTERS


def test_an_unknown_mode_and_an_empty_question_are_told_in_words(handlers: Handlers, answering: Answering) -> None:
    with pytest.raises(gr.Error, match="base, rag"):
        handlers.ask_once("question", "<b>sudo</b>", "")
    with pytest.raises(gr.Error, match=words.TYPE_FIRST):
        answering.begin(" \n ", "", "rag", "")


def test_a_message_cannot_smuggle_markup(handlers: Handlers) -> None:
    with pytest.raises(gr.Error) as told:
        handlers.ask_once("broken", "rag", "")
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in told.value.message


def test_what_no_person_can_cure_is_not_dressed_up(
    handlers: Handlers, service: LookAlike, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "conversations", lambda search: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        handlers.listed("", "")


def test_a_passage_outlives_its_document_by_its_quote(
    service: LookAlike, handlers: Handlers, answering: Answering
) -> None:
    conversation_id = asked(answering, "May my dog come?")
    link = f"3-{FOUND[3].start}-{FOUND[3].end}"
    assert "Cats and small animals" in handlers.passage_opened(conversation_id, sent(passage=link))
    service.deleted_versions.add(3)
    html = handlers.passage_opened(conversation_id, sent(passage=link))
    assert words.DELETED in html
    assert FOUND[3].text in html
    assert "Cats and small animals" not in html


def test_deleting_the_open_conversation_leaves_an_empty_page(
    service: LookAlike, handlers: Handlers, answering: Answering
) -> None:
    here, there = str(service.start_conversation("a")), str(service.start_conversation("b"))
    assert handlers.removed(here, sent(id=there)) == here
    assert handlers.removed(here, sent(id=here)) == ""
    assert answering.shown("") == ("", [])
    assert service.conversations() == []


def test_a_page_that_arrives_late_takes_nothing_from_whoever_asked_meanwhile(answering: Answering) -> None:
    assert answering.arrived("") == (gr.skip(), gr.skip())
    conversation_id = asked(answering, "How much luggage?")
    assert answering.arrived(conversation_id) == answering.shown(conversation_id)


def test_an_empty_title_changes_nothing(service: LookAlike, handlers: Handlers) -> None:
    talk = service.conversation(service.start_conversation("a"))
    handlers.renamed(sent(id=str(talk.id), title="  "))
    assert talk.title == "a"


def test_there_is_an_update_for_every_starter_button(
    service: LookAlike, handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in (0, 1, STARTERS + 3):
        monkeypatch.setattr(service, "starters", lambda collection, count=count: ["q"] * count)
        updates = handlers.starters("")
        assert len(updates) == STARTERS
        assert sum(update["visible"] for update in updates) == min(count, STARTERS)


def test_a_collection_greets_in_its_own_words(handlers: Handlers) -> None:
    assert "Ask the crew handbook" in handlers.greeting("crew-handbook")
    assert words.GREETING in handlers.greeting("passengers")
    assert words.GREETING in handlers.greeting("")


def test_an_answer_without_a_conversation_comes_back_whole(handlers: Handlers, service: LookAlike) -> None:
    text, citations = handlers.ask_once("May my dog come?", "rag", "")
    assert text.endswith("[1]")
    assert citations[0]["quote"] == FOUND[3].text
    assert service.conversations() == []
