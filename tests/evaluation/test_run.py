"""Evaluations that run: what is asked and kept, stopped and resumed, and that the numbers are the same every time."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import Interrupted
from admin.evaluation import metrics, planning
from admin.evaluation.run import tasks
from chat.errors import InvalidInputError, ModelError, NotAllowedError, NotFoundError
from chat.models.chat import ModelConnection
from chat.rights import Person
from chat.store.tables import UserRole
from tests.evaluation.conftest import QUESTIONS, Bench, bench_with, values
from tests.rag.library import Library, Speaker, models

RIGHT = {"q1": 1.0, "q2": 1.0, "q3": 1.0, "q4": 0.0}
"""What quoting gets right: it quotes the sentence that is nearest to the question."""


def after(number: int) -> Callable[[], bool]:
    """Says that it may go on, but only so many times."""
    left = iter(range(number))
    return lambda: next(left, None) is not None


def status(library: Library) -> str:
    return str(library.scalar("SELECT status FROM evaluations"))


def test_every_question_is_asked_of_every_arm_that_it_applies_to(bench: Bench) -> None:
    report = bench.evaluate("rag", "oracle", "empty", "conflict")
    asked = {arm.name: {at for name, at in report.replies if name == arm.name} for arm in report.arms}
    assert asked == {"rag": {0, 1, 2, 3, 4}, "oracle": {0, 1, 2, 3}, "empty": {0, 1, 2, 3, 4}, "conflict": {0, 2}}
    right = {q.id: report.replies["rag", q.position].measures.get(metrics.CONTAINED) for q in report.asked[:4]}
    assert right == RIGHT
    assert values(report, "rag") == pytest.approx({
        "answer_contained": 0.75, "exact_match": 0, "f1": 0.2404, "refused_answerable": 0, "refused_unanswerable": 1,
        "citation_precision": 0.75, "citation_recall": 0.75, "support": 1, "recall_at_10": 1, "ndcg_at_10": 1,
        "tokens": 9.6,
    }, abs=1e-3)  # fmt: skip
    assert values(report, "empty") == {"refused_empty": 1, "recited": 0, "tokens": 5}
    assert values(report, "conflict") == {"followed_passage": 1, "followed_weights": 0, "tokens": 10.5}
    assert "75 %" in report.verdict


def test_questions_about_one_document_follow_each_other_and_their_arms_stand_side_by_side(bench: Bench) -> None:
    with bench.library.database.sessions() as session:
        made = planning.plan(session, bench.start("rag", "oracle"))
    asked = [(task.asked.id, task.arm.name) for task in tasks(made)]
    assert list(dict.fromkeys(key for key, _ in asked)) == ["q5", "q3", "q2", "q1", "q4"]
    assert asked[1:3] == [("q3", "rag"), ("q3", "oracle")]


def test_the_same_run_again_gives_the_same_numbers(bench: Bench) -> None:
    first = bench.evaluate("rag", "oracle")
    assert bench.start("rag", "oracle") == first.id
    assert bench.service.report(first.id).digest == first.digest
    again = bench.evaluate("rag", "oracle", anew=True)
    assert again.id != first.id
    assert [values(again, arm.name) for arm in again.arms] == [values(first, arm.name) for arm in first.arms]


def test_other_questions_arms_or_documents_are_another_evaluation(bench: Bench) -> None:
    first = bench.evaluate("rag")
    assert bench.start("rag", most=3) != first.id
    assert bench.start("rag", file=QUESTIONS[:3]) != first.id
    assert bench.start("rag", "oracle") != first.id
    bench.library.add("fares.md", "# Fares\n\nA bicycle costs 3 marks.\n", "ferries")
    assert bench.start("rag") != first.id


def test_it_stops_when_somebody_says_so_and_goes_on_where_it_was(bench: Bench) -> None:
    evaluation_id = bench.start("rag", "oracle")

    def stop() -> bool:
        if bench.library.scalar("SELECT done FROM evaluations"):
            bench.service.stop(evaluation_id)
        return True

    bench.run(evaluation_id, stop)
    line = bench.service.line(evaluation_id)
    assert (line.status, line.stopping) == ("stopped", False)
    assert 0 < line.done <= line.total == 9
    with pytest.raises(InvalidInputError, match="stopped"):
        bench.service.report(evaluation_id)
    kept = answers(bench.library)
    assert bench.start("rag", "oracle") == evaluation_id
    bench.run(evaluation_id)
    report = bench.service.report(evaluation_id)
    assert values(report, "rag")["answer_contained"] == 0.75
    assert {key: row for key, row in answers(bench.library).items() if key in kept} == kept


def test_killed_at_any_moment_it_asks_only_what_is_left(bench: Bench, quotes: ModelConnection) -> None:
    evaluation_id = bench.start("rag", "oracle")
    with pytest.raises(Interrupted):
        bench.run(evaluation_id, after(1))
    kept = answers(bench.library)
    assert 0 < len(kept) < 9
    chat = quotes.get().chat
    speaker = Speaker(answers=["A return ticket must be used within 21 days of the outward crossing."])
    other = bench_with(bench.library, models(speaker, "quotes"))
    other.run(evaluation_id)
    assert len(speaker.prompts) <= 9 - len(kept)
    assert {key: row for key, row in answers(bench.library).items() if key in kept} == kept
    assert chat is quotes.get().chat


def test_a_model_that_breaks_off_fails_it_in_words_and_it_can_be_resumed(bench: Bench) -> None:
    broken = bench_with(bench.library, models(Speaker(answers=["No way to say."], breaks_after=0), "speaker"))
    evaluation_id = broken.start("rag")
    with pytest.raises(ModelError, match=r"did not answer rag, question q\d, in 3 tries") as caught:
        broken.run(evaluation_id)
    broken.evaluating().give_up(caught.value, evaluation_id)
    line = bench.service.line(evaluation_id)
    assert line.status == "failed"
    assert "let the evaluation go on" in (line.error or "")
    bench.service.resume(evaluation_id)
    bench_with(bench.library, models(Speaker(answers=["It is green."]), "speaker")).run(evaluation_id)
    assert bench.service.report(evaluation_id).model == "speaker"


def test_without_a_model_nothing_is_pretended(bench: Bench) -> None:
    none = bench_with(bench.library, models(None))
    with pytest.raises(ModelError):
        none.run(none.start("rag"))
    assert answers(bench.library) == {}


def test_half_of_it_by_another_model_is_refused(bench: Bench, embedder: Any) -> None:
    evaluation_id = bench.start("rag", "oracle")
    with pytest.raises(Interrupted):
        bench.run(evaluation_id, after(1))
    other = bench_with(bench.library, models(Speaker(answers=["x"]), "another"))
    with pytest.raises(InvalidInputError, match="start a new one"):
        other.run(evaluation_id)


def test_documents_that_change_end_it(bench: Bench) -> None:
    evaluation_id = bench.start("rag")
    bench.library.add("dogs.md", "# Dogs\n\nDogs pay 5 marks.\n", "ferries")
    with pytest.raises(InvalidInputError, match="documents of this collection have changed"):
        bench.run(evaluation_id)


def test_deleted_while_it_runs_it_ends_quietly(bench: Bench) -> None:
    evaluation_id = bench.start("rag", "oracle")

    def delete() -> bool:
        if bench.library.scalar("SELECT count(*) FROM evaluation_answers"):
            bench.service.remove(evaluation_id)
        return True

    bench.run(evaluation_id, delete)
    assert bench.service.lines() == []


def test_a_job_is_queued_once_and_on_the_long_queue(bench: Bench) -> None:
    assert bench.start("rag") == bench.start("rag")
    queued = "SELECT string_agg(queue_name || ' ' || task_name, ',') FROM procrastinate_jobs"
    wanted = (
        "SELECT string_agg(queue_name || ' ' || task_name, ',') FROM procrastinate_jobs WHERE task_name = 'evaluate'"
    )
    assert bench.library.scalar(wanted) == "long evaluate"
    assert "evaluate" in bench.library.scalar(queued)


def test_settings_are_held_though_others_are_made_live_meanwhile(bench: Bench) -> None:
    from chat.store import revisions

    with bench.library.database.sessions.begin() as session:
        collection = bench.library.scalar("SELECT id FROM collections WHERE name = 'ferries'")
        strict = {"threshold": 0.999}
        revisions.make_live(session, collection, strict, {}, "", 1)
    refused = bench.evaluate("rag", "rag@1")
    assert values(refused, "rag") == values(refused, "rag@1")
    evaluation_id = bench.start("rag", most=4)
    with bench.library.database.sessions.begin() as session:
        revisions.make_live(session, collection, {}, {}, "", 1)
    bench.run(evaluation_id)
    assert bench.service.report(evaluation_id).methods["fixed"]["retrieval"]["threshold"] == 0.999


def test_what_a_person_may_not_look_after_does_not_exist(bench: Bench) -> None:
    report = bench.evaluate("rag")
    with bench.library.database.sessions.begin() as session:
        session.execute(
            sa.text("INSERT INTO users (id, name, role) OVERRIDING SYSTEM VALUE VALUES (7, 'ada', 'asker')")
        )
        session.execute(sa.text("UPDATE collections SET open = false"))
    stranger = bench.service.for_person(Person(7, "ada", UserRole("asker")))
    assert stranger.lines() == []
    for forbidden in (stranger.report, stranger.stop, stranger.resume, stranger.remove, stranger.line):
        with pytest.raises(NotFoundError):
            forbidden(report.id)
    with pytest.raises(NotFoundError):
        stranger.choices("ferries")
    with bench.library.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE collections SET open = true"))
    with pytest.raises(NotAllowedError):
        stranger.choices("ferries")


def test_an_arm_with_an_adapter_needs_one(bench: Bench) -> None:
    with pytest.raises(InvalidInputError, match="takes an adapter"):
        bench.start("rag+adapter")
    with pytest.raises(NotFoundError, match="no adapter 'formal'"):
        bench.start("rag+adapter:formal")


def test_who_started_what_is_on_record(bench: Bench) -> None:
    bench.service.remove(bench.start("rag"))
    recorded = "SELECT string_agg(action, ', ' ORDER BY id) FROM audit"
    assert bench.library.scalar(recorded) == "freeze questions, start evaluation, delete evaluation"


def answers(library: Library) -> dict[tuple[str, int], str]:
    with library.database.sessions() as session:
        rows = session.execute(sa.text("SELECT arm, position, answer, timings_ms FROM evaluation_answers"))
        return {(arm, position): f"{answer} {json.dumps(times)}" for arm, position, answer, times in rows}
