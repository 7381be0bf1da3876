"""Questions from files in the layouts that they come in: JSON lines of our own, SQuAD 2.0, BEIR folders."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from admin.curation.bench import labelled
from chat.errors import InvalidInputError
from chat.store.questions import Label, NewQuestion

GENERAL = Path(__file__).parent / "general.jsonl"
"""Questions that take no document: a control that an adapter has not lost what the model could do before."""
QUESTIONS, PASSAGES, JUDGEMENTS = "queries.jsonl", "corpus.jsonl", "qrels"
PARTS = ("test", "dev", "train")
"""Judgements of a BEIR folder; the first that there is counts."""
LARGEST_CORPUS = 2_000_000_000
"""Bytes of a BEIR corpus that are read through."""


class Answer(BaseModel):
    """An answer of SQuAD: words of the paragraph."""

    text: str


class Asked(BaseModel):
    """A question of SQuAD. Where it is impossible, its paragraph does not answer it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = Field(min_length=1, max_length=200)
    question: str = Field(min_length=1, max_length=20_000)
    answers: list[Answer] = []
    is_impossible: bool = False


class Paragraph(BaseModel):
    """A paragraph of SQuAD with what is asked about it."""

    context: str = Field(min_length=1)
    qas: list[Asked] = []


class Article(BaseModel):
    """A document of SQuAD."""

    title: str = "untitled"
    paragraphs: list[Paragraph] = []


class Squad(BaseModel):
    """A file in the layout of SQuAD 1.1 and 2.0 (Rajpurkar et al., 2018)."""

    data: list[Article]


def read(path: Path) -> list[NewQuestion]:
    """The questions of a file or folder, by its layout. Raises `InvalidInputError` naming the wrong row, and why.

    A folder with `queries.jsonl` is read as BEIR, a `.json` file as SQuAD, any other file as JSON lines.
    """
    if path.is_dir():
        found = _beir(path)
    elif path.suffix.lower() == ".json":
        found = _squad(path)
    else:
        found = labelled.read(path)
    if not found:
        raise InvalidInputError(f"There is no question in {path.name}.")
    return found


def general() -> list[NewQuestion]:
    """The control set: thirty short questions of general ability, with accepted answers."""
    return labelled.read(GENERAL)


def _squad(path: Path) -> list[NewQuestion]:
    if path.stat().st_size > labelled.LARGEST:
        raise InvalidInputError(f"{path.name} has more than {labelled.LARGEST // 1_000_000} MB. Import it in parts.")
    try:
        squad = Squad.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(f"{step + 1}," if isinstance(step, int) else str(step) for step in first["loc"])
        raise InvalidInputError(
            f"{path.name} is not in the layout of SQuAD: {where or 'the file'}: {first['msg']}. "
            'It has {"data": [{"title", "paragraphs": [{"context", "qas": […]}]}]}.'
        ) from error
    return _distinct(list(_asked(squad)), path.name)


def _asked(squad: Squad) -> Iterator[NewQuestion]:
    for article in squad.data:
        for paragraph in article.paragraphs:
            for asked in paragraph.qas:
                label = Label(article.title, paragraph.context)
                yield NewQuestion(
                    asked.id,
                    asked.question.strip(),
                    list(dict.fromkeys(answer.text for answer in asked.answers)),
                    not asked.is_impossible,
                    "unanswerable" if asked.is_impossible else "fact",
                    labels=[] if asked.is_impossible else [label],
                )


def _beir(folder: Path) -> list[NewQuestion]:
    """A folder in the layout of BEIR (Thakur et al., 2021): only questions that were judged, with their passages."""
    judged = _judgements(folder)
    wanted = {passage for passages in judged.values() for passage in passages}
    passages = {
        str(row["_id"]): Label(str(row.get("title") or row["_id"]), str(row["text"]))
        for row in _rows(folder / PASSAGES, ("_id", "text"))
        if str(row["_id"]) in wanted
    }
    return [
        NewQuestion(key, str(row["text"]).strip(), labels=list(_labels(judged[key], passages)))
        for row in _rows(folder / QUESTIONS, ("_id", "text"))
        if (key := str(row["_id"])) in judged
    ]


def _labels(judged: dict[str, bool], passages: dict[str, Label]) -> Iterator[Label]:
    for passage, relevant in judged.items():
        if passage in passages:
            yield Label(passages[passage].document, passages[passage].quote, relevant)


def _judgements(folder: Path) -> dict[str, dict[str, bool]]:
    """Which passages were judged right or wrong, by question."""
    there = [path for part in PARTS if (path := folder / JUDGEMENTS / f"{part}.tsv").is_file()]
    if not there:
        raise InvalidInputError(
            f"{folder.name} is not in the layout of BEIR: it has {QUESTIONS}, {PASSAGES} and {JUDGEMENTS}/test.tsv."
        )
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    with there[0].open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t"), 1):
            if number == 1 and row[:1] == ["query-id"]:
                continue
            try:
                question, passage, score = row
                found[question][passage] = float(score) > 0
            except ValueError as error:
                where = f"{JUDGEMENTS}/{there[0].name}, line {number}"
                raise InvalidInputError(f"{where}: three columns are needed: question, passage, score.") from error
    return found


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if not path.is_file() or path.stat().st_size > LARGEST_CORPUS:
        raise InvalidInputError(f"There is no {path.name} in {path.parent.name}, or it has more than 2 GB.")
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.replace("\\u0000", ""))
            except ValueError as error:
                raise InvalidInputError(f"{path.name}, line {number} is not JSON: {error}") from error
            if not isinstance(row, dict) or not all(row.get(name) for name in needed):
                raise InvalidInputError(f"{path.name}, line {number}: {' and '.join(needed)} are needed.")
            yield row


def _distinct(questions: list[NewQuestion], name: str) -> list[NewQuestion]:
    seen: set[str] = set()
    for number, question in enumerate(questions, 1):
        if question.key in seen:
            raise InvalidInputError(f"{name}, question {number}: the id {question.key!r} stands there twice.")
        seen.add(question.key)
    return questions
