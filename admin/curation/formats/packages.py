"""Office files and books are zip archives of XML: what has to be looked at before any of it is unpacked or parsed."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from admin.curation.formats.parsed import UnreadableDocument

MEGABYTE = 1_000_000
MAX_UNPACKED = 200 * MEGABYTE
MAX_RATIO = 300  # of unpacked to packed; office files stay below 100
MAX_PARTS = 50_000
# What the readers of such files raise when a part is not as it should be. RuntimeError stands for an encrypted part,
# an unknown compression and a nesting too deep for Python.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ExpatError,
    SyntaxError,  # of XML: both ElementTree's and lxml's are of this kind
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    ValueError,
    RuntimeError,
)
BINARY = (".bin", ".jpeg", ".png")  # printers' settings may be XML of their own, which nobody parses here
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


@contextmanager
def office_package(data: bytes, what: str) -> Iterator[zipfile.ZipFile]:
    """Open the archive that an Office file is, none of whose parts declares a document type."""
    with package(data, what, f"Open the {what} in its program and save it again.") as archive:
        for name in archive.namelist():
            if "/media/" not in name and not name.endswith(BINARY):
                _refuse_entities(archive.read(name))
        yield archive


@contextmanager
def package(data: bytes, what: str, cure: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive; what goes wrong inside is told as damage to `what`, with its `cure`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bomb(archive, len(data), what)
            yield archive
    except UnreadableDocument:
        raise
    except DAMAGED as error:
        raise UnreadableDocument(f"This {what} is cut off or damaged. {cure}") from error


def core_title(archive: zipfile.ZipFile) -> str | None:
    """Return the title in the properties of an Office document."""
    if "docProps/core.xml" not in archive.namelist():
        return None
    return xml(archive, "docProps/core.xml").findtext(f"{DUBLIN_CORE}title")


def xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Return the root of a part. Raises `UnreadableDocument` for one that declares a document type."""
    part = archive.read(name)
    _refuse_entities(part)
    return ElementTree.fromstring(part)  # noqa: S314  (no document type in it)


def _refuse_bomb(archive: zipfile.ZipFile, packed: int, what: str) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED or (unpacked > MAX_UNPACKED / 10 and unpacked > MAX_RATIO * packed):
        raise UnreadableDocument(
            f"This {what} unpacks to {unpacked / MEGABYTE:.0f} MB; the limit is "
            f"{MAX_UNPACKED // MEGABYTE} MB, and {MAX_RATIO} times its size. Split it."
        )
    if len(archive.infolist()) > MAX_PARTS:
        raise UnreadableDocument(f"This {what} has more than {MAX_PARTS:,} parts. Save it again, or split it.")


def _refuse_entities(part: bytes) -> None:
    """Refuse a document type: no program writes one here, and its entities can grow without end or name other files."""
    # Zeroes out, so that UTF-16 hides nothing.
    if b"<!DOCTYPE" in part.replace(b"\0", b""):
        raise UnreadableDocument(
            "This file declares XML entities, which the program that it comes from never does. Save it there again."
        )
