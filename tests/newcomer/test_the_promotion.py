"""Measured, promoted and taken back; a bad answer looked into: by who decides and who asks, with the real program.

The model talks nonsense, which the chat replaces by a quotation; the adapter says nothing, which is how to answer what
the documents do not say. So the questions are such, and on these the adapter really is the better one.
"""

import json
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.newcomer import reticent
from tests.newcomer.conftest import Running, started
from tests.newcomer.test_the_lesson import command

pytestmark = pytest.mark.slow
PLACES = ("mill", "school", "bakery", "library", "chapel", "market", "quay", "station")
QUESTION = "When does the {} close in the evening?"
LONG = 180_000
LOOKED_AT_EVERY_MS = 5_000
ARMS = ("rag", "rag+adapter", "empty", "empty+adapter", "conflict", "conflict+adapter")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    model, adapter = reticent.make(tmp_path_factory.mktemp("reticent"))
    home = tmp_path_factory.mktemp("town") / "home"
    with started(home, APPRENTICE_MODEL=str(model), APPRENTICE_DTYPE="float32") as program:
        folder = tmp_path_factory.mktemp("documents")
        for place in PLACES:
            said = f"# The {place}\n\nThe {place} opens at seven in the morning. Its key is kept by the warden.\n"
            (folder / f"{place}.md").write_text(said)
        rows = [{"id": place, "question": QUESTION.format(place), "answerable": False} for place in PLACES]
        questions = tmp_path_factory.mktemp("questions") / "closing.jsonl"
        questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
        done(command(program, "ingest", folder, "--collection", "harbour"))
        done(command(program, "questions", "import", questions, "-c", "harbour"))
        done(command(program, "adapters", "import", adapter, "--name", "reticent"))
        yield program


def done(ran: "subprocess.CompletedProcess[str]") -> None:
    assert ran.returncode == 0, ran.stderr


def test_from_the_report_through_the_gate_to_the_next_answer_and_back(town: Running, page: Page) -> None:
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    admin, chat = page, page.context.browser.new_page()  # type: ignore[union-attr]
    chat.goto(town.chat)
    chat.locator("#collection select").select_option("harbour")
    assert "reticent" not in answer(chat)
    admin.goto(town.admin)
    evaluate(admin)
    promote(admin)
    adapted = answer(chat)
    assert "Documents + reticent" in adapted
    assert "not in the documents" in adapted
    roll_back(admin)
    plain = answer(chat)
    assert "reticent" not in plain
    assert "opens at seven" in plain


def answer(chat: Page) -> str:
    """Ask in a new conversation; the answer with its remarks, when it is whole."""
    chat.locator("#new-chat").click()
    expect(chat.locator("[data-testid=bot]")).to_have_count(0)
    chat.wait_for_timeout(1_000)  # what the page shows of an empty conversation comes in several parts
    chat.locator("#question textarea").fill(QUESTION.format("mill"))
    chat.keyboard.press("Enter")
    chat.locator("#chat .remarks").last.wait_for(timeout=LONG)
    expect(chat.locator("#chat .remarks .copy-answer")).to_have_count(1, timeout=LONG)
    return " ".join(
        [*chat.locator("[data-testid=bot]").all_inner_texts(), chat.locator("#chat .remarks").last.inner_text()]
    )


def evaluate(page: Page) -> None:
    """Freeze the collection's questions, put them to the arms that the gate asks for, and look at the report."""
    page.get_by_role("tab", name="Evaluation").click()
    form = page.locator("#new-evaluation form")
    form.locator("[name=collection]").select_option("harbour")
    form.get_by_role("button", name="Freeze 8 labelled questions").click()
    expect(page.locator("#evaluation-notice")).to_contain_text("are frozen as “labelled 1”")
    form.locator("[name=arm-base]").uncheck()
    for arm in ARMS:
        form.locator(f"[value='{arm}']").check()
    form.get_by_role("button", name="Begin").click()
    page.locator("#evaluations li.finished").get_by_role("button", name="Report").click(timeout=LONG)
    report = page.locator("#evaluation .report")
    expect(report.locator("h1")).to_contain_text("rightly refuses 100")
    expect(report.locator(".intervals .row").first).to_be_visible()
    expect(report).to_contain_text("More than luck", ignore_case=True)
    page.get_by_role("button", name="Back to the list").click()
    expect(report).to_have_count(0)


