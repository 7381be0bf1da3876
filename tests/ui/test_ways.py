"""The handlers of ways, ratings and comparing, called as a stranger could call them: with anything."""

import time
from dataclasses import replace
from typing import cast
from uuid import UUID

import gradio as gr
import pytest

from chat.rag.answer import Answer, Mode
from chat.store.feedback import Opinion, Reason
from chat.store.votes import Winner
from chat.ui import rating, sides, words
from chat.ui.answering import Answering
from chat.ui.comparing_handlers import Comparing
from chat.ui.handlers import Handlers
from chat.ui.sides import Pair
from chat.ui.thread import thread
from chat.ui.ways import USUAL, choice, for_asking
from tests.ui.kept import Kept
from tests.ui.lookalike import LookAlike, answer_to


@pytest.fixture
def service() -> LookAlike:
    service = LookAlike()
    service.adapters = ["calm", "terse"]
    return service


@pytest.fixture
def handlers(service: LookAlike) -> Handlers:
    return Handlers(service)


@pytest.fixture
def comparing(service: LookAlike) -> Comparing:
    return Comparing(service)


def sent(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def asked(handlers: Handlers, way: str = "") -> tuple[str, str]:
    """A conversation and the last thing that is shown of its answer."""
    service = cast("LookAlike", handlers.service)
    _, talk, _ = Answering(service, service, service).begin("May my dog come?", "", USUAL, "", way)
    while (messages := service.conversation(UUID(talk)).messages)[-1].status == "streaming":
        time.sleep(0.01)
    return talk, thread(messages)[-1]["content"][-1]


def test_without_adapters_there_is_no_list_of_ways(handlers: Handlers, service: LookAlike) -> None:
    service.adapters = []
    plain, listed = handlers.ways("")
    assert plain["visible"]
    assert not listed.visible
    assert words.MODES["rag"] in asked(handlers)[1] or words.QUOTED in asked(handlers)[1]


def test_what_serves_stands_first_and_is_what_nothing_chosen_means(service: LookAlike) -> None:
    offered = for_asking(service.ways())
    assert offered[0] == (USUAL, "Documents + calm")
    assert [value for value, _ in offered] == [
        USUAL,
        "rag",
        "rag+adapter:terse",
        "adapter:calm",
        "adapter:terse",
        "base",
    ]


@pytest.mark.parametrize(
    ("way", "mode", "adapter"),
    [
        ("", None, None),
        (USUAL, None, None),
        (None, None, None),
        ("base", Mode.BASE, None),
        ("rag+adapter:calm", Mode.RAG_ADAPTER, "calm"),
        (":calm", None, "calm"),
    ],
)
def test_a_way_is_read_from_what_the_list_holds(way: object, mode: Mode | None, adapter: str | None) -> None:
    assert (choice(way).mode, choice(way).adapter) == (mode, adapter)


def test_the_answer_says_which_adapter_gave_it_or_could_not(handlers: Handlers) -> None:
    whole = Kept("assistant", "Two", mode=Mode.RAG_ADAPTER)
    named = answer_to("luggage", Mode.RAG_ADAPTER, "calm").adapter

    def remarks(message: Kept) -> str:
        return thread([message])[0]["content"][-1]

    assert "Documents + calm" in remarks(replace(whole, adapter=named))
    assert "calm alone" in remarks(replace(whole, adapter=named, mode=Mode.ADAPTER))
    assert words.COULD_NOT.format("broken") in remarks(replace(whole, missed="broken"))
    assert f"<span>{words.MODES['rag']}</span>" in remarks(replace(whole, missed="broken"))
    assert words.COULD_NOT.format("broken") in asked(handlers, "rag+adapter:broken")[1]


def test_a_rating_is_kept_shown_and_taken_back(handlers: Handlers, service: LookAlike) -> None:
    talk, _ = asked(handlers)
    message = str(next(iter(service.talks.values())).messages[-1].id)
    shown = handlers.rated(talk, sent(id=message, rating="-1", reasons="style|wrong", correction="<i>No.</i>"))
    footing = shown[-1]["content"][-1]
    assert words.REASONS["wrong"] in footing
    assert "&lt;i&gt;No.&lt;/i&gt;" in footing
    assert footing.count("bad pressed") == 1
    shown = handlers.rated(talk, sent(id=message, rating="0"))
    assert "pressed" not in shown[-1]["content"][-1]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, words.BAD_RATING),
        ({"id": "<b>"}, words.BAD_RATING),
        ({"id": "00000000-0000-0000-0000-000000000000", "rating": "1"}, "does not exist"),
        ({"id": "00000000-0000-0000-0000-000000000000", "rating": "9"}, "1 for a good answer"),
        ({"id": "00000000-0000-0000-0000-000000000000", "rating": "1", "reasons": "ugly"}, "none of the reasons"),
    ],
)
def test_a_rating_that_cannot_be_is_told_in_words(handlers: Handlers, data: dict[str, str], told: str) -> None:
    talk, _ = asked(handlers)
    with pytest.raises(gr.Error) as error:
        handlers.rated(talk, sent(**data))
    assert told in str(error.value.message)


