"""What a curator does, seen by who asks: documents come, change, change back and go, and the answers with them."""

from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.newcomer.conftest import Running

QUESTION = "How much does a kayak locker cost per night?"
BEFORE, AFTER = "14 marks", "19 marks"

pytestmark = pytest.mark.slow


def test_documents_come_change_and_go_and_the_answers_with_them(running: Running, page: Any, tmp_path: Path) -> None:
    admin, chat = page, page.context.browser.new_page()
    admin.goto(running.admin)
    admin.locator("#upload input[type=file]").set_input_files(five_formats(tmp_path))
    admin.locator("#collections").get_by_role("button", name="default").click()
    rows = admin.locator("#documents tbody tr")
    expect(rows.locator(".status.ready")).to_have_count(5, timeout=90_000)
    chat.goto(running.chat)
    chat.locator("#collection select").select_option("default")
    assert BEFORE in answer(chat)

    rows.filter(has_text="Kayak lockers").locator("button.title").click()
    drawer, dialog = admin.locator("#document"), admin.get_by_role("dialog")
    drawer.locator(".chunk").first.click()
    drawer.get_by_role("button", name="Edit chunk 1").click()
    text = dialog.locator("textarea")
    text.fill(text.input_value().replace(BEFORE, AFTER))
    dialog.get_by_role("button", name="Save").click()
    expect(drawer.locator(".undo")).to_contain_text("Version 2 answers", timeout=20_000)
    changed = answer(chat)
    assert AFTER in changed
    assert BEFORE not in changed

    drawer.get_by_role("button", name="Undo").click()
    expect(drawer.locator(".text")).to_contain_text(BEFORE)
    assert BEFORE in answer(chat)

    admin.keyboard.press("Escape")
    row = rows.filter(has_text="Kayak lockers")
    row.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(admin.locator("#notice")).to_contain_text("cited this")
    gone = answer(chat)
    assert "not in the documents" in gone, gone


def answer(chat: Page) -> str:
    """Ask in a new conversation; the answer's text when it is whole."""
    chat.locator("#new-chat").click()
    expect(chat.locator("[data-testid=bot]")).to_have_count(0)
    chat.locator("#question textarea").fill(QUESTION)
    chat.keyboard.press("Enter")
    whole = chat.locator("[data-testid=bot]").last
    expect(whole.locator(".writing")).to_have_count(0, timeout=120_000)
    whole.locator(".copy-answer").wait_for(state="attached", timeout=120_000)
    return " ".join(chat.locator("[data-testid=bot]").all_inner_texts())


def five_formats(folder: Path) -> list[Path]:
    """One small document each as Markdown, text, web page, Word and Excel; only the first is about lockers."""
    (folder / "lockers.md").write_text(
        f"# Kayak lockers\n\nA kayak locker costs {BEFORE} per night. The key is kept at the boathouse.", "utf-8"
    )
    (folder / "tea.txt").write_text("Green tea is brewed at 75 degrees for two minutes, never with boiling water.")
    (folder / "moss.html").write_text(
        "<title>Moss gardens</title><p>Moss wants shade, rain water and acid soil without lime.</p>"
    )
    word = Document()
    word.add_paragraph("A sourdough starter is fed every day with equal parts of flour and water.")
    word.save(str(folder / "bread.docx"))
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Opening", "First moves"), ("Sicilian", "e4 c5"), ("French", "e4 e6")):
        sheet.append(row)
    book.save(folder / "chess.xlsx")
    return sorted(path for path in folder.iterdir() if path.is_file())
