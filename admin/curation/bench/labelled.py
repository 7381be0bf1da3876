"""Labelled questions from a file: one JSON object a line, as `demo/questions.jsonl` has them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat.errors import InvalidInputError
from chat.store.questions import Label, NewQuestion

LARGEST = 50_000_000
"""Bytes of a file that are read."""


class Passage(BaseModel):
    """Words of a document that bear the answer; without words, the whole document does."""

    document: str = Field(min_length=1, max_length=1_000)
    quote: str = Field("", max_length=20_000)
    relevant: bool = True


class Line(BaseModel):
    """A line of the file. Other keys are passed over."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = Field(min_length=1, max_length=200)
    question: str = Field(min_length=1, max_length=20_000)
    answers: list[str] = []
    answerable: bool = True
    passages: list[Passage] = []
    type: str | None = None
    language: str | None = None
    follows: str | None = None

    def as_question(self) -> NewQuestion:
        labels = [Label(each.document, each.quote, each.relevant) for each in self.passages]
        fields = self.model_dump(exclude={"id", "question", "passages", "type"})
        return NewQuestion(key=self.id, text=self.question.strip(), type=self.type or "", labels=labels, **fields)


def read(path: Path) -> list[NewQuestion]:
    """The questions of a file. Raises `InvalidInputError` naming the line that cannot be used, and why."""
    if not path.is_file():
        raise InvalidInputError(f"There is no file {path}. Name one with a question in JSON on each line.")
    if path.stat().st_size > LARGEST:
        raise InvalidInputError(f"{path.name} has more than {LARGEST // 1_000_000} MB. Import it in parts.")
    return list(_questions(path))


def _questions(path: Path) -> Iterator[NewQuestion]:
    seen: set[str] = set()
    lines = path.read_text(encoding="utf-8-sig", errors="replace").replace("\x00", "").splitlines()
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        question = _line(text, f"{path.name}, line {number}").as_question()
        if question.key in seen:
            raise InvalidInputError(f"{path.name}, line {number}: the id {question.key!r} stands there twice.")
        seen.add(question.key)
        yield question


def _line(text: str, where: str) -> Line:
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"{where} is not JSON: {error}") from error
    try:
        return Line.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the line"
        raise InvalidInputError(f"{where}: {field}: {first['msg']}.") from error
