"""The Retrieval tab's handlers: progress while all questions are asked, a reader that must pay, files of questions."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from admin.service.bench import USUAL, Bench
from admin.ui import retrieval_handlers, tuning
from admin.ui.following import Step, Stopped, followed
from admin.ui.retrieval_handlers import RetrievalHandlers, tried
from admin.ui.tuning import Trial
from chat import rights
from chat.models.reranker import Reranker, Rerankers
from chat.rag import rerank
from chat.store import users
from chat.store.questions import Label, NewQuestion
from chat.store.tables import UserRole
from tests.rag.library import Library

QUESTIONS = (
    NewQuestion("q1", "How long is a return ticket valid?", labels=[Label("tickets.md", "within 21 days")]),
    NewQuestion("q2", "May dogs travel free?", labels=[Label("dogs.md", "Dogs travel free")]),
    NewQuestion("q3", "When does the gate close?", labels=[Label("harbour.md", "closes at ten")]),
)
FIELDS = {"fusion": "ranks", "share": "50", "threshold": ""}


def event(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def handlers(ferries: Library, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> RetrievalHandlers:
    bench.put("ferries", QUESTIONS)
    monkeypatch.setattr(retrieval_handlers, "SHOWN_EVERY_S", 0)
    return RetrievalHandlers(bench)


class Knowing(Rerankers):
    """Readers that know the labels: `right` prefers what bears the question, any other what does not."""

    def get(self, name: str) -> Reranker:
        return Biased(1.0 if name == "right" else -1.0)


@dataclass
class Biased:
    sign: float

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        quotes = [label.quote for each in QUESTIONS if each.text == question for label in each.labels]
        return np.array([self.sign * any(quote in passage for quote in quotes) for passage in passages])


@pytest.fixture
def reading(handlers: RetrievalHandlers, monkeypatch: pytest.MonkeyPatch) -> RetrievalHandlers:
    """With readers that decide alone."""
    monkeypatch.setattr(rerank, "WEIGHT", 100)
    return RetrievalHandlers(replace(handlers.bench, rerankers=Knowing()))


def test_how_far_it_is_is_shown_while_all_questions_are_asked(handlers: RetrievalHandlers) -> None:
    *steps, (trial, shown) = handlers.compared("ferries", event(**FIELDS | {"share": "80"}))
    assert len(steps) == 3 * len(QUESTIONS)
    assert 'value="0.667"' in steps[5][1]
    assert "left" in steps[5][1] and "Stop" in steps[5][1]  # noqa: PT018
    assert trial.settings.dense_weight == 1.6
    assert "Make live" in shown


def test_closing_ends_the_work_at_its_next_step() -> None:
    ended: list[type[BaseException]] = []

    def work(note: Any) -> None:
        try:
            for done in range(1000):
                note(done, 1000)
                time.sleep(0.001)
        except Stopped as stopped:
            ended.append(type(stopped))
            raise

    going = followed(work)
    assert next(going) == Step(0, 1000)
    going.close()
    for _ in range(200):
        if ended:
            break
        time.sleep(0.01)
    assert ended == [Stopped]


def test_what_fails_is_told(handlers: RetrievalHandlers) -> None:
    with pytest.raises(gr.Error, match="at least 10 questions"):
        list(handlers.fitted("ferries"))
    with pytest.raises(gr.Error, match="Name the cross-encoder"):
        list(handlers.compared("ferries", event(**FIELDS, reading="cross", encoder=" ")))
    with pytest.raises(gr.Error, match="cannot be loaded"):
        list(handlers.compared("ferries", event(**FIELDS, reading="cross", encoder="/nowhere/at-all")))


def test_who_reads_again_is_chosen() -> None:
    assert tried(event(**FIELDS)).rerank is None
    assert tried(event(**FIELDS, reading="maxsim", encoder="x")).rerank == "maxsim"
    assert tried(event(**FIELDS, reading="cross", encoder=" a/b ")).rerank == "a/b"
    assert tried(event(**FIELDS, reading="<b>")).rerank is None


def test_a_reader_that_does_not_pay_cannot_be_made_live(reading: RetrievalHandlers) -> None:
    *_, (trial, shown) = reading.compared("ferries", event(**FIELDS, reading="cross", encoder="wrong"))
    assert trial is None
    assert "does not pay here: nDCG@10 -" in shown
    assert 'data-event="live"' not in shown
    with pytest.raises(gr.Error, match="not there any more"):
        reading.made_live(trial)


def test_a_reader_that_pays_is_made_live_with_what_it_reached(reading: RetrievalHandlers) -> None:
    reading.bench.make_live("ferries", replace(USUAL, rerank="wrong"), "")
    *_, (trial, shown) = reading.compared("ferries", event(**FIELDS, reading="cross", encoder="right"))
    assert "fitted to none of these questions" in shown
    reading.made_live(trial)
    standing = reading.bench.standing("ferries")
    assert standing.settings.rerank == "right"
    reached = standing.history[0].scores["ndcg"]
    assert (reached["questions"], reached["held_out"]) == (3, 1.0)
    assert reached["held_out"] > reached["usual"]
    assert "read again by right" in tuning.tuning(standing)


def test_without_labelled_questions_no_reader_is_made_live(handlers: RetrievalHandlers) -> None:
    for each in handlers.bench.standing("ferries").questions:
        handlers.bench.remove(each.id)
    *_, (trial, shown) = handlers.compared("ferries", event(**FIELDS, reading="maxsim"))
    assert trial is None
    assert "Label some questions" in shown


def test_a_file_of_questions_is_imported(handlers: RetrievalHandlers, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    line = {"id": "q9", "question": "Who <b>rows</b>?", "passages": [{"document": "dogs.md", "quote": "pay half"}]}
    path.write_text(json.dumps(line) + "\n")
    assert "1 question added to “ferries”, 0 replaced" in handlers.imported(path, "ferries")
    assert not path.exists()
    _, shown, button = handlers.standing("ferries")
    assert "Who &lt;b&gt;rows&lt;/b&gt;?" in shown
    assert button.visible
    path.write_text("{\n")
    with pytest.raises(gr.Error, match="line 1 is not JSON"):
        handlers.imported(path, "ferries")
    path.write_text(json.dumps(line))
    with pytest.raises(gr.Error, match="Choose a collection"):
        handlers.imported(path, "")


def test_a_reader_sees_nothing_that_they_may_not_use(handlers: RetrievalHandlers, ferries: Library) -> None:
    with ferries.database.sessions.begin() as session:
        users.add(session, "rita", UserRole.ASKER)
        rita = rights.account(session, "rita")
    theirs = RetrievalHandlers(handlers.bench.for_person(rita))
    tuned, questions, button = theirs.standing("ferries")
    assert 'data-event="forget"' not in questions
    assert not button.visible
    assert 'data-event="all"' in tuned, "comparing changes nothing"
    *_, (trial, shown) = theirs.compared("ferries", event(**FIELDS | {"share": "80"}))
    assert isinstance(trial, Trial | None)
    assert trial is None
    assert "takes a curator" in shown
    probe = theirs.bench.probe("May dogs travel free?", "ferries", 3)
    assert probe.markable == set()
    assert handlers.bench.probe("May dogs travel free?", "ferries", 3).markable
