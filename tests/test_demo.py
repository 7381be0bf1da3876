"""The demo's questions and examples hold together: every quote is where it is said to be, and inside one chunk."""

import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from admin import demo
from admin.curation.documents.chunking import chunk
from admin.curation.documents.ingesting import CHUNK_TARGET, CHUNK_TARGETS
from admin.curation.formats.loaders import ParsedDocument, kind_of, load
from admin.curation.formats.text import normalise

FOLDER = Path(__file__).parents[1] / "demo"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


QUESTIONS = rows("questions.jsonl")
EXAMPLES = rows("examples.jsonl")
NAMES = sorted(path.name for path in (FOLDER / "documents").iterdir())


@cache
def parsed(name: str) -> ParsedDocument:
    return load(FOLDER / "documents" / name, kind_of(name))


@cache
def chunks(name: str) -> list[str]:
    kind = kind_of(name)
    return [piece.text for piece in chunk(parsed(name), target=CHUNK_TARGETS.get(kind, CHUNK_TARGET))]


def squeezed(text: str) -> str:
    return " ".join(normalise(text).split())


def test_there_is_enough_of_everything() -> None:
    assert len(NAMES) >= 30
    assert Counter(Path(name).suffix for name in NAMES).keys() == {".md", ".txt", ".html", ".pdf", ".docx", ".csv"}
    alone = [row for row in QUESTIONS if row["follows"] is None]
    assert sum(row["answerable"] for row in alone) >= 120
    assert sum(not row["answerable"] for row in alone) >= 30
    assert sum(row["follows"] is not None for row in QUESTIONS) >= 30
    assert len(EXAMPLES) >= 300


def test_every_row_has_its_keys_and_an_id_of_its_own() -> None:
    keys = {"id", "question", "answers", "answerable", "passages", "type", "language", "follows"}
    assert all(row.keys() == keys for row in QUESTIONS)
    assert all(row.keys() == {"id", "prompt", "completion", "document"} for row in EXAMPLES)
    for some in (QUESTIONS, EXAMPLES):
        assert [identity for identity, count in Counter(row["id"] for row in some).items() if count > 1] == []
    assert all(row["question"].strip() for row in QUESTIONS)
    assert all(row["prompt"].strip() and row["completion"].strip() for row in EXAMPLES)


def test_what_is_answerable_has_answers_and_passages_and_nothing_else_has() -> None:
    for row in QUESTIONS:
        assert bool(row["answers"]) == bool(row["passages"]) == row["answerable"], row["id"]


@pytest.mark.parametrize("row", [row for row in QUESTIONS if row["passages"]], ids=lambda row: str(row["id"]))
def test_every_quote_is_in_its_document_and_inside_one_chunk(row: dict[str, Any]) -> None:
    for passage in row["passages"]:
        quote = squeezed(passage["quote"])
        assert quote in squeezed(parsed(passage["document"]).text)
        assert any(quote in squeezed(text) for text in chunks(passage["document"]))


def test_follow_ups_follow_a_question_that_stands_before_them() -> None:
    seen: set[str] = set()
    for row in QUESTIONS:
        assert row["follows"] is None or row["follows"] in seen, row["id"]
        seen.add(row["id"])


def test_no_question_is_asked_of_a_document_that_examples_are_made_from() -> None:
    asked = {passage["document"] for row in QUESTIONS for passage in row["passages"]}
    taught = {row["document"] for row in EXAMPLES}
    assert not asked & taught
    assert asked | taught <= set(NAMES)


def test_no_question_is_an_example_s_prompt() -> None:
    prompts = {squeezed(row["prompt"]).casefold() for row in EXAMPLES}
    assert [row["id"] for row in QUESTIONS if squeezed(row["question"]).casefold() in prompts] == []


def test_every_document_is_read_without_loss_and_no_two_are_alike() -> None:
    by_text = defaultdict(list)
    for name in NAMES:
        assert len(chunks(name)) >= 2, name
        assert "\ufffd" not in parsed(name).text, name
        by_text[parsed(name).text].append(name)
    assert [names for names in by_text.values() if len(names) > 1] == []


def test_the_starters_are_questions_that_have_answers() -> None:
    by_text = {row["question"]: row for row in QUESTIONS}
    starters = demo.starters()
    assert len(starters) == 4
    assert all(by_text[question]["answerable"] for question in starters)
    assert [path.name for path in demo.files()] == NAMES
