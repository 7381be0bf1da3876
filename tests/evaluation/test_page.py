"""The Evaluation tab and the command: what they show, what they refuse, and the shape that scripts rely on."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from typer.testing import CliRunner

from admin.service.question_sets import QuestionSets
from admin.ui.evaluation_handlers import EvaluationHandlers
from chat.store import evaluations, question_rows
from chat.store.questions import put
from tests.conftest import OWNER
from tests.evaluation.conftest import QUESTIONS, Bench

MEASURES = set(
    "exact_match f1 answer_contained refused_unanswerable refused_answerable citation_precision citation_recall "
    "support recall_at_10 ndcg_at_10 first_token_ms total_ms tokens".split()
)


def event(**data: str) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def handlers(bench: Bench) -> EvaluationHandlers:
    sets = QuestionSets(bench.library.database.sessions, person=OWNER)
    return EvaluationHandlers(bench.service, sets)


def test_an_empty_page_says_what_to_do_first(handlers: EvaluationHandlers) -> None:
    shown, clock = handlers.listed()
    assert "Retrieval, fine-tuning, or both?" in shown
    assert not clock.active
    assert "<details open>" in handlers.form()
    assert "freeze the labelled questions first" in handlers.form()


def test_from_labelled_questions_to_the_report(bench: Bench, handlers: EvaluationHandlers) -> None:
    with bench.library.database.sessions.begin() as session:
        for question in QUESTIONS:
            put(session, bench.library.scalar("SELECT id FROM collections"), question)
    form, notice = handlers.frozen(event(collection="ferries"))
    assert "labelled 1 · 5 questions" in form
    assert "labelled 1" in notice
    chosen: dict[str, str] = {"collection": "ferries", "questions": "labelled@1", "arm-rag": "rag", "most": "4"}
    assert "It is queued" in handlers.begun(event(**chosen))
    shown, clock = handlers.listed()
    assert "Waiting for a worker" in shown
    assert clock.active
    (line,) = bench.service.lines()
    assert "It stops" in handlers.stopped(event(id=str(line.id)))
    assert "Stopped" in handlers.listed()[0]
    assert "goes on" in handlers.resumed(event(id=str(line.id)))
    bench.run(line.id)
    assert "of the questions right" in handlers.listed()[0]
    assert "asked of these arms already" in handlers.begun(event(**chosen))
    assert '<article class="report">' in handlers.opened(event(id=str(line.id)))
    assert "&lt;!doctype html&gt;" in handlers.saved(event(id=str(line.id)))
    assert "deleted" in handlers.removed(event(id=str(line.id)))
    assert bench.service.lines() == []


def test_progress_tells_what_is_left(bench: Bench, handlers: EvaluationHandlers) -> None:
    from datetime import UTC, datetime, timedelta

    evaluation_id = bench.start("rag", "oracle")
    with bench.library.database.sessions.begin() as session:
        evaluations.begin(session, evaluation_id, 40, {"model": "quotes", "revision": None})
        evaluation = evaluations.get(session, [bench.library.scalar("SELECT id FROM collections")], evaluation_id)
        evaluation.done, evaluation.started_at = 10, datetime.now(UTC) - timedelta(minutes=2)
    shown, _ = handlers.listed()
    assert "10 of 40 answers · about 6 min left" in shown


@pytest.mark.parametrize("sent", ["", "-1", "x", "9" * 40, "1; DROP TABLE evaluations", "999999"])
def test_what_a_stranger_sends_is_refused_in_words(handlers: EvaluationHandlers, sent: str) -> None:
    for handler in (handlers.opened, handlers.saved, handlers.stopped, handlers.resumed, handlers.removed):
        with pytest.raises(gr.Error):
            handler(event(id=sent))
    for data in ({}, {"arm-rag": "rag"}, {"arm-rag": "rag", "collection": sent, "questions": sent, "most": "x"}):
        with pytest.raises(gr.Error):
            handlers.begun(event(**data))
    with pytest.raises(gr.Error):
        handlers.frozen(event(collection=sent))


def command(bench: Bench, home: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """Run `admin evaluate`, whose worker is this process and whose model is the test's."""
    from admin import __main__
    from admin.app import Parts

    monkeypatch.setenv("APPRENTICE_HOME", str(home))
    monkeypatch.setenv("APPRENTICE_DATABASE_URL", bench.library.database.conninfo)
    monkeypatch.setattr(Parts, "evaluating", property(lambda _: bench.evaluating()))
    return CliRunner().invoke(__main__.cli, ["evaluate", *words])


def test_the_command_prints_what_scripts_rely_on(
    bench: Bench, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, html = tmp_path / "My Questions.jsonl", tmp_path / "report.html"
    file.write_text("\n".join(json.dumps(question_rows.as_row(question)) for question in QUESTIONS))
    words = ("--questions", str(file), "--arms", "rag,oracle", "--json", "--html", str(html))
    done = command(bench, home, monkeypatch, *words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found.keys() >= {"questions", "arms", "comparisons", "detectable", "verdict"}
    assert found["questions"] == 5
    assert found["arms"].keys() == {"rag", "oracle"}
    assert found["arms"]["rag"].keys() == MEASURES
    assert found["arms"]["oracle"].keys() == MEASURES - {"refused_unanswerable", "recall_at_10", "ndcg_at_10"}
    for measured in (found["arms"]["rag"]["f1"], *found["arms"]["oracle"].values()):
        assert measured["low"] <= measured["value"] <= measured["high"]
    for each in found["comparisons"]:
        assert each.keys() >= {"a", "b", "measure", "difference", "low", "high", "p", "p_corrected"}
        assert (each["a"], each["b"]) == ("rag", "oracle")
    assert html.read_text().startswith("<!doctype html>")
    again = command(bench, home, monkeypatch, *words)
    assert json.loads(again.stdout) == found
    named = command(bench, home, monkeypatch, "--questions", "my-questions", "--arms", "rag,oracle")
    assert named.exit_code == 0
    assert "Right answers" in named.stdout


def test_what_cannot_be_asked_is_told_in_one_line(bench: Bench, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words, said in (
        (("--questions", "nothing"), "no question set 'nothing'"),
        (("--questions", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--questions", "nothing", "--arms", "magic"), "no arm 'magic'"),
    ):
        done = command(bench, home, monkeypatch, *words)
        assert done.exit_code == 1
        assert said in str(done.exception)
