"""The tab in a browser: import the demo's examples, review three with keys, and see it again after a reload."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from admin.app import assemble, build
from chat.settings import Settings
from tests.newcomer.conftest import free_port, page  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),  # gradio counts its queue with pandas
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # event loops that libraries leave to the collector
]
DEMO = Path("demo/examples.jsonl")
ROW = "#examples tbody tr"


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """The admin app on a port of its own, over an empty database."""
    port = free_port()
    parts = assemble(settings)
    server = uvicorn.Server(uvicorn.Config(build(parts), "127.0.0.1", port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = server.force_exit = True
    thread.join(timeout=20)
    parts.close()


def test_from_a_file_to_reviewed_examples_with_keys(address: str, page, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_role("tab", name="Training examples").click()
    page.get_by_text("Nothing to learn from yet").wait_for()
    page.locator("#example-upload input[type=file]").set_input_files(DEMO)
    page.get_by_text("349 added").wait_for()
    page.get_by_role("button", name="Review 349 drafts").click()
    where = page.locator("#review .where")
    page.get_by_text("349 of 349 left to decide").wait_for()
    assert "w001" in where.inner_text()
    page.keyboard.press("a")
    page.get_by_text("348 of 349 left to decide").wait_for()
    page.keyboard.press("r")
    page.locator("dialog input").fill("says too little")
    page.keyboard.press("Enter")
    page.get_by_text("347 of 349 left to decide").wait_for()
    page.keyboard.press("e")
    page.locator("#review [name=answer]").press_sequentially(" area")  # letters are letters while somebody types
    page.keyboard.press("Control+Enter")
    page.locator("#review .history summary", has_text="2").wait_for()
    assert "w003" in where.inner_text()
    page.keyboard.press("w")
    page.locator("dialog input").fill("check the figures")
    page.keyboard.press("Enter")
    page.get_by_text("346 of 349 left to decide").wait_for()
    page.keyboard.press("a")
    page.get_by_text("345 of 349 left to decide").wait_for()
    page.keyboard.press("u")
    page.get_by_text("346 of 349 left to decide").wait_for()
    page.keyboard.press("?")
    assert page.locator("#review .keys dl").is_visible()
    page.keyboard.press("Escape")
    counts = page.locator("#examples .stages")
    page.get_by_role("button", name="Review 346 drafts").wait_for()
    said = " ".join(counts.inner_text().split())
    assert said.startswith("All 349 Draft 346 Needs work 1 Approved 1 Rejected 1")
    page.reload()
    page.get_by_role("tab", name="Training examples").click()
    page.get_by_role("button", name="Review 346 drafts").wait_for()
    page.locator("#examples [data-state=rejected]").click()
    page.locator(ROW).nth(1).wait_for(state="detached")
    page.locator(f"{ROW} .title").click()
    page.get_by_text("says too little").wait_for(state="attached")
