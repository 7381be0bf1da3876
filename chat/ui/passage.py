"""A cited passage where it stands in its document: the whole text of that version, the span marked."""

import re
from html import escape
from typing import Protocol

from chat.rag.answer import Citation, Source
from chat.ui import words
from chat.ui.kit import icon_button

HEADING = re.compile(r"^(#{1,6} )(.+)$", re.MULTILINE)


class Passage(Protocol):
    """A span of a document version, and the text it stands in. Offsets are characters."""

    @property
    def document(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def newest(self) -> bool: ...
    @property
    def page(self) -> int | None: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def text(self) -> str: ...


def opened(passage: Passage) -> str:
    """The passage in its document, as HTML."""
    before, span, after = (
        passage.text[: passage.start],
        passage.text[passage.start : passage.end],
        passage.text[passage.end :],
    )
    note = "" if passage.newest else words.NEWER_VERSION
    text = f'{_lines(before)}<mark tabindex="-1">{_lines(span)}</mark>{_lines(after)}'
    return _panel(passage.document, _place(passage.version, passage.page), note, text)


def deleted(kept: Citation | Source | None) -> str:
    """What is left of a passage whose document was deleted: the words that were kept with the answer, as HTML."""
    if kept is None:
        return _panel(words.PASSAGE, "", words.DELETED, "")
    quote = kept.quote if isinstance(kept, Citation) else kept.text
    return _panel(kept.document, _place(kept.version, kept.page), words.DELETED, f"<mark>{escape(quote)}</mark>")


def _place(version: int, page: int | None) -> str:
    parts = [words.VERSION.format(version), words.PAGE.format(page) if page else ""]
    return " · ".join(part for part in parts if part)


def _panel(title: str, place: str, note: str, text: str) -> str:
    remark = f'<p class="note" role="note">{note}</p>' if note else ""
    return (
        f'<article aria-label="{words.PASSAGE}"><header><div><h2>{escape(title)}</h2><p>{place}</p></div>'
        f"{icon_button('close', words.CLOSE)}</header>"
        f'{remark}<div class="text" tabindex="0">{text}</div></article>'
    )


def _lines(text: str) -> str:
    return HEADING.sub(r'<span class="hash">\1</span><b>\2</b>', escape(text))
