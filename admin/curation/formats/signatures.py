"""What a file is by its bytes, whatever its name says."""

import io
import re
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from admin.curation.formats.text import BYTE_ORDER_MARKS

PDF = "a PDF"
WORD = "a Word document"
WORKBOOK = "an Excel workbook"
SLIDES = "a PowerPoint presentation"
BOOK = "an EPUB book"
IMAGES = ("a PNG image", "a JPEG image", "a TIFF image", "a WebP image")
TEXTS = ("text", "a web page")
OLD_OFFICE = "an old or password-protected Office document"
CURES: Mapping[str, str] = MappingProxyType(
    {OLD_OFFICE: "Open it in its program and save it in the new format (.docx, .xlsx, .pptx), without a password."}
)
"""What to do about it, where there is more to say than that the extension is wrong."""
ZIP = b"PK\x03\x04"
SIGNATURES: Mapping[bytes, str] = MappingProxyType(
    {
        b"\xd0\xcf\x11\xe0": OLD_OFFICE,
        b"{\\rtf": "an RTF document",
        b"\x89PNG": IMAGES[0],
        b"\xff\xd8\xff": IMAGES[1],
        b"II*\0": IMAGES[2],
        b"MM\0*": IMAGES[2],
        b"GIF8": "a GIF image",
        b"\x1f\x8b": "a gzip archive",
        b"7z\xbc\xaf": "a 7-Zip archive",
        b"Rar!": "a RAR archive",
        b"\x7fELF": "a program",
    }
)
FOLDERS: Mapping[str, str] = MappingProxyType(
    {"word/": WORD, "xl/": WORKBOOK, "ppt/": SLIDES, "META-INF/container.xml": BOOK}
)
SNIFFED_BYTES = 65_536
CONTROL_SHARE = 0.02  # of the bytes; text has hardly any but tabs and line ends


def seems_to_be(data: bytes) -> str:
    """Return in words what the bytes are."""
    head = data[:SNIFFED_BYTES]
    # Readers accept a PDF that begins a little later than its file does.
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(ZIP):
        return _archive(data)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return IMAGES[3]
    for signature, name in SIGNATURES.items():
        if head.startswith(signature):
            return name
    if not head.startswith(tuple(BYTE_ORDER_MARKS)) and _control_share(head) > CONTROL_SHARE:
        return "binary data"
    return TEXTS[bool(re.match(rb"\W*(<!doctype html|<html)", head, re.IGNORECASE))]


def _archive(data: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return "a cut-off or damaged archive"
    found = (seems for folder, seems in FOLDERS.items() if any(name.startswith(folder) for name in names))
    return next(found, "a zip archive")


def _control_share(head: bytes) -> float:
    control = sum(head.count(code) for code in range(32) if code not in b"\t\n\f\r\x1b")
    return control / max(1, len(head))
