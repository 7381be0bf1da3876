"""JSON lines, one example each; a file that is one JSON array of examples is read, too."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from admin.training.incoming import BadRow, Raw, loads, text_of
from chat.errors import InvalidInputError


def read(path: Path) -> Iterator[Raw]:
    """The rows. A line that is no JSON object is a bad one, not an end to the others."""
    text = text_of(path)
    if text.lstrip().startswith("["):
        yield from _array(text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _row(number, line)


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _array(text: str) -> Iterator[Raw]:
    try:
        found = loads(text)
    except BadRow as error:
        raise InvalidInputError(f"The file begins like a JSON array, but {error}.") from error
    for number, each in enumerate(found, 1):
        yield _checked(number, each)


def _row(number: int, line: str) -> Raw:
    try:
        return _checked(number, loads(line))
    except BadRow as error:
        return Raw(number, {}, str(error))


def _checked(number: int, found: Any) -> Raw:
    if not isinstance(found, dict):
        return Raw(number, {}, "it is no JSON object, which begins with { and ends with }")
    return Raw(number, found)
