"""Excel workbooks: each row with the names of its columns, as if it stood in a CSV file."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from admin.curation.formats import remarks
from admin.curation.formats.packages import core_title, office_package
from admin.curation.formats.parsed import MAX_CHARS, ParsedDocument, UnreadableDocument, document
from admin.curation.formats.tables import MAX_COLUMNS, row_lines

CAPTION_ROWS = 20
"""Rows that may stand above a table's head."""


def read_xlsx(data: bytes) -> ParsedDocument:
    """Return each visible sheet under its name, and what its formulas came to when it was saved."""
    from openpyxl import load_workbook

    with office_package(data, "Excel workbook") as archive:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        parts: list[str] = []
        left = MAX_CHARS
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                for line in _sheet(sheet):
                    parts.append(line)
                    left -= len(line)
                    _refuse_length(left)
        hidden = [f"“{sheet.title}”" for sheet in book.worksheets if sheet.sheet_state != "visible"]
        title = core_title(archive)
    return document("\n\n".join(parts), title, [remarks.hidden("sheet", hidden)] if hidden else [])


def _refuse_length(left: int) -> None:
    if left < 0:
        raise UnreadableDocument("This workbook holds more than 20 million characters. Split it.")


def _sheet(sheet: Any) -> Iterator[str]:
    """Yield the sheet's name as a heading, the lines above its table, and its rows; nothing for an empty one."""
    rows = (row for row in _rows(sheet) if any(row))
    top = list(islice(rows, CAPTION_ROWS))
    captions = _captions(top)
    lines = row_lines(_chained(top[captions:], rows))
    body = [*(" ".join(filter(None, row)) for row in top[:captions])]
    if body or top:
        yield f"## {' '.join(sheet.title.split())}"
    yield from body
    table = next(lines, None)
    if table is None and len(top) > captions:
        # A head without rows is all that the sheet says.
        yield " ".join(filter(None, top[captions]))
    elif table is not None:
        yield table
        yield from lines


def _chained(first: Iterable[Sequence[str]], rest: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield from first
    yield from rest


def _captions(top: Sequence[Sequence[str]]) -> int:
    """Return how many rows of a single cell stand above the first that is a table's head."""
    for number, row in enumerate(top):
        if sum(map(bool, row)) > 1:
            return number
    return 0


def _rows(sheet: Any) -> Iterator[list[str]]:
    # What a sheet says of its size makes each row as long as that, down to one cell in the farthest corner.
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        cells = [_shown(cell.value, getattr(cell, "number_format", None) or "") for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise UnreadableDocument(
                f"The sheet “{sheet.title}” has more than {MAX_COLUMNS} columns. Leave out those nobody asks about."
            )
        yield cells


def _shown(value: Any, number_format: str) -> str:
    """Return a cell about as Excel shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        at_midnight = value.time() == time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ", timespec="minutes")
    if isinstance(value, date | time | timedelta):
        return str(value)
    if isinstance(value, int | float):
        percent = "%" in number_format
        return f"{value * 100:.10g}%" if percent else f"{value:.15g}"
    return " ".join(str(value).split())
