"""Question sets: from every layout, versioned by content, and held against what was trained on."""

import json
from pathlib import Path

import pytest

from admin.curation.bench import question_files
from admin.service.question_sets import QuestionSets
from admin.service.snapshots import Snapshots, Wanted
from chat.errors import InvalidInputError
from chat.store.database import Database
from chat.store.tables import Evaluation
from tests.checks.conftest import Add, told

DEMO = Path(__file__).parents[2] / "demo"


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_the_same_content_is_the_same_set(question_sets: QuestionSets, add: Add, tmp_path: Path) -> None:
    add({"a": told("Who?", "Me.")})
    file = lines(tmp_path / "exam.jsonl", {"id": "q1", "question": "Who paints the fence?", "answers": ["the mate"]})
    first, new = question_sets.read("default", "exam", file)
    again, not_new = question_sets.read("default", "exam", file)
    assert (new, not_new, again.id, first.number) == (True, False, first.id, 1)
    lines(file, {"id": "q1", "question": "Who paints the wall?", "answers": ["the mate"]})
    changed, _ = question_sets.read("default", "exam", file)
    assert (changed.number, changed.sha256 == first.sha256) == (2, False)
    assert [line.number for line in question_sets.lines("default")] == [2, 1]


def test_squad(tmp_path: Path) -> None:
    asked = [
        {"id": 1, "question": "How deep is the lock? ", "answers": [{"text": "4 m"}, {"text": "4 m"}]},
        {"id": 2, "question": "Who built it?", "answers": [], "is_impossible": True},
    ]
    squad = {"data": [{"title": "Lock", "paragraphs": [{"context": "The lock is 4 m deep.", "qas": asked}]}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(squad))
    deep, built = question_files.read(path)
    assert (deep.key, deep.text, deep.answers, deep.type) == ("1", "How deep is the lock?", ["4 m"], "fact")
    assert (deep.labels[0].document, deep.labels[0].quote) == ("Lock", "The lock is 4 m deep.")
    assert (built.answerable, built.type, list(built.labels)) == (False, "unanswerable", [])
    asked[1]["question"] = ""
    path.write_text(json.dumps(squad))
    with pytest.raises(InvalidInputError, match="data 1, paragraphs 1, qas 2, question: "):
        question_files.read(path)


def test_beir(tmp_path: Path) -> None:
    folder = tmp_path / "beir"
    lines(folder / "queries.jsonl", {"_id": "a", "text": "How deep?"}, {"_id": "b", "text": "Never judged?"})
    lines(folder / "corpus.jsonl", {"_id": "x", "title": "Lock", "text": "4 m."}, {"_id": "y", "text": "Ducks."})
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\na\tx\t2\na\ty\t0\n")
    [deep] = question_files.read(folder)
    assert [(label.document, label.quote, label.relevant) for label in deep.labels] == [
        ("Lock", "4 m.", True),
        ("y", "Ducks.", False),
    ]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\na\tx\n")
    with pytest.raises(InvalidInputError, match=r"qrels/test\.tsv, line 2"):
        question_files.read(folder)


def test_the_demo_and_the_control_set_are_read(question_sets: QuestionSets, add: Add) -> None:
    add({"a": told("Who?", "Me.")})
    assert question_sets.read("default", "demo", DEMO / "questions.jsonl")[0].questions == 194
    control, _ = question_sets.control("default")
    assert (control.questions, control.types) == (30, {"general": 30})
    assert all(row["answers"] for row in question_sets.show(control.id))


def test_a_set_says_what_a_snapshot_has_learned_of_it(
    question_sets: QuestionSets, snapshots: Snapshots, add: Add, tmp_path: Path
) -> None:
    add({
        "a": told("Who paints the long fence by the mill?", "The mate."),
        "b": told("What is in the shed?", "Rope.", "shed.md"),
    })  # fmt: skip
    snapshots.create(Wanted("first"))
    exam = lines(
        tmp_path / "exam.jsonl",
        {"id": "q1", "question": "Who paints the long fence by the mill?", "answers": ["the mate"]},
        {"id": "q2", "question": "When is the shed swept?", "passages": [{"document": "shed.md"}]},
        {"id": "q3", "question": "How far is the lighthouse from here?", "passages": [{"document": "lights.md"}]},
    )
    made, _ = question_sets.read("default", "exam", exam)
    found = question_sets.overlap(made.id, "first")
    assert dict(found.questions) == {"q1": "same question", "q2": "same document"}
    assert found.learned == ["q1"]
    assert str(found) == ("2 of the 3 questions are in snapshot first: 1 by the same question, 1 by the same document.")


def test_a_set_that_was_asked_stays(question_sets: QuestionSets, add: Add, database: Database, tmp_path: Path) -> None:
    add({"a": told("Who?", "Me.")})
    made, _ = question_sets.read("default", "exam", lines(tmp_path / "e.jsonl", {"id": "q", "question": "Who is it?"}))
    with database.sessions.begin() as session:
        session.add(Evaluation(question_set_id=made.id, collection_id=1, arms=[], settings={}))
    with pytest.raises(InvalidInputError, match="asked the questions of exam 1"):
        question_sets.delete(made.id)
    with database.sessions.begin() as session:
        session.query(Evaluation).delete()
    question_sets.delete(made.id)
    assert question_sets.lines("default") == []
