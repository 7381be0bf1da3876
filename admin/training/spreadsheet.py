"""CSV, as spreadsheets write and read it. What is no text stands in its cell as JSON.

A spreadsheet runs a cell that begins like a formula (OWASP, "CSV Injection"): such a cell is written with an
apostrophe before it, which reading takes off again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from admin.training.incoming import LARGEST, Raw, check_width, text_of
from chat.errors import InvalidInputError

FORMULA = re.compile(r"'*[=+\-@\t\r]")
DEFUSED = re.compile(r"'+[=+\-@\t\r]")
REQUIRED = ("prompt", "completion")
SEPARATORS = (",", ";", "\t")


def read(path: Path) -> Iterator[Raw]:
    """The rows under the header, numbered as the lines of a spreadsheet are: the first is row 2."""
    text = text_of(path).lstrip("\n\r")
    header = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = max(SEPARATORS, key=header.count)
    check_width(header.count(separator) + 1)
    csv.field_size_limit(LARGEST)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        names = [restored(name.strip()) for name in next(rows, [])]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInputError(f"Two columns are called “{twice}”. Give each a name of its own.")
        for number, cells in enumerate(rows, 2):
            if any(cell.strip() for cell in cells):
                yield _row(number, names, cells)
    except csv.Error as error:
        raise InvalidInputError(
            f"The file is no CSV from line {rows.line_num} on: {error}. A text with commas, quotes or line breaks "
            'stands between quotes ("), and a quote in it is doubled.'
        ) from error


def write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows of texts under these columns; a text that a row has not got is an empty cell."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([defused(name) for name in columns])
        for row in rows:
            writer.writerow([defused(row.get(name, "")) for name in columns])


def defused(cell: str) -> str:
    """The cell, so that no spreadsheet runs it."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """The cell as it was before it was defused."""
    return cell[1:] if DEFUSED.match(cell) else cell


def _row(number: int, names: Sequence[str], cells: Sequence[str]) -> Raw:
    if len(cells) != len(names):
        said = f"it has {len(cells)} cells under {len(names)} columns. Put texts with commas in them between quotes"
        return Raw(number, {}, said)
    # An empty cell is nothing, but one of these is a mistake, which is told as one.
    filled = {name: restored(cell) for name, cell in zip(names, cells, strict=True) if cell or name in REQUIRED}
    return Raw(number, filled)
