"""The handlers, called as a stranger could call them: with anything."""

from collections.abc import Iterator
from itertools import islice
from uuid import uuid4

import gradio as gr
import pytest

from chat.rag.answer import Event, Token
from chat.ui import words
from chat.ui.handlers import STARTERS, Handlers, frames
from tests.ui.lookalike import FOUND, LookAlike, answer_to


@pytest.fixture
def service() -> LookAlike:
    return LookAlike()


@pytest.fixture
def handlers(service: LookAlike) -> Handlers:
    return Handlers(service)


def sent(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def test_a_question_is_shown_at_once_and_begins_a_conversation(service: LookAlike, handlers: Handlers) -> None:
    emptied, asked, conversation_id, shown = handlers.begin("  How much luggage? ", "", "rag")
    assert (emptied, asked) == ("", "How much luggage?")
    assert [message["role"] for message in shown] == ["user", "assistant"]
    assert words.SEARCHING in shown[1]["content"][0]
    assert str(service.conversations()[0].id) == conversation_id


def test_the_answer_grows_and_ends_whole(service: LookAlike, handlers: Handlers) -> None:
    _, asked, conversation_id, _ = handlers.begin("How much luggage?", "", "rag")
    *_, last = handlers.reply(asked, conversation_id, "rag", "")
    assert len(last) == 2
    assert len(last[1]["content"]) == 2
    *_, (_, kept) = handlers.followed(conversation_id)
    assert kept == last, "a reload must show what the end of the answer showed"


def test_closing_the_answer_frees_the_model_at_the_next_token(service: LookAlike, handlers: Handlers) -> None:
    _, asked, conversation_id, _ = handlers.begin("a long one", "", "rag")
    growing = handlers.reply(asked, conversation_id, "rag", "")
    list(islice(growing, 3))
    spoken = service.spoken
    growing.close()
    assert service.freed.is_set()
    assert service.spoken <= spoken + 1
    *_, (_, kept) = handlers.followed(conversation_id)
    assert words.STOPPED in kept[-1]["content"][-1]


def test_history_is_what_the_service_kept(service: LookAlike, handlers: Handlers) -> None:
    _, asked, conversation_id, _ = handlers.begin("May my dog come?", "", "rag")
    list(handlers.reply(asked, conversation_id, "rag", ""))
    _, _, same, shown = handlers.begin("And the moon?", conversation_id, "rag")
    assert same == conversation_id
    assert len(shown) == 4


def test_frames_come_at_most_fifteen_times_a_second() -> None:
    def events() -> Iterator[Event]:
        yield from (Token("a ") for _ in range(1000))
        yield answer_to("dog")

    seconds = iter(range(10**6))
    shown = list(frames(events(), clock=lambda: next(seconds) / 1000))
    assert len(shown) <= 15 * 2 + 2, "a thousand tokens in about two seconds"
    assert "Dogs travel free" in shown[-1]["content"][0]


@pytest.mark.parametrize("bad", ["nonsense", "../../etc", "1 OR 1=1", str(uuid4()), "<b>"])
def test_an_id_that_leads_nowhere_is_told_in_words(handlers: Handlers, bad: str) -> None:
    for call in (
        lambda: list(handlers.followed(bad)),
        lambda: handlers.begin("question", bad, "rag"),
        lambda: list(handlers.reply("question", bad, "rag", "")),
        lambda: list(handlers.opened(sent(id=bad))),
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
def test_values_of_another_kind_do_no_harm(handlers: Handlers, value: object) -> None:
    with pytest.raises(gr.Error, match=words.TYPE_FIRST):
        handlers.begin(value, "", "rag")
    with pytest.raises(gr.Error, match="conversation"):
        list(handlers.reply("question", value, "rag", ""))
    assert words.NO_CONVERSATIONS in handlers.listed(value, value)
    assert words.GREETING in handlers.greeting(value)
    assert len(handlers.starters(value)) == STARTERS


def test_an_unknown_mode_and_an_empty_question_are_told_in_words(handlers: Handlers) -> None:
    with pytest.raises(gr.Error, match="base, rag"):
        handlers.ask_once("question", "<b>sudo</b>", "")
    with pytest.raises(gr.Error, match=words.TYPE_FIRST):
        handlers.begin(" \n ", "", "rag")


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


def test_a_passage_outlives_its_document_by_its_quote(service: LookAlike, handlers: Handlers) -> None:
    _, asked, conversation_id, _ = handlers.begin("May my dog come?", "", "rag")
    list(handlers.reply(asked, conversation_id, "rag", ""))
    link = f"3-{FOUND[3].start}-{FOUND[3].end}"
    assert "Cats and small animals" in handlers.passage_opened(conversation_id, sent(passage=link))
    service.deleted_versions.add(3)
    html = handlers.passage_opened(conversation_id, sent(passage=link))
    assert words.DELETED in html
    assert FOUND[3].text in html
    assert "Cats and small animals" not in html


def test_deleting_the_open_conversation_leaves_an_empty_page(service: LookAlike, handlers: Handlers) -> None:
    here, there = str(service.start_conversation("a")), str(service.start_conversation("b"))
    assert handlers.removed(here, sent(id=there)) == here
    assert handlers.removed(here, sent(id=here)) == ""
    assert list(handlers.followed("")) == [("", [])]
    assert service.conversations() == []


def test_a_page_that_arrives_late_takes_nothing_from_whoever_asked_meanwhile(handlers: Handlers) -> None:
    assert list(handlers.arrived("")) == [(gr.skip(), gr.skip())]
    _, asked, conversation_id, _ = handlers.begin("How much luggage?", "", "rag")
    list(handlers.reply(asked, conversation_id, "rag", ""))
    assert list(handlers.arrived(conversation_id)) == list(handlers.followed(conversation_id))


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
