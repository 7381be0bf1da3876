"""The text of a document's version beside its chunks, as HTML, and what can be done with a chunk."""

from html import escape
from typing import Any

from admin.service.library import CHUNKS_SHOWN, OpenedDocument
from admin.ui import words
from admin.ui.markup import attributes, button
from chat.store.catalogue import Excerpt
from chat.store.tables import Chunk, DocumentVersion


def reading(opened: OpenedDocument) -> str:
    """The text and, beside it, the chunks; the script marks the chosen one in the text."""
    excerpt, shown = opened.excerpt, opened.shown
    if excerpt is None:
        return f'<p class="hint">{words.NO_TEXT}</p>'
    changeable = _changeable(opened)
    chunks = "".join(
        _chunk(chunk, excerpt, shown, marked=chunk.ordinal == opened.marked, changeable=changeable)
        for chunk in excerpt.chunks
    )
    of_version = "" if shown.live else f" {words.OF_VERSION.format(shown.number)}"
    return (
        f'<div class="sides"><section><h3>{words.TEXT}{of_version}</h3>'
        f'<div class="text" tabindex="0">{escape(excerpt.text)}</div></section>'
        f"<section><h3>{words.CHUNKS}</h3>{_window(opened, excerpt)}<ol>{chunks}</ol></section></div>"
    )


def _changeable(opened: OpenedDocument) -> bool:
    """Whether the shown version may be edited now: nothing else is under way, and it answers or is a draft."""
    return (
        opened.may_curate
        and opened.line.status not in ("queued", "processing")
        and (opened.shown.live or opened.shown.draft)
    )


def _window(opened: OpenedDocument, excerpt: Excerpt) -> str:
    """Which of the chunks these are, the way to the others, and what can be done."""
    shown, hint = opened.shown, ""
    if opened.may_curate:
        hint = f'<p class="hint">{words.CHUNK_HINT if _changeable(opened) else words.CHUNK_HINT_OLD}</p>'
    if len(excerpt.chunks) == excerpt.total:
        return hint
    first, last = excerpt.first, excerpt.first + len(excerpt.chunks)
    where: dict[str, Any] = {"id": shown.document_id, "number": shown.number}
    before = button(words.PREVIOUS, "window", first=max(first - CHUNKS_SHOWN, 0), **where) if first else ""
    after = button(words.NEXT, "window", first=last, **where) if last < excerpt.total else ""
    said = words.CHUNKS_RANGE.format(first + 1, last, excerpt.total)
    return f'{hint}<p class="paging"><span>{said}</span>{before}{after}</p>'


def _chunk(chunk: Chunk, excerpt: Excerpt, shown: DocumentVersion, *, marked: bool, changeable: bool) -> str:
    page = f"<small>{words.PAGE.format(chunk.page)}</small>" if chunk.page else ""
    span = attributes(begin=chunk.start_char - excerpt.start, end=chunk.end_char - excerpt.start, ordinal=chunk.ordinal)
    here = ' aria-current="true"' if marked else ""
    off = f'<small class="off">{words.DISABLED}</small>' if chunk.disabled else ""
    length = f"<small>{words.count(chunk.end_char - chunk.start_char, 'character')}</small>"
    acts = _acts(chunk, shown, last=chunk.ordinal + 1 == excerpt.total) if changeable else ""
    return (
        f'<li><button type="button" class="chunk{" disabled" if chunk.disabled else ""}"{here}{span}>'
        f"<b>{chunk.ordinal + 1}</b><span>{escape(chunk.section) or words.BEGINNING}</span>{off}{page}{length}</button>"
        f"{acts}</li>"
    )


def _acts(chunk: Chunk, shown: DocumentVersion, *, last: bool) -> str:
    """What can be done with the chunk; shown under the one that is picked."""
    which: dict[str, Any] = {"id": shown.document_id, "number": shown.number, "ordinal": chunk.ordinal}
    where = chunk.ordinal + 1
    edit = (
        f'<button type="button" class="edit" aria-label="{words.EDIT_CHUNK.format(where)}"'
        f"{attributes(**which, question=words.EDIT_CHUNK.format(where), **words.EDITOR)}>{words.EDIT}</button>"
    )
    merge = "" if last else button(words.MERGE, "merge", label=words.MERGE_CHUNK.format(where, where + 1), **which)
    if chunk.disabled:
        switch = button(words.ENABLE, "switch", label=words.ENABLE_CHUNK.format(where), disabled=0, **which)
    else:
        switch = button(words.DISABLE, "switch", label=words.DISABLE_CHUNK.format(where), disabled=1, **which)
    return f'<div class="acts">{edit}{merge}{switch}</div>'
