"""What a person does with the page, in a browser."""

import pytest
from gradio_client import Client
from playwright.sync_api import Page, expect

from chat.ui import words
from tests.ui.lookalike import FOUND, LookAlike

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),  # gradio counts its queue with pandas
]


def ask(tab: Page, question: str) -> None:
    tab.get_by_label(words.QUESTION).fill(question)
    tab.keyboard.press("Enter")
    tab.locator("#chat .asked", has_text=question).wait_for()


def answered(tab: Page, count: int = 1) -> None:
    expect(tab.locator("#chat .footing")).to_have_count(count)


def test_a_cited_answer_leads_to_its_passage_and_survives_a_reload(tab: Page, complaints: list[str]) -> None:
    ask(tab, "How much luggage may I bring?")
    answered(tab)
    tab.reload()
    answered(tab)
    assert tab.locator("#chat .footing > .cards .card").count() == 2
    tab.locator("#chat a.marker").first.click()
    marked = tab.locator("#passage mark")
    expect(marked).to_be_in_viewport()
    assert marked.inner_text() == FOUND[0].text
    assert "Surfboards" in tab.locator("#passage .text").inner_text(), "the whole document is there"
    tab.keyboard.press("Escape")
    expect(tab.locator("#passage article")).to_have_count(0)
    expect(tab.locator("#chat a.marker").first).to_be_focused()
    tab.locator("#chat a.marker").first.click()
    marked.wait_for()
    assert complaints == []


def test_nothing_a_model_or_document_wrote_is_executed_or_loaded(tab: Page, complaints: list[str]) -> None:
    ask(tab, "How much luggage may I bring?")
    answered(tab)
    tab.locator("#chat a.card").first.click()
    tab.locator("#passage article").wait_for()
    assert "${document.title" in tab.locator("#passage .text").inner_text()
    assert tab.title() == words.PRODUCT
    assert tab.locator("#chat img, #chat script, #passage script, #chat a[href^=javascript]").count() == 0
    assert complaints == []


def test_stop_frees_the_model_and_keeps_what_was_said(tab: Page, service: LookAlike) -> None:
    service.freed.clear()
    ask(tab, "a long one")
    tab.locator("#chat .writing.answer").wait_for()
    expect(tab.get_by_role("button", name=words.SEND, exact=True)).to_be_hidden()
    tab.keyboard.type("typed meanwhile")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")
    tab.locator("#chat .remarks.stopped").wait_for()
    assert service.freed.is_set()
    spoken = service.spoken
    tab.wait_for_timeout(200)
    assert service.spoken == spoken
    assert "Sentence 0" in tab.locator("#chat .answer").inner_text()
    assert tab.get_by_label(words.QUESTION).input_value() == "typed meanwhile"
    assert tab.locator("#chat .asked").count() == 1
    expect(tab.get_by_role("button", name=words.SEND, exact=True)).to_be_visible()


def test_an_answer_goes_on_while_another_conversation_is_open(tab: Page, service: LookAlike) -> None:
    service.freed.clear()
    ask(tab, "a long one, left alone")
    tab.locator("#chat .writing.answer").wait_for()
    tab.get_by_role("link", name="Parental leave").click()
    tab.locator("#chat .asked", has_text="Parental leave").wait_for()
    for _ in range(20):
        expect(tab.locator("#chat .asked", has_text="left alone")).to_be_hidden()
        tab.wait_for_timeout(100)
    expect(tab.locator("#chat .asked")).to_have_text("Parental leave for office staff")
    tab.get_by_role("link", name="a long one, left alone").click()
    tab.locator("#chat .writing.answer").wait_for()
    assert not service.freed.is_set()
    tab.get_by_role("button", name=words.STOP, exact=True).click()
    tab.locator("#chat .remarks.stopped").wait_for()


def test_a_failure_that_can_be_cured_is_told_and_the_page_goes_on(tab: Page) -> None:
    ask(tab, "a broken model")
    expect(tab.locator("#chat .problem")).to_contain_text("python -m admin doctor")
    tab.locator("#chat .remarks.failed").wait_for()
    ask(tab, "May my dog come?")
    answered(tab, 2)


