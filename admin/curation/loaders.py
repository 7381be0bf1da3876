"""One function a format, from a file's bytes to its normalised text.

What `load` returns is never empty, holds at most `MAX_CHARS` characters and is never normalised again: the
offsets of pages, chunks and citations count characters of exactly this text. What cannot be read is refused
in words that say how to cure it. The bytes are a stranger's: run `load` in the child that `parser` keeps.
"""

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from admin.curation import signatures
from admin.curation.markup import to_markdown
from admin.curation.pdf import read_pages
from admin.curation.text import decode, guess_language, normalise
from chat.errors import AppError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

MEGABYTE = 1_000_000
MAX_BYTES = 100 * MEGABYTE
MAX_CHARS = 20_000_000
MAX_COLUMNS = 1000
MAX_UNPACKED = 200 * MEGABYTE
MAX_RATIO = 300  # of unpacked to packed; office files stay below 100
PASSWORD_NEEDED = 4  # FPDF_ERR_PASSWORD

KINDS: Mapping[str, str] = MappingProxyType(
    {
        ".csv": "csv",
        ".docx": "docx",
        ".htm": "html",
        ".html": "html",
        ".markdown": "markdown",
        ".md": "markdown",
        ".pdf": "pdf",
        ".tsv": "tsv",
        ".txt": "text",
    }
)
# RuntimeError stands for an encrypted part, an unknown compression and a nesting too deep for Python.
DAMAGED_DOCX = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ExpatError,
    ElementTree.ParseError,
    KeyError,
    RuntimeError,
)
# Titles that a program made up.
NO_TITLE = re.compile(r"untitled|unspecified|\(.*\)|document\d*|microsoft word - .*|.*\.\w{2,5}", re.IGNORECASE)


class UnreadableDocument(AppError):  # noqa: N818  (it is the document that is at fault)
    """A file that no text can be taken from; the message says why and what to do."""


@dataclass(frozen=True)
class ParsedDocument:
    """The normalised text of a document, the title it states, and the offset at which each page starts."""

    text: str
    title: str | None = None
    page_starts: list[int] = field(default_factory=list)
    language: str | None = None


def kind_of(name: str) -> str:
    """Return the kind of the file called `name`; raises `UnreadableDocument` for an unsupported suffix."""
    suffix = Path(name).suffix.lower()
    if suffix not in KINDS:
        raise UnreadableDocument(
            f"Files ending in {suffix or 'nothing'} cannot be read. Save it as one of: {', '.join(KINDS)}."
        )
    return KINDS[suffix]


