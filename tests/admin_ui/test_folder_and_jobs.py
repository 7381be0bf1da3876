"""A folder handed in whole, documents read again, and the Jobs tab, in a browser."""

# ruff: noqa: F811 - a fixture that is imported is named again by each test that takes it

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.admin_ui.test_page import (  # noqa: F401
    address,
    complaints,
    pytestmark,
    tab,
    working,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "dogs.md").write_text("# Dogs\n\nDogs travel free on the open deck.\n")
    (folder / "fares.md").write_text("# Fares\n\nA day ticket costs 12 marks.\n")
    (folder / ".hidden.md").write_text("hidden")
    (folder / "program.exe").write_bytes(b"MZ")
    return folder


def choose(tab: Page, folder: Path) -> None:
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    expect(tab.locator("#notice")).to_contain_text("2 files handed in")


def test_a_folder_is_handed_in_with_its_paths_and_read_again(
    tab: Page,
    working: None,
    complaints: list[str],
    folder: Path,
) -> None:
    choose(tab, folder)
    expect(tab.locator("#notice")).to_contain_text("Passed over 1 file: hidden")
    rows = tab.locator("#documents tbody tr")
    expect(rows.locator(".status.ready")).to_have_count(2, timeout=90_000)
    rows.filter(has_text="Dogs").get_by_role("checkbox").check()
    tab.locator(".bulk").get_by_role("button", name="Read again").click()
    expect(tab.get_by_role("dialog")).to_contain_text("Read “Dogs” again?")
    tab.get_by_role("dialog").get_by_role("button", name="Read again").click()
    expect(tab.locator("#notice")).to_contain_text("Reading 1 document again")
    expect(rows.filter(has_text="Dogs").locator("td.number").first).to_have_text("2", timeout=60_000)
    expect(rows.locator(".status.ready")).to_have_count(2, timeout=60_000)
    assert complaints == []


def test_jobs_that_wait_are_cancelled_and_tried_again(tab: Page, complaints: list[str], folder: Path) -> None:
    choose(tab, folder)
    tab.get_by_role("tab", name="Jobs").click()
    work = tab.locator("#jobs")
    expect(work).to_contain_text("2 jobs left. Nothing is lost while no worker runs")
    work.get_by_role("button", name=re.compile("Cancel: .*dogs.md")).click()
    expect(tab.get_by_role("dialog")).to_contain_text("dogs.md”?")
    tab.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(tab.locator("#jobs-notice")).to_contain_text("It is cancelled")
    expect(work).to_contain_text("1 job left")
    work.get_by_role("button", name=re.compile("Try again: .*dogs.md")).click()
    expect(work).to_contain_text("2 jobs left")
    assert complaints == []
