"""A document's page in a browser, with a worker at work: edited, compared, undone, tagged, published, deleted."""

from pathlib import Path

from playwright.sync_api import Page, expect

from chat.store.database import Database
from tests.admin_ui.test_page import address, complaints, pytestmark, tab, working
from tests.editing.test_states import cite

__all__ = ["address", "complaints", "pytestmark", "tab", "working"]

FARES = (
    "# Fares\n\nA day ticket costs 12 marks. \U0001f600 Children travel free.\n\n## Pets\n\nDogs travel free on deck."
)


def test_a_chunk_is_edited_split_compared_and_brought_back(
    tab: Page, working: None, complaints: list[str], tmp_path: Path, database: Database
) -> None:
    fares = tmp_path / "fares.md"
    fares.write_text(FARES)
    tab.locator("#upload input[type=file]").set_input_files([fares])
    rows = tab.locator("#documents tbody tr")
    expect(rows.locator(".status.ready")).to_have_count(1, timeout=90_000)
    cite(database, 1)
    rows.locator("button.title").click()
    drawer, dialog = tab.locator("#document"), tab.get_by_role("dialog")
    chunks = drawer.locator(".chunk")
    expect(drawer.locator(".uses")).to_contain_text("Cited in 2 answers of 1 conversation")

    chunks.first.click()
    drawer.get_by_role("button", name="Edit chunk 1").click()
    text = dialog.locator("textarea")
    expect(text).to_have_value("# Fares\n\nA day ticket costs 12 marks. \U0001f600 Children travel free.")
    text.fill("# Fares\n\nA day ticket costs 15 marks. <b>\U0001f600</b> Children travel free.")
    expect(dialog.get_by_role("button", name="Split")).to_be_disabled()
    dialog.get_by_role("button", name="Save").click()
    expect(drawer.locator(".undo")).to_contain_text("Version 2 answers. Chunk 1 rewritten.", timeout=20_000)
    expect(drawer.locator("mark")).to_contain_text("15 marks. <b>\U0001f600</b>")

    drawer.get_by_role("button", name="Changes").click()
    expect(drawer.locator(".diff p.del")).to_contain_text("12")
    expect(drawer.locator(".diff p.ins")).to_contain_text("15")
    drawer.get_by_role("button", name="Back to the text").click()
    expect(chunks.first).to_be_visible()

    before = chunks.count()
    chunks.first.click()
    drawer.get_by_role("button", name="Edit chunk 1").click()
    text.evaluate("node => node.setSelectionRange(node.value.indexOf('Children'), node.value.indexOf('Children'))")
    dialog.get_by_role("button", name="Split").click()
    expect(chunks).to_have_count(before + 1, timeout=20_000)
    chunks.nth(1).click()
    expect(drawer.locator("mark")).to_have_text("Children travel free.")
    drawer.get_by_role("button", name="Disable chunk 2").click()
    expect(chunks.nth(1)).to_contain_text("disabled", timeout=20_000)

    drawer.get_by_role("button", name="Undo").click()
    expect(drawer.locator(".off")).to_have_count(0)
    drawer.get_by_role("button", name="+ Tag").click()
    dialog.get_by_role("textbox").fill("Prices, 2026")
    tab.keyboard.press("Enter")
    expect(drawer.locator(".tag")).to_have_count(2)
    tab.keyboard.press("Escape")
    expect(drawer.locator("article")).to_have_count(0)
    expect(rows.locator(".tag")).to_have_text(["2026", "prices"])

    fares.write_text("# Fares\n\nA day ticket costs 20 marks.")
    tab.get_by_label("As drafts").check()
    tab.locator("#upload input[type=file]").set_input_files([fares])
    expect(rows.locator(".status.draft")).to_have_count(1, timeout=30_000)
    rows.get_by_role("checkbox").check()
    tab.locator(".bulk").get_by_role("button", name="Publish").click()
    dialog.get_by_role("button", name="Publish").click()
    expect(rows.locator(".status.ready")).to_have_count(1)
    tab.locator(".bulk").get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(tab.locator("#notice")).to_contain_text("2 answers in 1 conversation cited this")
    assert not [complaint for complaint in complaints if "404" not in complaint]
