"""What people see of an answer that survives: reloads, dropped lines, two people, two windows, versions, links."""

import os
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from chat.live import Live
from chat.rights import Person
from chat.store import users
from chat.store.tables import UserRole
from chat.ui import words
from tests.live.conftest import Slow
from tests.live.served import Line, served
from tests.live.test_live import ended
from tests.ui.conftest import CHROMIUM, QUIET

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),  # gradio counts its queue with pandas
]
COMEBACKS = int(os.environ.get("RECONNECTS", "6"))
"""How often a page is loaded again, loses its line, or is opened elsewhere in the middle of one answer."""
expect.set_options(timeout=30_000)
WIDTHS = [1280, 390]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def line(live: Live) -> Iterator[Line]:
    with served(live) as port:
        line = Line(port)
        yield line
        line.close()


@pytest.fixture
def tab(browser: Browser, line: Line) -> Iterator[Page]:
    yield from opened(browser, line.port)


def opened(browser: Browser, port: int, path: str = "", width: int = 1280) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 800})
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    tab.goto(f"http://127.0.0.1:{port}/{path}")
    yield tab
    context.close()


def ask(tab: Page, question: str) -> None:
    tab.locator("#mode").get_by_text(words.MODES["base"], exact=True).click()
    tab.get_by_label(words.QUESTION, exact=True).fill(question)
    tab.keyboard.press("Enter")
    tab.locator("#chat .asked", has_text=question).wait_for()


def conversation_of(tab: Page) -> UUID:
    tab.wait_for_url("**/?c=*")
    return UUID(tab.url.split("?c=")[1])


def said(tab: Page) -> str:
    return tab.locator("#chat .answer").last.inner_text()


def test_reloads_drops_and_other_windows_change_nothing(
    browser: Browser, tab: Page, line: Line, live: Live, model: Slow
) -> None:
    model.answers[:] = [" ".join(f"word{number}" for number in range(20_000)) + "."]
    model.pause_s = 0.2
    ask(tab, "What is there?")
    conversation_id, whole, read = conversation_of(tab), model.answers[0], ""
    for number in range(COMEBACKS):
        if number % 3 == 0:
            tab.reload()
        elif number % 3 == 1:
            line.cut(for_s=0.5)
        else:
            tab.context.close()
            [tab] = [next(opened(browser, line.port, f"?c={conversation_id}"))]
        grown = f"() => (document.querySelector('#chat .answer')?.innerText ?? '').length > {len(read)}"
        tab.wait_for_function(grown, timeout=30_000)
        read = said(tab).strip()
        assert whole.startswith(read)
    assert live.talks.growing(conversation_id), "all of that happened while it was being written"
    model.answers[:] = []
    live.stop(conversation_id)
    tab.locator("#chat .remarks.stopped").wait_for()
    kept = live.assistant.conversation(conversation_id).messages[-1].text
    assert said(tab).strip() == kept.strip()
    assert whole.startswith(kept)
    tab.reload()
    tab.locator("#chat .remarks.stopped").wait_for()
    assert said(tab).strip() == kept.strip()
    assert len(model.prompts) == 1
    tab.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_two_windows_see_it_grow_and_either_stops_it(
    browser: Browser, tab: Page, line: Line, live: Live, model: Slow, width: int
) -> None:
    model.pause_s = 0.3
    ask(tab, "What is there?")
    conversation_id = conversation_of(tab)
    for other in opened(browser, line.port, f"?c={conversation_id}", width):
        for window in (tab, other):
            window.locator("#chat .writing.answer").wait_for()
        assert other.evaluate("document.documentElement.scrollWidth") <= width
        other.get_by_role("button", name=words.STOP, exact=True).click()
        for window in (tab, other):
            window.locator("#chat .remarks.stopped").wait_for()
        assert said(tab) == said(other)


