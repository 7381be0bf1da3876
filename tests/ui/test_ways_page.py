"""Adapters, ratings and two answers side by side, as a person does it in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from chat.store.feedback import Opinion, Reason
from chat.ui import words
from tests.ui.lookalike import LookAlike
from tests.ui.test_page import answered, ask

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),  # gradio counts its queue with pandas
]
STYLE = "harbour-style"


@pytest.fixture
def adapted(tab: Page, service: LookAlike) -> Iterator[Page]:
    """The page where there are two adapters, the first of which serves."""
    service.adapters = [STYLE, "night-shift"]
    tab.reload()
    tab.locator("#way select").wait_for()
    yield tab
    service.adapters = []


def test_an_adapter_is_picked_for_a_message_and_what_is_thought_of_it_is_kept(
    adapted: Page, service: LookAlike, complaints: list[str]
) -> None:
    tab = adapted
    expect(tab.locator("#mode")).to_be_hidden()
    ask(tab, "May my dog come?")
    answered(tab)
    tab.locator("#way select").select_option("adapter:night-shift")
    expect(tab.get_by_text(words.MODE_HINTS["base"])).to_be_visible()
    ask(tab, "How much luggage may I bring?")
    answered(tab, 2)
    remarks = tab.locator("#chat .remarks")
    expect(remarks.nth(1)).to_contain_text("night-shift alone")
    tab.get_by_role("button", name=words.BAD, exact=True).nth(1).click()
    why = tab.get_by_role("dialog", name=words.WHAT_WAS_WRONG)
    why.get_by_label(words.REASONS["wrong"]).check()
    why.get_by_label(words.CORRECTION).fill("Two suitcases & <b>one</b> bag.")
    why.get_by_role("button", name=words.KEEP, exact=True).click()
    said = tab.locator("#chat .opinion")
    expect(said).to_contain_text("Two suitcases & <b>one</b> bag.")
    tab.reload()
    expect(remarks.nth(1)).to_contain_text("night-shift alone")
    expect(said).to_contain_text(words.REASONS["wrong"])
    bad = tab.get_by_role("button", name=words.BAD, exact=True).nth(1)
    expect(bad).to_have_attribute("aria-pressed", "true")
    assert rated(service) == Opinion(-1, [Reason.WRONG], "", "Two suitcases & <b>one</b> bag.")
    bad.click()
    expect(why.get_by_label(words.CORRECTION)).to_have_value("Two suitcases & <b>one</b> bag.")
    why.get_by_role("button", name=words.TAKE_BACK).click()
    expect(said).to_have_count(0)
    assert rated(service) is None
    assert complaints == []


def rated(service: LookAlike) -> Opinion | None:
    talk = max(service.talks.values(), key=lambda talk: len(talk.messages))
    return talk.messages[-1].opinion


@pytest.mark.parametrize("width", [1280, 390])
def test_two_answers_stand_side_by_side_until_one_is_preferred(adapted: Page, service: LookAlike, width: int) -> None:
    tab = adapted
    service.votes.clear()
    tab.set_viewport_size({"width": width, "height": 844})
    tab.reload()
    tab.locator("#way select").wait_for()
    tab.get_by_role("button", name=words.COMPARE).first.click()
    tab.get_by_label(words.COMPARE_QUESTION).fill("How much luggage may I bring?")
    tab.keyboard.press("Enter")
    both = tab.locator("#sides .side .footing")
    expect(both).to_have_count(2)
    assert STYLE not in tab.locator("#sides").inner_text(), "nobody knows yet whose they are"
    boxes = [tab.locator("#sides .side").nth(place).bounding_box() for place in (0, 1)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    beside = boxes[0]["y"] == boxes[1]["y"]
    assert beside is (width == 1280)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.get_by_role("group", name=words.VOTE).get_by_role("button", name=words.VOTES["second"]).click()
    expect(tab.locator("#sides .side.won")).to_have_count(1)
    expect(tab.locator("#sides")).to_contain_text(f"Documents + {STYLE}")
    [(ballot, winner)] = service.votes
    assert (winner, ballot.blind) == ("second", True)
    assert {ballot.first.adapter, ballot.second.adapter} == {None, STYLE}
    tab.keyboard.press("Escape")
    expect(tab.get_by_label(words.QUESTION)).to_be_visible()