def test_what_was_said_is_shown_without_markup() -> None:
    html = rating.said(Opinion(-1, [Reason.WRONG], '"><script>', "<b>'x'"))
    assert "<script" not in html
    assert "<b>" not in html
    assert words.REASONS["wrong"] in html
    assert rating.said(Opinion(-1)) == rating.said(None) == ""


def test_two_answers_are_blind_until_the_vote(comparing: Comparing, service: LookAlike) -> None:
    *_, (html, pair) = comparing.compared("May my dog come?", "rag", "rag+adapter:calm", True, "")
    assert "calm" not in html
    assert html.count('class="card"') >= 2
    html, left = comparing.voted(pair, sent(winner="first"))
    assert left is None
    assert "Documents + calm" in html
    assert words.VOTED["first"] in html
    [(ballot, winner)] = service.votes
    assert (winner, {ballot.first.mode, ballot.second.mode}) == (Winner.FIRST, {"rag", "rag+adapter"})


def test_the_order_is_shuffled_where_it_is_blind_and_kept_where_it_is_not(comparing: Comparing) -> None:
    def first(blind: bool) -> set[str]:
        ends = [list(comparing.compared("dog", "rag", "base", blind, ""))[-1][1] for _ in range(20)]
        return {str(pair.first.answer.mode) for pair in ends if pair and pair.first.answer}

    assert first(True) == {"rag", "base"}
    assert first(False) == {"rag"}


def test_a_side_that_fails_is_told_and_there_is_nothing_to_vote_on(comparing: Comparing) -> None:
    *_, (html, pair) = comparing.compared("a broken model", "rag", "base", True, "")
    assert html.count("python -m admin doctor") == 2
    assert "data-winner" not in html
    assert "&lt;b&gt;" in html
    with pytest.raises(gr.Error) as told:
        comparing.voted(pair, sent(winner="first"))
    assert told.value.message == words.NOTHING_TO_VOTE


@pytest.mark.parametrize("pair", [None, "forged", {"first": "x"}, Pair("q", None, True)])
def test_nothing_is_voted_on_that_was_not_answered_here(comparing: Comparing, pair: object, service: LookAlike) -> None:
    with pytest.raises(gr.Error) as told:
        comparing.voted(pair, sent(winner="first"))
    assert told.value.message == words.NOTHING_TO_VOTE
    assert service.votes == []


@pytest.mark.parametrize("winner", [None, "", "both", 7])
def test_a_vote_that_cannot_be_is_told_in_words(comparing: Comparing, winner: object, service: LookAlike) -> None:
    *_, (_, pair) = comparing.compared("dog", "rag", "base", False, "")
    with pytest.raises(gr.Error, match="There is no vote"):
        comparing.voted(pair, sent(winner=winner))
    assert service.votes == []


@pytest.mark.parametrize("way", ["sudo", "<b>", "rag;drop"])
def test_an_unknown_way_is_told_in_words(service: LookAlike, comparing: Comparing, way: str) -> None:
    for call in (
        lambda: Answering(service, service, service).begin("question", "", USUAL, "", way),
        lambda: list(comparing.compared("question", way, "rag", True, "")),
    ):
        with pytest.raises(gr.Error, match="There is no mode"):
            call()


def test_what_was_missed_counts_as_what_answered(comparing: Comparing, service: LookAlike) -> None:
    *_, (html, pair) = comparing.compared("dog", "rag+adapter:broken", "base", False, "")
    assert words.COULD_NOT.format("broken") in html
    comparing.voted(pair, sent(winner="tie"))
    [(ballot, _)] = service.votes
    assert (ballot.first.mode, ballot.first.adapter) == ("rag", None)


def test_what_is_asked_is_shown_escaped() -> None:
    assert "<img" not in sides.drawn(Pair("<img src=x>", None, False))
    assert isinstance(answer_to("dog"), Answer)