@pytest.mark.parametrize("width", WIDTHS)
def test_versions_are_made_and_turned_to(browser: Browser, line: Line, live: Live, model: Slow, width: int) -> None:
    model.pause_s = 0.0
    model.answers[:] = [f"Answer {number}." for number in range(1, 6)]
    for tab in opened(browser, line.port, width=width):
        ask(tab, "First?")
        tab.locator("#chat .remarks .again").click()
        expect(tab.locator("#chat .answer")).to_have_text("Answer 2.")
        expect(tab.locator("#chat .remarks .place")).to_have_text("2/2")
        tab.locator("#chat .asked").hover()
        tab.locator("#chat .edit").click()
        box = tab.get_by_role("dialog").get_by_role("textbox")
        assert box.input_value() == "First?"
        box.fill("First, better?")
        tab.get_by_role("dialog").get_by_role("button", name=words.SEND, exact=True).click()
        expect(tab.locator("#chat .answer")).to_have_text("Answer 3.")
        expect(tab.locator("#chat .tools .place")).to_have_text("2/2")
        tab.locator("#chat .tools .before").click()
        expect(tab.locator("#chat .asked")).to_have_text("First?")
        expect(tab.locator("#chat .answer")).to_have_text("Answer 2.")
        tab.locator("#chat .remarks .before").click()
        expect(tab.locator("#chat .answer")).to_have_text("Answer 1.")
        first = conversation_of(tab)
        tab.locator("#chat .branch").click()
        tab.wait_for_function(f"!location.search.includes('{first}')")
        ask(tab, "Then?")
        expect(tab.locator("#chat .answer")).to_have_text(["Answer 1.", "Answer 4."])
        assert len(live.assistant.conversation(first).messages) == 2
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_shared_is_read_by_another_person_until_it_is_taken_back(
    browser: Browser, tab: Page, live: Live, model: Slow
) -> None:
    model.pause_s = 0.0
    model.answers[:] = ["Fine <b>weather</b>."]
    ask(tab, "How is it?")
    tab.locator("#chat .remarks").wait_for()
    ended(live, conversation_of(tab))
    tab.get_by_role("button", name=words.SHARE).click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name=words.SHARE_PUBLISH).click()
    expect(dialog.get_by_role("textbox")).not_to_have_value("")
    link = dialog.get_by_role("textbox").input_value()
    with live.assistant.sessions.begin() as session:
        other = Person(users.add(session, "guest", UserRole.ASKER).id, "guest", UserRole.ASKER)
    theirs = Live(live.assistant.for_person(other), live.desk)
    path = link.split("/", 3)[3]
    with served(theirs) as port:
        for guest in opened(browser, port, path, 390):
            expect(guest.locator(".asked")).to_have_text("How is it?")
            expect(guest.locator(".answer")).to_have_text("Fine <b>weather</b>.")
            assert guest.evaluate("document.documentElement.scrollWidth") <= 390
            guest.goto(f"http://127.0.0.1:{port}/?c={conversation_of(tab)}")
            expect(guest.get_by_test_id("toast-body")).to_contain_text("does not exist")
            assert guest.locator("#chat .asked").count() == 0
            dialog.get_by_role("button", name=words.SHARE_REVOKE).click()
            expect(dialog.get_by_text(words.SHARE_TAKEN)).to_be_visible()
            guest.goto(f"http://127.0.0.1:{port}/{path}")
            expect(guest.locator("h1")).to_have_text(words.NOT_SHARED)
    with tab.expect_download() as download:
        dialog.get_by_role("link", name="Markdown").click()
    assert "## How is it?\n\nFine <b>weather</b>." in download.value.path().read_text()


def test_how_an_answer_came_about_can_be_opened(tab: Page, live: Live, model: Slow) -> None:
    model.pause_s = 0.0
    ask(tab, "How is it?")
    tab.get_by_text(words.WAY).click()
    told = tab.locator("#chat .came dl")
    expect(told).to_contain_text(words.MODES["base"])
    expect(told).to_contain_text("fake")
    expect(told).to_contain_text(words.WHOLE)
