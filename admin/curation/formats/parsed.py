"""What reading a file ends with: its text and what is known of it, or words that say why there is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from admin.curation.formats.text import guess_language, normalise
from chat.errors import AppError

MAX_CHARS = 20_000_000
# Titles that a program made up.
NO_TITLE = re.compile(
    r"untitled|unspecified|unknown|\(.*\)|document\d*|presentation\d*|powerpoint presentation|book\d*|"
    r"microsoft word - .*|.*\.\w{2,5}",
    re.IGNORECASE,
)


class UnreadableDocument(AppError):  # noqa: N818  (it is the document that is at fault)
    """A file that no text can be taken from; the message says why and what to do."""


@dataclass(frozen=True)
class ParsedDocument:
    """The normalised text of a document, the title it states, and the offset at which each page starts."""

    text: str
    title: str | None = None
    page_starts: list[int] = field(default_factory=list)
    language: str | None = None
    warnings: list[str] = field(default_factory=list)
    """What of it could not be read or was left out: sentences for people."""


def document(text: str, title: str | None = None, warnings: Sequence[str] = ()) -> ParsedDocument:
    """Return the document that `text` is, in normal form. Raises `UnreadableDocument` for none and for too much."""
    _refuse_length(len(text))
    return _checked(normalise(text), title, [], warnings)


def paged_document(pages: Sequence[str], title: str | None = None, warnings: Sequence[str] = ()) -> ParsedDocument:
    """Return the document that has those pages; one without text starts where the next does."""
    _refuse_length(sum(map(len, pages)))
    pages = [normalise(page).strip() for page in pages]
    text = "\n\n".join(page for page in pages if page)
    starts, position = [], 0
    for page in pages:
        starts.append(min(position, len(text)))
        position += len(page) + len("\n\n") if page else 0
    return _checked(text, title, starts, warnings)


def stated(title: str | None) -> str | None:
    """Return a title in one line, or None for one that is empty or that a program made up."""
    title = " ".join(normalise(title or "").split())[:200]
    return None if not title or NO_TITLE.fullmatch(title) else title


def _checked(text: str, title: str | None, page_starts: list[int], warnings: Sequence[str]) -> ParsedDocument:
    _refuse_length(len(text))
    if not text.strip():
        raise UnreadableDocument("This file holds no text, only blanks. Check that it is the right one.")
    return ParsedDocument(text, stated(title), page_starts, guess_language(text), [*map(normalise, warnings)])


def _refuse_length(length: int) -> None:
    if length > MAX_CHARS:
        raise UnreadableDocument(
            f"This file holds {length / 1e6:.1f} million characters; the limit is 20 million. Split it."
        )
