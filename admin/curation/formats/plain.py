"""Texts, and those that mark their headings: Markdown and reStructuredText."""

import re

from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, document
from admin.curation.formats.text import decode
from admin.curation.formats.web import first_heading, seen, soup_of

# Nothing but the text itself is read, nothing in it is run, and no mistake in it ends the reading.
SAFELY = {
    "_disable_config": True,
    "doctitle_xform": False,
    "initial_header_level": 1,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 5,
    "report_level": 3,
    "warning_stream": False,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "line_length_limit": 1_000_000,
}

ROLE = re.compile(r"^:[\w:+.-]+:`~?([^<`]*?)(?:\s*<[^>]*>)?`$")
"""Words in a role that is not known, like Sphinx's `:ref:`."""


def read_text(data: bytes) -> ParsedDocument:
    """Return a plain text; no line of it is taken for a title."""
    return document(decode(data))


def read_markdown(data: bytes) -> ParsedDocument:
    """Return Markdown as it is, titled by its first heading of level 1."""
    text = decode(data)
    fence = None
    for line in text.splitlines():
        if mark := re.match(r" {0,3}(```|~~~)", line):
            fence = mark[1] if fence is None else None if fence == mark[1] else fence
        elif fence is None and line.startswith("# "):
            return document(text, re.sub(r"[*`]|\s#+\s*$", "", line[2:]))
    return document(text)


def read_rst(data: bytes) -> ParsedDocument:
    """Return reStructuredText as Markdown; what a directive that is not known holds stays as it was written."""
    from docutils.core import publish_string
    from docutils.writers.html5_polyglot import Writer

    try:
        page = publish_string(decode(data), writer=Writer(), settings_overrides=SAFELY)
    except RecursionError as error:
        raise UnreadableDocument("This text is nested too deeply. Save it as plain text.") from error
    soup = soup_of(str(page))
    for complaint in soup.select(".system-message"):
        kept = complaint.find("pre")
        complaint.replace_with(*([kept] if kept else []))
    for role in soup.select(".problematic"):
        role.replace_with(ROLE.sub(r"\1", role.get_text()))
    for gone in soup.select("head, style, nav.contents"):
        gone.decompose()
    title = first_heading(soup)
    return document(seen(soup), title)
