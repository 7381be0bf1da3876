"""From a file's bytes to its normalised text, whatever its format.

What `load` returns is never empty, holds at most `MAX_CHARS` characters and is never normalised again: the
offsets of pages, chunks and citations count characters of exactly this text. What cannot be read is refused
in words that say how to cure it. The bytes are a stranger's: run `load` in the child that `parser` keeps.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from admin.curation.formats import signatures
from admin.curation.formats.book import read_epub
from admin.curation.formats.mail import read_eml
from admin.curation.formats.parsed import MAX_CHARS, ParsedDocument, UnreadableDocument
from admin.curation.formats.pdf import read_pdf
from admin.curation.formats.plain import read_markdown, read_rst, read_text
from admin.curation.formats.records import read_json, read_jsonl
from admin.curation.formats.scans import Note, Scanner, read_image
from admin.curation.formats.sheets import read_xlsx
from admin.curation.formats.slides import read_pptx
from admin.curation.formats.tables import read_csv, read_tsv
from admin.curation.formats.web import read_html
from admin.curation.formats.word import read_docx

__all__ = ["KINDS", "MAX_CHARS", "ParsedDocument", "UnreadableDocument", "kind_of", "load"]

MEGABYTE = 1_000_000
MAX_BYTES = 100 * MEGABYTE

KINDS: Mapping[str, str] = MappingProxyType(
    {
        ".csv": "csv",
        ".docm": "docx",
        ".docx": "docx",
        ".eml": "eml",
        ".epub": "epub",
        ".htm": "html",
        ".html": "html",
        ".jpeg": "image",
        ".jpg": "image",
        ".json": "json",
        ".jsonl": "jsonl",
        ".markdown": "markdown",
        ".md": "markdown",
        ".pdf": "pdf",
        ".png": "image",
        ".pptm": "pptx",
        ".pptx": "pptx",
        ".rst": "rst",
        ".tif": "image",
        ".tiff": "image",
        ".tsv": "tsv",
        ".txt": "text",
        ".webp": "image",
        ".xhtml": "html",
        ".xlsm": "xlsx",
        ".xlsx": "xlsx",
    }
)
READERS: Mapping[str, Callable[[bytes], ParsedDocument]] = MappingProxyType(
    {
        "csv": read_csv,
        "docx": read_docx,
        "eml": read_eml,
        "epub": read_epub,
        "html": read_html,
        "json": read_json,
        "jsonl": read_jsonl,
        "markdown": read_markdown,
        "pptx": read_pptx,
        "rst": read_rst,
        "text": read_text,
        "tsv": read_tsv,
        "xlsx": read_xlsx,
    }
)
SLOW_READERS: Mapping[str, Callable[[bytes, Scanner], ParsedDocument]] = MappingProxyType(
    {"image": read_image, "pdf": read_pdf}
)
"""Those that may have to look at pictures, and say after each page that work goes on."""
SEEN_AS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "docx": (signatures.WORD,),
        "epub": (signatures.BOOK,),
        "image": signatures.IMAGES,
        "pdf": (signatures.PDF,),
        "pptx": (signatures.SLIDES,),
        "xlsx": (signatures.WORKBOOK,),
    }
)
USUAL = (
    "save it as one of: .pdf, .docx, .pptx, .xlsx, .epub, .eml, .html, .md, .rst, .txt, .csv, .json, or as a picture."
)
USUAL_ARCHIVE = ".zip"
ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip")
INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        ".doc": "Open it in Word and save it as .docx.",
        ".gif": "Save it as .png.",
        ".heic": "Save it as .jpg.",
        ".key": "Export it as .pptx or .pdf.",
        ".mobi": "Convert it to .epub.",
        ".msg": "Open it in Outlook and save it as .eml.",
        ".numbers": "Export it as .xlsx.",
        ".odp": "Save it as .pptx.",
        ".ods": "Save it as .xlsx.",
        ".odt": "Save it as .docx.",
        ".pages": "Export it as .docx or .pdf.",
        ".ppt": "Open it in PowerPoint and save it as .pptx.",
        ".rtf": "Open it in Word and save it as .docx.",
        ".xls": "Open it in Excel and save it as .xlsx.",
        ".xlsb": "Open it in Excel and save it as .xlsx.",
    }
)


def kind_of(name: str) -> str:
    """Return the kind of the file called `name`; raises `UnreadableDocument` for an unsupported suffix."""
    suffix = Path(name).suffix.lower()
    if suffix in KINDS:
        return KINDS[suffix]
    cure = INSTEAD.get(suffix, USUAL.capitalize())
    if suffix in ARCHIVES:
        cure = "Unpack it, and hand in the files or a folder of them. A .zip may hold files, but no other archive."
    raise UnreadableDocument(f"Files ending in {suffix or 'nothing'} cannot be read. {cure}")


def load(path: Path, kind: str, note: Note = lambda: None, languages: Sequence[str] = ()) -> ParsedDocument:
    """Return what the file holds; `kind` is a value of `KINDS`. Raises `UnreadableDocument`.

    `note` is called now and then while a scan is read, which may take minutes. `languages` are those that pictures
    are in, as tesseract names them, where somebody said which.
    """
    data = _read_bytes(path)
    _refuse_other_formats(data, kind)
    return SLOW_READERS[kind](data, Scanner(note, languages)) if kind in SLOW_READERS else READERS[kind](data)


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
    if seems not in SEEN_AS.get(kind, signatures.TEXTS):
        named = {"text": "text", "markdown": "markdown", "image": "a picture"}.get(kind, kind.upper())
        cure = signatures.CURES.get(seems, f"Give it the right extension, or {USUAL}")
        raise UnreadableDocument(f"This file is named like {named} but seems to be {seems}. {cure}")