def test_conversations_are_found_renamed_and_deleted(tab: Page, service: LookAlike) -> None:
    talk = service.start_conversation("About tides")
    tab.reload()
    tab.get_by_label(words.SEARCH).press_sequentially("tides")
    expect(tab.locator("#conversations li")).to_have_count(1)
    tab.get_by_role("link", name="About tides").hover()
    tab.get_by_role("button", name=f"{words.RENAME} “About tides”").click()
    tab.keyboard.type("About moons")
    tab.keyboard.press("Enter")
    expect(tab.locator("#conversations li")).to_have_count(0)
    assert service.conversation(talk).title == "About moons"
    tab.get_by_label(words.SEARCH).fill("")
    for answer, left in ((words.CANCEL, True), (words.DELETE, False)):
        tab.get_by_role("link", name="About moons").hover()
        tab.get_by_role("button", name=f"{words.DELETE} “About moons”").click()
        tab.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()
        expect(tab.get_by_role("link", name="About moons")).to_have_count(int(left))
    assert talk not in service.talks


def test_answers_and_code_are_copied_without_the_buttons_words(tab: Page) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.get_by_role("link", name="Parental leave").click()
    tab.locator("#chat .copy-answer").click()
    copied = str(tab.evaluate("navigator.clipboard.readText()"))
    assert copied.startswith("As a foot passenger you may bring two suitcases and one bag [1].")
    assert words.COPY not in copied
    tab.locator("#chat .code").hover()
    tab.locator("#chat .copy-code").click()
    assert str(tab.evaluate("navigator.clipboard.readText()")).strip() == 'harbour-street --lost "umbrella" [1]'


def test_the_mode_is_chosen_and_shown(tab: Page) -> None:
    expect(tab.get_by_text(words.MODE_HINTS["rag"])).to_be_visible()
    tab.locator("#mode").get_by_text(words.MODES["base"], exact=True).click()
    expect(tab.get_by_text(words.MODE_HINTS["base"])).to_be_visible()
    ask(tab, "Other ferries?")
    answered(tab)
    expect(tab.locator("#chat .remarks")).to_contain_text(words.MODES["base"])
    assert tab.locator("#chat .card").count() == 0


def test_a_collection_is_picked_in_a_list_of_the_browser(tab: Page) -> None:
    tab.get_by_label(words.COLLECTION).select_option("crew-handbook")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Ask the crew handbook")


def test_the_appearance_is_chosen_and_kept(tab: Page) -> None:
    def background() -> str:
        return str(tab.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    tab.get_by_role("button", name=words.APPEARANCE).click()
    dark = background()
    assert dark != light
    tab.reload()
    tab.locator("#main").wait_for()
    assert background() == dark


def test_the_keyboard_alone_is_enough(tab: Page) -> None:
    expect(tab.get_by_label(words.QUESTION)).to_be_focused()
    tab.get_by_role("button", name="May my dog travel with me?").focus()
    tab.keyboard.press("Enter")
    answered(tab)
    expect(tab.get_by_label(words.QUESTION)).to_be_focused()
    tab.keyboard.type("first line")
    tab.keyboard.press("Shift+Enter")
    tab.keyboard.type("second line")
    assert tab.get_by_label(words.QUESTION).input_value() == "first line\nsecond line"
    tab.locator("#chat a.marker").first.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name=words.CLOSE, exact=True)).to_be_focused()


def test_it_fits_a_phone(tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.reload()
    ask(tab, "How much luggage may I bring?")
    answered(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    expect(tab.locator("#sidebar")).to_be_hidden()
    tab.get_by_role("button", name=words.SIDEBAR).click()
    tab.get_by_role("link", name="Parental leave").click()
    expect(tab.locator("#sidebar")).to_be_hidden()
    tab.locator("#chat .asked", has_text="Parental leave").wait_for()
    tab.locator("#chat a.marker").first.click()
    tab.locator("#passage article").wait_for()
    box = tab.locator("#passage").bounding_box()
    assert box is not None
    assert box["width"] == 390


def test_only_ask_is_offered_to_other_programs(address: str) -> None:
    client = Client(address, verbose=False)
    offered = client.view_api(return_format="dict")
    assert isinstance(offered, dict)
    assert list(offered["named_endpoints"]) == ["/ask"]
    text, citations = client.predict("May my dog come?", "rag", "", api_name="/ask")
    assert text.endswith("[1]")
    assert citations[0]["quote"] == FOUND[3].text
