"""Web pages: what a reader sees of one, and the title it states."""

import re
import warnings
from typing import TYPE_CHECKING

from admin.curation.formats.markup import to_markdown
from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, document
from admin.curation.formats.text import decode

if TYPE_CHECKING:
    from bs4 import BeautifulSoup


def read_html(data: bytes) -> ParsedDocument:
    """Return a web page as Markdown, titled as it says or by its first heading."""
    charset = re.search(rb"charset=[\"']?([\w-]+)", data[:2048])
    soup = soup_of(decode(data, charset[1].decode() if charset else None))
    said = soup.title.extract().get_text() if soup.title else ""
    text = seen(soup)
    return document(text, said if said.strip() else first_heading(soup))


def soup_of(html: str) -> "BeautifulSoup":
    """Return the page's elements; XHTML is read like HTML, so that no entity of its own means anything."""
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(html, "html.parser")


def seen(soup: "BeautifulSoup") -> str:
    """Return as Markdown what a reader sees of the page; what is hidden is gone from `soup` afterwards."""
    try:
        return to_markdown(soup)
    except RecursionError as error:
        raise UnreadableDocument("This page is nested too deeply. Save it as plain text.") from error


def first_heading(soup: "BeautifulSoup") -> str | None:
    """Return the first heading that a reader sees: hidden elements have to go before this is asked."""
    return soup.h1.get_text(" ") if soup.h1 else None