def promote(page: Page) -> None:
    """See every rule; choose what "better" is about here; let the adapter answer."""
    page.get_by_role("tab", name="Adapters").click()
    page.locator("#adapters button.title").filter(has_text="reticent").click()
    panel = page.locator("#adapter")
    panel.locator("[name=collection]").select_option("harbour")
    expect(panel.locator(".asked + .hint")).to_contain_text("in “harbour” alone")
    rules = panel.locator(".rules li")
    expect(rule(rules, "Who decides is not who brought the adapter in.")).to_contain_text("Not applicable: one person.")
    expect(rule(rules, "Better than what answers now")).to_contain_text("No question of labelled 1 is measured by that")
    panel.get_by_text("What the rules ask for").click()
    panel.locator("form.asked [name=measure]").select_option("refused_unanswerable")
    panel.get_by_role("button", name="Ask for this").click()
    expect(rule(rules, "Better than what answers now")).to_contain_text("+100 points")
    expect(panel.get_by_role("status")).to_contain_text("Every rule that applies is met.")
    panel.get_by_role("button", name="Let it answer").click()
    expect(page.locator("#adapters-notice")).to_contain_text("reticent answers in “harbour” from the next question on")
    expect(page.locator("#adapters .now")).to_contain_text("reticent")


def rule(rules: Locator, words: str) -> Locator:
    return rules.filter(has_text=words)


def roll_back(page: Page) -> None:
    place = page.locator("#adapters .now li").filter(has_text="harbour")
    place.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.locator("#adapters-notice")).to_contain_text("Rolled back")


def test_a_bad_answer_is_looked_into_and_what_was_done_is_taken_back(town: Running, page: Page) -> None:
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    chat = page.context.browser.new_page()  # type: ignore[union-attr]
    chat.goto(town.chat)
    chat.locator("#collection select").select_option("harbour")
    answer(chat)
    chat.locator("#chat .rate.bad").last.click()
    dialog = chat.get_by_role("dialog")
    dialog.get_by_label("What should it have said?").fill("That is not known.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    page.goto(town.admin)
    page.get_by_role("tab", name="Feedback (1)").click()
    page.locator("#feedback button.title").filter(has_text="mill").click()
    case = page.locator("#case")
    expect(case.get_by_role("status")).to_contain_text("Looking where it went wrong")
    expect(case.locator(".way li").first).to_be_visible()
    case.get_by_role("button", name="This answers it").first.click()
    expect(case.locator(".marked").first).to_contain_text("Marked right")
    page.keyboard.press("u")
    expect(case.locator(".marked")).to_have_count(0)
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog", name="Dismiss this feedback?")
    dialog.get_by_role("textbox").fill("The documents do not say it.")
    dialog.get_by_role("button", name="Dismiss").click()
    expect(case.locator(".deeds")).to_contain_text("The documents do not say it.")
    page.keyboard.press("Escape")
    expect(page.locator("#feedback")).to_contain_text("Nothing is left to look into here.")


def test_the_list_is_looked_at_again_only_where_somebody_sees_it(town: Running, page: Page) -> None:
    """Of the tabs on which nothing is under way, none asks the server anything; the one with the list does."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    page.goto(town.admin)
    page.get_by_role("tab", name="Feedback").click()
    page.locator("#feedback .none, #feedback table, #feedback .empty").first.wait_for()
    asked.clear()
    page.wait_for_timeout(LOOKED_AT_EVERY_MS + 1_000)
    assert asked
    page.get_by_role("tab", name="Adapters").click()
    page.locator("#adapters h3").first.wait_for()
    page.wait_for_timeout(1_000)
    asked.clear()
    page.wait_for_timeout(LOOKED_AT_EVERY_MS + 1_000)
    assert asked == []
