"""What is read of a file of training examples, whatever its format: rows with their numbers, within limits."""

import codecs
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat.errors import InvalidInputError

LARGEST = 200_000_000
"""Bytes of a file that are read."""
MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_TEXT = 200_000
"""Characters of one text of a row: far more than any model here is trained on at once."""
OTHER_ENCODINGS = ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))


@dataclass(frozen=True)
class Raw:
    """A row as it stands in the file, counted from 1, or what is wrong with it in words."""

    number: int
    columns: Mapping[str, Any]
    problem: str = ""


class BadRow(Exception):  # noqa: N818  (one row's, told together with the others')
    """This row cannot be used; the message says why, and what would do."""


def text_of(path: Path) -> str:
    """The file's text. Raises `InvalidInputError` where it is not UTF-8, saying where."""
    data = path.read_bytes()
    for mark, name in OTHER_ENCODINGS:
        if data.startswith(mark):
            raise InvalidInputError(f"The file is in {name}. Save it again as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            f"The file is not UTF-8: line {line} holds the byte 0x{data[error.start]:02X}, which begins no character. "
            "Save it again as UTF-8 (in Excel: “CSV UTF-8”)."
        ) from error


def check_file(path: Path) -> None:
    """Raise `InvalidInputError` for a file that is missing, empty or larger than is read."""
    if not path.is_file():
        raise InvalidInputError(f"There is no file {path}. Name a file of training examples.")
    size = path.stat().st_size
    if size > LARGEST:
        raise InvalidInputError(
            f"The file has {size / 1e6:,.0f} MB; at most {LARGEST / 1e6:,.0f} MB are read at once. Import it in parts."
        )
    if not size:
        raise empty()


def empty() -> InvalidInputError:
    return InvalidInputError(
        "The file holds no rows. A row is, for example: "
        '{"id": "1", "prompt": "When does the gate close?", "completion": "At ten."}'
    )


def check_width(columns: int) -> None:
    """Raise `InvalidInputError` for a table that is no table of examples."""
    if columns > MOST_COLUMNS:
        raise InvalidInputError(
            f"The file has {columns:,} columns; at most {MOST_COLUMNS} are read. Is it a table of training examples?"
        )


def check_row(columns: Mapping[str, Any]) -> None:
    """Raise `BadRow` for what no database can keep: zero bytes, halves of characters, numbers that are none."""
    if len(columns) > MOST_COLUMNS:
        raise BadRow(f"it has {len(columns):,} columns; at most {MOST_COLUMNS} are read")
    for name, value in columns.items():
        _check(name, name)
        _check(value, name)


def loads(text: str) -> Any:
    """JSON, or `BadRow` in words."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise BadRow("it is nested too deeply") from error
    except ValueError as error:
        raise BadRow(f"it is not JSON: {error}") from error


def _check(value: Any, column: str) -> None:
    match value:
        case str():
            _check_text(value, column)
        case float() if not math.isfinite(value):
            raise BadRow(f"“{column}” holds {value}, which is no number that JSON knows. Leave it out")
        case Mapping():
            for key, inner in value.items():
                _check(key, column)
                _check(inner, column)
        case list():
            for inner in value:
                _check(inner, column)


def _check_text(text: str, column: str) -> None:
    if "\0" in text:
        raise BadRow(f"“{column[:40]!s}” holds a zero byte (NUL), which is in no text. Take it out".replace("\0", "␀"))
    if len(text) > LONGEST_TEXT:
        raise BadRow(f"“{column[:40]}” has {len(text):,} characters; at most {LONGEST_TEXT:,} are read. Shorten it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRow(f"“{column[:40]!a}” holds half a character (a lone surrogate). Take it out") from error
