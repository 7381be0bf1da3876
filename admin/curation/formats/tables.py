"""Tables that are read row by row: each row becomes a line that can be found and understood alone."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from admin.curation.formats import signatures
from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, document
from admin.curation.formats.text import decode

MAX_COLUMNS = 1000


def read_csv(data: bytes) -> ParsedDocument:
    """Return the rows of a table whose cells are divided by the sign that its first line holds most of."""
    header = decode(data[: signatures.SNIFFED_BYTES]).lstrip().partition("\n")[0]
    return _read(data, max(",;\t|", key=header.count))


def read_tsv(data: bytes) -> ParsedDocument:
    """Return the rows of a table whose cells are divided by tabs."""
    return _read(data, "\t")


def _read(data: bytes, delimiter: str) -> ParsedDocument:
    rows = csv.reader(io.StringIO(decode(data), newline=""), delimiter=delimiter)
    try:
        lines = list(row_lines(rows))
    except csv.Error as error:
        raise UnreadableDocument(
            f"Line {rows.line_num} is not CSV ({error}). Look for a quotation mark that is not closed."
        ) from error
    if not lines and rows.line_num and decode(data).strip():
        raise UnreadableDocument("This table has column names but no rows. Add rows, or save it as text.")
    return document("\n\n".join(lines))


def row_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the rows below the first that is filled, each as `Name: value, Name: value`."""
    filled = (row for row in rows if any(cell.strip() for cell in row))
    header = next(filled, [])
    for row in filled:
        yield row_line(header, row)


def row_line(header: Sequence[str], row: Sequence[str]) -> str:
    """Return the row as `Name: value, Name: value`, readable alone."""
    if max(len(header), len(row)) > MAX_COLUMNS:
        raise UnreadableDocument(f"This table has more than {MAX_COLUMNS} columns. Leave out those nobody asks about.")
    cells = (
        (" ".join(name.split()) or f"Column {number}", " ".join(cell.split()))
        for number, (name, cell) in enumerate(zip_longest(header, row, fillvalue=""), 1)
    )
    return ", ".join(f"{name}: {cell}" for name, cell in cells if cell)


def pipe_table(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as a Markdown table, the first as its head. Empty where nothing is in it."""
    filled = [[_cell(cell) for cell in row] for row in rows if any(cell.strip() for cell in row)]
    width = max(map(len, filled), default=0)
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in filled]
    return "\n".join([*lines[:1], f"|{' --- |' * width}", *lines[1:]]) if lines else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
