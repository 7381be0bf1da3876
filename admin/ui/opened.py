"""One document, opened: its versions, and the text that answers beside its chunks, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.service.library import CHUNKS_SHOWN, OpenedDocument
from admin.ui import words
from admin.ui.markup import attributes, button, moment, status, version_status
from chat.store.catalogue import Excerpt, Line
from chat.store.tables import Chunk, DocumentVersion
from chat.ui.kit import icon_button


def document(opened: OpenedDocument) -> str:
    """The whole page of a document."""
    line = opened.line
    title, about = escape(line.title), f"{escape(line.collection)} · {escape(line.source)}"
    text = _reading(opened.excerpt, line.document_id, opened.marked) if opened.excerpt else f"<p>{words.NO_TEXT}</p>"
    return (
        f'<article aria-label="{title}" data-id="{line.document_id}"><header><div><h2>{title}</h2>'
        f"<p>{about}</p></div>{icon_button('close', words.CLOSE)}</header>"
        f'<div class="scroll"><div class="standing">{status(line)}{_acts(line)}</div>'
        f"{_versions(opened.versions, line.document_id)}{text}</div></article>"
    )


def _acts(line: Line) -> str:
    retry = button(words.RETRY, "retry", id=line.document_id) if line.status == "failed" else ""
    delete = button(
        words.DELETE, "remove", looks="quiet", ids=line.document_id, action=words.DELETE, danger=1,
        question=words.DELETE_QUESTION.format(line.title), warning=words.DELETE_WARNING,
    )  # fmt: skip
    return f'<span class="acts">{retry}{delete}</span>'


def _versions(versions: Sequence[DocumentVersion], document_id: int) -> str:
    head = "".join(f"<th>{name}</th>" for name in words.VERSION_COLUMNS)
    rows = "".join(_version(version, document_id) for version in versions)
    table = f'<table class="versions"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f"<h3>{words.VERSIONS}</h3>{table}"


def _version(version: DocumentVersion, document_id: int) -> str:
    can_answer = version.status == "ready" and not version.live
    roll_back = button(words.ROLL_BACK, "rollback", id=document_id, number=version.number) if can_answer else ""
    answers = f"<b>{words.ANSWERS}</b>" if version.live else roll_back
    error = f'<p class="why">{escape(version.error)}</p>' if version.error else ""
    return (
        f"<tr><td>{version.number}</td><td>{version_status(version.status, version.progress)}{error}</td>"
        f"<td>{answers}</td><td>{moment(version.created_at)}</td><td>{words.size(version.size)}</td></tr>"
    )


def _reading(excerpt: Excerpt, document_id: int, marked: int | None) -> str:
    """The text and, beside it, the chunks; the script marks the chosen one in the text."""
    chunks = "".join(_chunk(chunk, excerpt.start, chunk.ordinal == marked) for chunk in excerpt.chunks)
    return (
        f'<div class="sides"><section><h3>{words.TEXT}</h3>'
        f'<div class="text" tabindex="0">{escape(excerpt.text)}</div></section>'
        f"<section><h3>{words.CHUNKS}</h3>{_window(excerpt, document_id)}<ol>{chunks}</ol></section></div>"
    )


def _window(excerpt: Excerpt, document_id: int) -> str:
    """Which of the chunks these are, and the way to the others."""
    first, last = excerpt.first, excerpt.first + len(excerpt.chunks)
    if len(excerpt.chunks) == excerpt.total:
        return f'<p class="hint">{words.CHUNK_HINT}</p>'
    earlier = max(first - CHUNKS_SHOWN, 0)
    before = button(words.PREVIOUS, "window", id=document_id, first=earlier) if first else ""
    after = button(words.NEXT, "window", id=document_id, first=last) if last < excerpt.total else ""
    said = words.CHUNKS_RANGE.format(first + 1, last, excerpt.total)
    return f'<p class="paging"><span>{said}</span>{before}{after}</p>'


def _chunk(chunk: Chunk, start: int, marked: bool) -> str:
    page = f"<small>{words.PAGE.format(chunk.page)}</small>" if chunk.page else ""
    span = attributes(begin=chunk.start_char - start, end=chunk.end_char - start)
    here = ' aria-current="true"' if marked else ""
    section = escape(chunk.section) or words.BEGINNING
    length = f"<small>{words.count(chunk.end_char - chunk.start_char, 'character')}</small>"
    return (
        f'<li><button type="button" class="chunk"{here}{span}><b>{chunk.ordinal + 1}</b>'
        f"<span>{section}</span>{page}{length}</button></li>"
    )
