"""The Adapters tab's handlers: what they show, do and refuse, and that strangers' words stay words."""

import json
import re

import gradio as gr
import pytest
import sqlalchemy as sa

from admin.service.adapters import Adapters
from admin.ui.adapters_handlers import AdaptersHandlers
from chat.rights import Person
from chat.store import collections as store_collections
from chat.store.database import Database
from chat.store.tables import UserRole
from tests.adapters.test_registry import Somebody

HOSTILE = '<img src=x onerror="alert(1)">'


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def handlers(three: Adapters) -> AdaptersHandlers:
    return AdaptersHandlers(three)


def test_an_empty_tab_says_what_to_do_first(registry: Adapters) -> None:
    page = AdaptersHandlers(registry).listed()
    assert "Nothing has been learned yet" in page
    assert "adapters import FOLDER" in page


def test_from_a_candidate_to_an_answer_and_back(handlers: AdaptersHandlers) -> None:
    assert "No adapter was promoted: the model answers alone." in handlers.listed()
    assert "Decide against the rules" in handlers.opened(event(name="one"))
    said, panel = handlers.promoted(event(name="one", collection="", reason=HOSTILE, override="1"))
    assert "one answers everywhere from the next question on" in said
    assert panel == ""
    handlers.promoted(event(name="two", reason="better", override="1"))
    page = handlers.listed()
    assert HOSTILE not in page
    assert "Roll back to one" in page
    [to] = re.findall(r'data-event="goback" data-to="(\d+)"', page.partition("</ul>")[0])
    assert "one answers everywhere" in handlers.rolled_back(event(to=to))
    assert "the model answers alone" in handlers.rolled_back(event())
    page = handlers.listed()
    assert "No adapter was promoted" in page
    assert "Rolled back to no decision" in page
    assert "Go back to this" in page


def test_a_place_of_its_own_is_rolled_back_there(handlers: AdaptersHandlers) -> None:
    with handlers.adapters.sessions.begin() as session:
        store_collections.ensure(session, "harbour")
    assert "<option>harbour</option>" in handlers.opened(event(name="one"))
    assert "in “harbour”" in handlers.promoted(event(name="one", collection="harbour", reason="x", override="1"))[0]
    assert "Everywhere else" in handlers.listed()
    assert "follows what answers everywhere else" in handlers.rolled_back(event(collection="harbour"))


def test_a_trial_is_shown_and_ended(handlers: AdaptersHandlers) -> None:
    handlers.adapters.try_out("two", 0.1)
    assert "Beside it, two answers 10% of the conversations" in handlers.listed()
    assert "The trial is ended." in handlers.trial_ended(event())


def test_what_is_retired_is_folded_away_and_what_is_deleted_leaves_a_receipt(handlers: AdaptersHandlers) -> None:
    assert "“Offer again” undoes it" in handlers.retired(event(name="one"))
    assert "Retired (1)" in handlers.listed()
    assert "Offer it again first." in handlers.opened(event(name="one"))
    assert "one is a candidate again." in handlers.reinstated(event(name="one"))
    assert re.search(r"one is deleted: [\d.]+ kB of files are gone", handlers.deleted(event(name="one")))


def test_every_rule_stands_in_the_panel_before_anybody_decides(handlers: AdaptersHandlers) -> None:
    panel = handlers.opened(event(name="one"))
    assert "Better than what answers now" in panel
    assert "No finished evaluation has both in it." in panel
    assert "<code>python -m admin evaluate" in panel
    said, again = handlers.promoted(event(name="one"))
    assert (said, "of the rules are not met" in again) == ("", True)
    assert "No adapter was promoted" in handlers.listed()
    assert "0.25 of the conversations" not in handlers.tried(event(name="one", share="0.25"))
    page = handlers.listed()
    assert "no answers yet" in page
    assert "With citations" in page


def test_what_the_rules_ask_for_is_changed_in_percent_and_said(handlers: AdaptersHandlers) -> None:
    panel = handlers.opened(event(name="one"))
    assert 'name="most_lost" type="number" required min="0" max="100" step="any" value="10"' in panel
    sent = {"most_lost": "2.5", "measure": "f1", "least_answers": "20", "most_general_lost": "5", "most_recited": "10"}
    said, panel = handlers.asked(event(name="one", **sent, most_from_weights="20", most_stale="0"))
    assert "The rules ask for this everywhere from now on." in said
    assert 'value="2.5"' in panel
    asked = handlers.adapters.thresholds()
    assert (asked.most_lost, asked.measure, asked.least_answers) == (0.025, "f1", 20)
    with pytest.raises(gr.Error, match="a share from 0 to 1"):
        handlers.asked(event(name="one", **{**sent, "most_lost": "200"}, most_from_weights="20", most_stale="0"))
    with pytest.raises(gr.Error, match="most_lost is a number"):
        handlers.asked(event(name="one", **{**sent, "most_lost": HOSTILE}, most_from_weights="20", most_stale="0"))


def test_a_card_says_what_a_stranger_wrote_as_words(handlers: AdaptersHandlers, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE adapters SET card = jsonb_set(card, '{said}', CAST(:said AS jsonb))"),
            {"said": json.dumps({HOSTILE: HOSTILE})},
        )
    panel = handlers.opened(event(name="one"))
    assert "What the folder it came from says" in panel
    assert HOSTILE not in panel


def test_a_changed_row_is_pointed_out(handlers: AdaptersHandlers, database: Database) -> None:
    handlers.adapters.enact("one")
    assert "signature does not fit" not in handlers.listed()
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE promotions SET reason = 'forged'"))
    assert "signature does not fit" in handlers.listed()


def test_who_may_not_decide_is_offered_nothing(three: Adapters, somebody: Somebody) -> None:
    three.enact("one")
    person: Person = somebody(UserRole.ASKER)
    handlers = AdaptersHandlers(three.for_person(person))
    page, panel = handlers.listed(), handlers.opened(event(name="two"))
    for act in ("goback", "endtrial", "promote", "retire", "discard"):
        assert f'data-event="{act}"' not in page + panel
    assert "<form" not in panel
    for act in (handlers.promoted, handlers.retired, handlers.deleted):
        with pytest.raises(gr.Error):
            act(event(name="two"))


@pytest.mark.parametrize(
    "sent", [{}, {"name": "nobody"}, {"name": HOSTILE}, {"name": "one", "collection": "x"}, {"to": "x"}]
)
def test_what_a_stranger_sends_is_refused_in_words(handlers: AdaptersHandlers, sent: dict[str, str]) -> None:
    for handler in (handlers.promoted, handlers.rolled_back, handlers.trial_ended):
        with pytest.raises(gr.Error) as refused:
            handler(event(**sent))
        assert HOSTILE not in str(refused.value)
        if sent == {"name": "one", "collection": "x"}:
            assert "There is no collection" in str(refused.value)
