"""EPUB books: their chapters are web pages, in the order of the book's spine."""

import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from admin.curation.formats.packages import DUBLIN_CORE, package, xml
from admin.curation.formats.parsed import MAX_CHARS, ParsedDocument, UnreadableDocument, document
from admin.curation.formats.text import decode
from admin.curation.formats.web import seen, soup_of

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def read_epub(data: bytes) -> ParsedDocument:
    """Return the chapters as Markdown. Raises `UnreadableDocument` for a book with copy protection."""
    with package(data, "book", "Download it again.") as archive:
        roots = [each for each in xml(archive, CONTAINER).iter() if each.tag.endswith("rootfile")]
        opf = roots[0].attrib["full-path"]
        book = xml(archive, opf)
        chapters = list(_chapters(book, posixpath.dirname(opf)))
        _refuse_protection(archive, chapters)
        parts, left = [], MAX_CHARS
        for name in chapters:
            parts.append(_chapter(archive.read(name)))
            left -= len(parts[-1])
            if left < 0:  # said to be too long when they are joined
                break
        title = next((element.text for element in book.iter(f"{DUBLIN_CORE}title")), None)
    return document("\n\n".join(parts), title)


def _chapter(data: bytes) -> str:
    soup = soup_of(decode(data))
    if soup.title:
        soup.title.decompose()
    return seen(soup)


def _chapters(book: ElementTree.Element, folder: str) -> Iterator[str]:
    """Yield the names of the parts that are read, one after the other."""
    items = {element.get("id"): element for element in book.iter() if element.tag.endswith("}item")}
    for reference in book.iter():
        item = items.get(reference.get("idref")) if reference.tag.endswith("}itemref") else None
        if item is not None and item.get("media-type") in PAGES:
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _refuse_protection(archive: zipfile.ZipFile, chapters: list[str]) -> None:
    """Refuse a book whose chapters are encrypted; one that hides only its fonts can be read."""
    if ENCRYPTION not in archive.namelist():
        return
    encrypted = {unquote(element.get("URI", "")) for element in xml(archive, ENCRYPTION).iter()}
    if encrypted & set(chapters):
        raise UnreadableDocument("This book is copy-protected. Use a copy without protection.")
