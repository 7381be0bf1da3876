"""The way of a lesson, seen by who teaches: from a bad answer to a candidate adapter, in the browser and by command.

The model is a tiny one of random weights: what is tried is the way, not what it learns.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.newcomer.conftest import Running, started
from tests.training.running import make_ending_model

QUESTION = "How much does a dog pay per crossing?"
CORRECTION = "A dog pays 2.20 mk per crossing, and travels on a lead."
QUICKLY = {"epochs": "20", "learning_rate": "0.005", "rank": "4", "alpha": "8", "evaluate_every": "5"}
LONG = 180_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    model = make_ending_model(tmp_path_factory.mktemp("school") / "tiny")
    home = tmp_path_factory.mktemp("lessons") / "home"
    with started(home, APPRENTICE_MODEL=str(model), APPRENTICE_DTYPE="float32") as program:
        yield program


def test_from_a_thumbs_down_to_a_candidate_adapter(school: Running, page: Any, tmp_path: Path) -> None:
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    rate_down(page, school.chat)
    page.goto(school.admin)
    write_the_example(page)
    review_and_import(page, examples(tmp_path))
    freeze(page)
    train(page)
    page.locator("#run").get_by_role("button", name="See it among the adapters").click()
    line = page.locator("#adapters tbody tr").filter(has_text="lesson-adapter")
    expect(line).to_contain_text("Candidate")


def test_the_same_way_by_command(school: Running, tmp_path: Path) -> None:
    imported = command(school, "examples", "import", examples(tmp_path), "-c", "shell", "--approve")
    assert imported.returncode == 0, imported.stderr
    frozen = command(school, "snapshot", "create", "shell-1", "-c", "shell")
    assert frozen.returncode == 0, frozen.stderr
    settings = [word for name, value in QUICKLY.items() for word in ("--set", f"{name}={value}")]
    # Another seed than the page's run had: the same rows and seed would give the same bytes, and so the same adapter.
    settings += ["--set", "seed=7"]
    words = ("train", "--snapshot", "shell-1", "--preset", "style", "--name", "by-command", "--json")
    trained = command(school, *words, *settings)
    assert trained.returncode == 0, trained.stderr
    run = json.loads(trained.stdout)
    assert (run["status"], run["adapter"]) == ("finished", "by-command")
    listed = json.loads(command(school, "adapters", "list", "--json").stdout)["adapters"]
    [made] = [each for each in listed if each["name"] == "by-command"]
    assert made["serving"] is False


def rate_down(page: Page, address: str) -> None:
    """Ask, say that the answer is bad, and what it should have been."""
    page.goto(address)
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("#chat .rate.bad").last.click(timeout=LONG)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What should it have said?").fill(CORRECTION)
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)


def write_the_example(page: Page) -> None:
    """Make a draft of the bad answer and its correction."""
    page.get_by_role("tab", name="Feedback").click()
    page.locator("#feedback button.title").filter(has_text=QUESTION).click()
    page.locator("#case").get_by_role("button", name="Write the example").first.click()
    form = page.locator("#case form")
    expect(form.locator("[name=correction]")).to_have_value(CORRECTION)
    form.locator("button.go").click()
    expect(form).to_be_hidden()
    page.locator("#case").get_by_role("button", name="Back").first.click()


def review_and_import(page: Page, file: Path) -> None:
    """Approve the draft, and what is imported beside it."""
    page.get_by_role("tab", name="Training examples").click()
    page.locator("#examples tbody tr").filter(has_text=QUESTION).wait_for()
    page.locator("#example-upload input[type=file]").set_input_files(file)
    page.get_by_text("12 added").wait_for()
    page.get_by_role("button", name="Review").first.click()
    for left in range(13, 0, -1):
        page.get_by_text(f"{left} of 13 left to decide").wait_for()
        page.keyboard.press("a")
    page.locator("#review .done").wait_for()
    page.keyboard.press("Escape")


def freeze(page: Page) -> None:
    """Make a snapshot of the collection that has them."""
    page.get_by_role("tab", name="Snapshots").click()
    form = page.locator("#new-snapshot form")
    form.locator("[name=name]").fill("lesson")
    # The answer that was corrected saw passages which the demo's own questions ask about.
    form.locator("[name=declared]").fill("The demo asks about the same fares; nothing is measured here.")
    form.get_by_role("button", name="Freeze approved examples").click()
    expect(page.locator("#snapshot-notice")).to_contain_text("is frozen", timeout=LONG)


def train(page: Page) -> None:
    """Train on the snapshot, and see its curve while it grows."""
    page.get_by_role("tab", name="Training", exact=True).click()
    form = page.locator("#new-run form")
    form.locator("[value=style]").check()
    expect(form.locator("label:has([value=style])")).to_contain_text("37 % of new facts")
    form.get_by_text("All settings").click()
    expect(form.locator("[name=set-rank]")).to_have_value("8")
    form.locator("[name=name]").fill("lesson-adapter")
    for name, value in QUICKLY.items():
        form.locator(f"[name=set-{name}]").fill(value)
    form.get_by_role("button", name="See the tokens").click()
    expect(page.locator("#run-tokens .learned")).to_contain_text("<|im_end|>")
    form.get_by_role("button", name="Train", exact=True).click()
    page.locator("#runs button.title").filter(has_text="lesson-adapter").click(timeout=LONG)
    curve = page.locator("#run .plot").first
    curve.wait_for(timeout=LONG)
    watch(curve)
    expect(page.locator("#run .candidate")).to_contain_text("lesson-adapter", timeout=LONG)
    expect(page.locator("#run .samples")).to_contain_text("With the adapter")
    expect(page.locator("#run .card")).to_contain_text("transformers")


def watch(curve: Locator) -> None:
    """The curve says in words where it begins, and is not empty."""
    expect(curve).to_have_attribute("aria-label", re.compile(r"training: [\d.]+ at step 1, "))
    assert "M" in (curve.locator("path").last.get_attribute("d") or "")


def examples(folder: Path) -> Path:
    """Twelve examples as JSON lines."""
    path = folder / "hours.jsonl"
    said = [
        {"id": f"{place}-{hour}", "prompt": f"When does the {place} open on day {hour}?", "completion": f"At {hour}."}
        for place in ("quay", "mill", "school")
        for hour in ("six", "seven", "eight", "nine")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in said))
    return path


def command(school: Running, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "admin", *map(str, words)],
        env=school.environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
