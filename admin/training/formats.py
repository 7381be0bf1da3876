"""Training examples from files and into them: JSON lines, CSV and Parquet, in any of the shapes of `shapes`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from admin.training import incoming, jsonlines, parquet, spreadsheet
from admin.training.columns import CONVERSATIONS, flat, unflattened
from admin.training.incoming import MOST_ROWS, BadRow, Raw
from admin.training.shapes import SYSTEM, Shape, columns_of, example
from chat.errors import InvalidInputError
from chat.store.examples import Kept, NewExample

PARQUET = b"PAR1"
SUFFIXES = (".jsonl", ".csv", ".parquet")
PROBLEMS_TOLD = 10


@dataclass(frozen=True)
class Found:
    """What a file holds: the good rows, and for each bad one its number and what is wrong with it.

    `systems` of the good rows came with a system message, which is kept but not trained on.
    """

    examples: Sequence[NewExample]
    problems: Sequence[tuple[int, str]]

    @property
    def rows(self) -> int:
        return len(self.examples) + len(self.problems)

    @property
    def systems(self) -> int:
        return sum(SYSTEM in each.wording.extra for each in self.examples)


class BadRowsError(InvalidInputError):
    """Some rows of a file are bad, and the person has not said to import the others. `found` holds both."""

    def __init__(self, found: Found) -> None:
        told = [f"Row {number}: {said}." for number, said in found.problems[:PROBLEMS_TOLD]]
        more = len(found.problems) - len(told)
        told += [f"… and {more:,} more rows."] if more else []
        super().__init__("\n".join([f"{len(found.problems):,} of {found.rows:,} rows cannot be used.", *told]))
        self.found = found


def read(path: Path, *, good_rows: bool = False) -> Found:
    """The examples of a file. Its format is known by what it holds, whatever its name.

    Raises `InvalidInputError` for a file that is none of these, and `BadRowsError` where a row is bad, unless the good
    ones alone are wanted.
    """
    incoming.check_file(path)
    examples: dict[str, NewExample] = {}
    problems: list[tuple[int, str]] = []
    lines: dict[str, int] = {}
    copies = Counter[str]()
    for raw in _rows(path):
        if raw.number > MOST_ROWS + 1:
            raise InvalidInputError(f"The file has more than {MOST_ROWS:,} rows. Import it in parts.")
        try:
            new = _example(raw, copies)
            if new.key in examples:
                raise BadRow(f"the id “{new.key}” stands in row {lines[new.key]}, too. Give each its own")
            examples[new.key], lines[new.key] = new, raw.number
        except BadRow as error:
            problems.append((raw.number, str(error)))
    found = Found(list(examples.values()), problems)
    if not found.rows:
        raise incoming.empty()
    if problems and not (good_rows and examples):
        raise BadRowsError(found)
    return found


def write(path: Path, examples: Sequence[Kept], shape: Shape = Shape.PROMPT_COMPLETION) -> int:
    """Write examples to a file, whose ending says in which format. Returns how many the shape could hold.

    Raises `InvalidInputError` for an unknown ending.
    """
    rows = [columns for each in examples if (columns := columns_of(each.key, each.wording, shape)) is not None]
    match path.suffix.lower():
        case ".jsonl":
            jsonlines.write(path, rows)
        case ".csv":
            spreadsheet.write(path, _columns(rows), map(flat, rows))
        case ".parquet":
            parquet.write(path, _nested(rows))
        case other:
            raise InvalidInputError(f"No file of examples ends in {other or 'nothing'}: use {', '.join(SUFFIXES)}.")
    return len(rows)


def _columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The columns of a table of these rows, those of every row first, in the rows' order."""
    return list(dict.fromkeys(name for row in rows for name in flat(row)))


def _nested(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with texts in their cells, and turns where a column holds nothing but turns, as trainers read them."""
    turns = [name for name in CONVERSATIONS if all(isinstance(row.get(name), list) for row in rows)]
    return [flat(row) | {name: row[name] for name in turns} for row in rows]


def _rows(path: Path) -> Iterator[Raw]:
    with path.open("rb") as file:
        start = file.read(4_096)
    if start.startswith(PARQUET):
        return map(_unflattened, parquet.read(path))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return jsonlines.read(path)
    return map(_unflattened, spreadsheet.read(path))


def _unflattened(raw: Raw) -> Raw:
    try:
        return replace(raw, columns=unflattened(raw.columns))
    except BadRow as error:
        return replace(raw, problem=str(error))


def _example(raw: Raw, copies: Counter[str]) -> NewExample:
    """The row's example. A row without an id that says what another says gets a key of its own all the same."""
    if raw.problem:
        raise BadRow(raw.problem)
    new = example(raw.columns)
    if raw.columns.get("id") is not None:
        return new
    copies[new.key] += 1
    return new if copies[new.key] == 1 else replace(new, key=f"{new.key}-{copies[new.key]}")