def load(path: Path, kind: str) -> ParsedDocument:
    """Return what the file holds; `kind` is a value of `KINDS`. Raises `UnreadableDocument`."""
    readers: dict[str, Callable[[bytes], ParsedDocument]] = {
        "csv": lambda data: _read_table(data, _delimiter(data)),
        "docx": _read_docx,
        "html": _read_html,
        "markdown": _read_markdown,
        "pdf": _read_pdf,
        "text": lambda data: _document(decode(data)),
        "tsv": lambda data: _read_table(data, "\t"),
    }
    data = _read_bytes(path)
    _refuse_other_formats(data, kind)
    return readers[kind](data)


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size == 0:
            raise UnreadableDocument("This file is empty. Upload it again.")
        if size > MAX_BYTES:
            raise UnreadableDocument(
                f"This file is {size / MEGABYTE:.0f} MB; the limit is {MAX_BYTES // MEGABYTE} MB. Split it."
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableDocument(f"This file cannot be opened: {error.strerror}. Upload it again.") from error


def _refuse_other_formats(data: bytes, kind: str) -> None:
    seems = signatures.seems_to_be(data)
    expected = {"pdf": [signatures.PDF], "docx": [signatures.WORD]}.get(kind, signatures.TEXTS)
    if seems not in expected:
        named = kind if kind in ("text", "markdown") else kind.upper()
        raise UnreadableDocument(
            f"This file is named like {named} but seems to be {seems}. "
            f"Give it the right extension, or save it as one of: {', '.join(KINDS)}."
        )


def _document(text: str, title: str | None = None) -> ParsedDocument:
    _refuse_length(text)
    return _normalised_document(normalise(text), title, [])


def _normalised_document(text: str, title: str | None, page_starts: list[int]) -> ParsedDocument:
    _refuse_length(text)
    if not text.strip():
        raise UnreadableDocument("This file holds no text, only blanks. Check that it is the right one.")
    return ParsedDocument(text, _stated(title), page_starts, guess_language(text))


def _refuse_length(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise UnreadableDocument(
            f"This file holds {len(text) / 1e6:.1f} million characters; the limit is 20 million. Split it."
        )


def _stated(title: str | None) -> str | None:
    title = " ".join(normalise(title or "").split())[:200]
    return None if not title or NO_TITLE.fullmatch(title) else title


def _read_markdown(data: bytes) -> ParsedDocument:
    text = decode(data)
    fence = None
    for line in text.splitlines():
        if mark := re.match(r" {0,3}(```|~~~)", line):
            fence = mark[1] if fence is None else None if fence == mark[1] else fence
        elif fence is None and line.startswith("# "):
            return _document(text, re.sub(r"[*`]|\s#+\s*$", "", line[2:]))
    return _document(text)


def _read_html(data: bytes) -> ParsedDocument:
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    charset = re.search(rb"charset=[\"']?([\w-]+)", data[:2048])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(decode(data, charset[1].decode() if charset else None), "html.parser")
    stated = soup.title.extract().get_text() if soup.title else ""
    # Hidden elements have to go before the first heading is looked for.
    try:
        text = to_markdown(soup)
    except RecursionError as error:
        raise UnreadableDocument("This page is nested too deeply. Save it as plain text.") from error
    return _document(text, stated if stated.strip() else _first_heading(soup))


def _first_heading(soup: "BeautifulSoup") -> str | None:
    return soup.h1.get_text(" ") if soup.h1 else None


def _read_docx(data: bytes) -> ParsedDocument:
    import mammoth
    from bs4 import BeautifulSoup

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        _refuse_bomb(archive, len(data))
        _refuse_entities(archive)
        html = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map="p[style-name='Title'] => h1:fresh",
            include_embedded_style_map=False,
            convert_image=lambda image: [mammoth.html.text(image.alt_text or "")],
        ).value
        title = _core_title(archive)
        soup = BeautifulSoup(html, "html.parser")
        text = to_markdown(soup)
    except DAMAGED_DOCX as error:
        raise UnreadableDocument(
            "This Word document is cut off or damaged. Open it in Word and save it again."
        ) from error
    return _document(text, _stated(title) or _first_heading(soup))


def _refuse_bomb(archive: zipfile.ZipFile, packed: int) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED or (unpacked > MAX_UNPACKED / 10 and unpacked > MAX_RATIO * packed):
        raise UnreadableDocument(
            f"This Word document unpacks to {unpacked / MEGABYTE:.0f} MB; the limit is "
            f"{MAX_UNPACKED // MEGABYTE} MB, and {MAX_RATIO} times its size. Split it."
        )


def _refuse_entities(archive: zipfile.ZipFile) -> None:
    """Refuse a part that declares a document type: Word writes none, and entities can name other files."""
    for entry in archive.infolist():
        # Zeroes out, so that UTF-16 hides nothing.
        is_picture = entry.filename.startswith("word/media/")
        if not is_picture and b"<!DOCTYPE" in archive.read(entry).replace(b"\0", b""):
            raise UnreadableDocument(
                "This Word document declares XML entities, which Word never does. Save it again in Word."
            )


def _core_title(archive: zipfile.ZipFile) -> str | None:
    if "docProps/core.xml" not in archive.namelist():
        return None
    core = ElementTree.fromstring(archive.read("docProps/core.xml"))  # noqa: S314  (no document type in it)
    return core.findtext("{http://purl.org/dc/elements/1.1/}title")


def _read_pdf(data: bytes) -> ParsedDocument:
    from pypdfium2 import PdfiumError

    try:
        pages, title = read_pages(data)
    except PdfiumError as error:
        if error.err_code == PASSWORD_NEEDED:
            raise UnreadableDocument("This PDF needs a password. Save a copy without one.") from error
        raise UnreadableDocument("This PDF is cut off or damaged. Download or print it to PDF again.") from error
    pages = [normalise(page).strip() for page in pages]
    text = "\n\n".join(page for page in pages if page)
    if not text:
        raise UnreadableDocument("This PDF has no text, only images: it needs OCR. Upload a copy with a text layer.")
    return _normalised_document(text, title, _page_starts(pages, len(text)))


def _page_starts(pages: list[str], length: int) -> list[int]:
    """Return where each page starts in the joined text; one without text starts where the next does."""
    starts, position = [], 0
    for page in pages:
        starts.append(min(position, length))
        position += len(page) + len("\n\n") if page else 0
    return starts


def _delimiter(data: bytes) -> str:
    header = decode(data[: signatures.SNIFFED_BYTES]).lstrip().partition("\n")[0]
    return max(",;\t|", key=header.count)


def _read_table(data: bytes, delimiter: str) -> ParsedDocument:
    rows = csv.reader(io.StringIO(decode(data), newline=""), delimiter=delimiter)
    try:
        filled = (row for row in rows if any(cell.strip() for cell in row))
        header = next(filled, [])
        lines = [_row_line(header, row) for row in filled]
    except csv.Error as error:
        raise UnreadableDocument(
            f"Line {rows.line_num} is not CSV ({error}). Look for a quotation mark that is not closed."
        ) from error
    if header and not lines:
        raise UnreadableDocument("This table has column names but no rows. Add rows, or save it as text.")
    return _document("\n\n".join(lines))


def _row_line(header: list[str], row: list[str]) -> str:
    """Return the row as `Name: value, Name: value`, readable alone."""
    if max(len(header), len(row)) > MAX_COLUMNS:
        raise UnreadableDocument(f"This table has more than {MAX_COLUMNS} columns. Leave out those nobody asks about.")
    cells = (
        (" ".join(name.split()) or f"Column {number}", " ".join(cell.split()))
        for number, (name, cell) in enumerate(zip_longest(header, row, fillvalue=""), 1)
    )
    return ", ".join(f"{name}: {cell}" for name, cell in cells if cell)
