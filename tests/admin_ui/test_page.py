"""The admin page as it is, in a browser, with a worker at work."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from admin import worker
from admin.app import Parts, build
from admin.curation.documents.ingesting import Ingestion
from admin.curation.embedders import Changeover
from chat.settings import Settings
from chat.store.database import Database

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),  # gradio counts its queue with pandas
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # event loops that libraries leave to the collector
]


@pytest.fixture
def working(database: Database, ingestion: Ingestion) -> Iterator[None]:
    """A worker, in a thread."""
    ended = threading.Event()

    async def until() -> bool:
        return ended.is_set()

    app = worker.make_app(database.conninfo, ingestion)
    thread = threading.Thread(target=lambda: asyncio.run(worker.run(app, until)))
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def address(settings: Settings, database: Database, ingestion: Ingestion) -> Iterator[str]:
    """Where the application is served."""
    app = build(Parts(settings, database, ingestion, Changeover(database.sessions, ingestion.embedder)))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of, and what it asked another host for."""
    return []


@pytest.fixture
def tab(address: str, complaints: list[str]) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.set_default_timeout(30_000)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        ours = (address, "data:", "blob:")
        tab.on("request", lambda asked: None if asked.url.startswith(ours) else complaints.append(asked.url))
        tab.goto(address)
        tab.locator("#documents .empty").wait_for()
        yield tab
        browser.close()


def test_upload_watch_open_roll_back_and_delete(
    tab: Page, working: None, complaints: list[str], tmp_path: Path
) -> None:
    pets, fares = tmp_path / "pets (2026) & more.txt", tmp_path / "fares.md"
    pets.write_text("Dogs travel free on the open deck. <script>document.title = 'hacked'</script>")
    fares.write_text("# Fares\n\nA day ticket costs 12 marks. ${document.title = 'hacked'} {{x}}")
    tab.locator("#upload input[type=file]").set_input_files([pets, fares])
    expect(tab.locator("#notice")).to_contain_text("2 files handed in")
    rows = tab.locator("#documents tbody tr")
    expect(rows.locator(".status.ready")).to_have_count(2, timeout=90_000)
    expect(rows.filter(has_text="pets (2026) & more.txt")).to_have_count(1)

    fares.write_text("# Fares\n\nA day ticket costs 13 marks.")
    tab.locator("#upload input[type=file]").set_input_files([fares])
    expect(rows.filter(has_text="Fares").locator("td.number").first).to_have_text("2")
    expect(rows.locator(".status.ready")).to_have_count(2, timeout=30_000)
    rows.filter(has_text="Fares").locator("button.title").click()
    drawer = tab.locator("#document")
    expect(drawer.locator(".text")).to_contain_text("13 marks")
    drawer.get_by_role("button", name="Let it answer").click()
    expect(drawer.locator(".text")).to_contain_text("${document.title = 'hacked'} {{x}}")
    drawer.locator(".chunk").first.click()
    expect(drawer.locator("mark")).to_contain_text("12 marks")
    tab.keyboard.press("Escape")
    expect(drawer.locator("article")).to_have_count(0)

    tab.get_by_role("tab", name="Retrieval").click()
    tab.get_by_placeholder("Ask as a reader would").fill("What does a day ticket cost?")
    tab.keyboard.press("Enter")
    expect(tab.locator("#findings")).to_contain_text("12 marks", timeout=60_000)
    tab.get_by_role("tab", name="Documents").click()

    rows.filter(has_text="Fares").get_by_role("checkbox").check()
    tab.locator(".bulk").get_by_role("button", name="Delete").click()
    expect(tab.get_by_role("dialog")).to_contain_text("Delete “Fares”?")
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.locator("#notice")).to_contain_text("Deleted 1 document: 2 versions, 2 chunks, 2 vectors")
    expect(rows).to_have_count(1)
    expect(tab.locator(".bulk")).to_be_hidden()
    expect(tab.locator("#queue")).to_contain_text("1 worker, nothing waiting")
    assert tab.title() == "Apprentice · Admin"
    assert not [complaint for complaint in complaints if "404" not in complaint]
