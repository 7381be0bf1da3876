"""The report: it says what the numbers say, stands alone, and nothing that a stranger wrote becomes part of it."""

import re
import shutil
from pathlib import Path

import pytest

from admin.evaluation import charts, differing, report
from admin.evaluation.charts import Dot, Mark
from chat.store.questions import Label, NewQuestion
from tests.evaluation.conftest import Bench, bench_with
from tests.rag.library import Library, Speaker, models

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked=1'>"


def evil_bench(library: Library) -> Bench:
    """Everything that a stranger can write is hostile: documents, questions, answers, names, what the model says."""
    library.add(
        f"{EVIL[:40].replace('/', '')}.md", f"# {EVIL}\n\nThe fare {EVIL} is 7 marks for everybody.\n", "ferries"
    )
    return bench_with(library, models(Speaker(answers=[f"The fare {EVIL} is 7 marks for everybody."]), f"model{EVIL}"))


QUESTIONS = [
    NewQuestion(f"q{EVIL}", f"What is the fare {EVIL}?", [f"7 marks {EVIL}"], type=f"type{EVIL}"),
    NewQuestion("q2", "What is the fare for everybody?", ["7 marks"], labels=[Label(f"<{EVIL}>", EVIL)]),
]


def test_the_verdict_comes_first_and_everything_else_is_there(bench: Bench) -> None:
    made = bench.evaluate("rag", "oracle", "empty", "conflict")
    page = report.page(made)
    text = re.sub(r"<[^>]+>", "", page.partition("</style>")[2]).replace("&nbsp;", " ")
    assert text.index(made.verdict[:40]) < text.index("Quality")
    for said in ("By type of question", "All measures", "Methods", made.digest, "Recall@10", "exact McNemar", "quotes"):
        assert said in text
    assert "75 %" in text


def test_it_stands_alone(bench: Bench) -> None:
    page = report.page(bench.evaluate("rag"))
    assert not re.search(r"<script|https?://|url\(|@import|src=", page)
    assert "default-src 'none'" in page


def test_nothing_a_stranger_wrote_becomes_markup(library: Library) -> None:
    made = evil_bench(library).evaluate("base", "rag", "empty", file=QUESTIONS)
    page = report.page(made)
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_no_script_runs_and_it_fits_a_phone(library: Library, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(report.page(evil_bench(library).evaluate("base", "rag", file=QUESTIONS)), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(file.as_uri())
        assert page.evaluate("window.hacked") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("h1").inner_text()
        browser.close()


def test_the_questions_on_which_arms_differ_show_both_answers(library: Library) -> None:
    bench = bench_with(library, models(Speaker(answers=["It is valid for 21 days."]), "speaker"))
    made = bench.evaluate("base", "rag")
    found = differing.differing(made, "base", "rag")
    assert all(differing.right(made, "base", each) != differing.right(made, "rag", each) for each in found)
    assert [each.id for each in found] == ["q2", "q3", "q5"]
    shown = differing.section(made)
    assert "Who painted the ceiling" in shown
    assert "That is not in the documents." in shown
    assert "✓ right" in shown
    assert "✗ wrong" in shown


def test_charts_say_in_text_what_they_draw() -> None:
    order = {"base": 0, "rag": 1}
    drawn = charts.intervals([Mark("base", 0.1, 0.05, 0.2, "10 % (5–20)")], order)
    assert 'aria-label="base: 10 % (5–20)"' in drawn
    plot = charts.against([Dot("base", 2.0, 0.1), Dot("rag", 4.0, 0.5)], order, "Right answers", "seconds")
    assert "base: 10 %, 2 seconds; rag: 50 %, 4 seconds" in plot
    assert plot.count("<text") >= 12
    assert charts.against([Dot("base", 0.0, 0.0)], order, "Right answers", "seconds")


def test_names_that_would_lie_on_one_another_stand_apart() -> None:
    plot = charts.against([Dot("base", 2.0, 0.1), Dot("rag", 2.1, 0.1)], {"base": 0, "rag": 1}, "x", "seconds")
    assert re.search(r'text-anchor="end">base<', plot)
    assert re.search(r'text-anchor="start">rag<', plot)
