"""One document, opened: where it stands, its tags, its versions, and what it says, as HTML."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

from admin.service.library import OpenedDocument
from admin.ui import words
from admin.ui.changes import citations
from admin.ui.listing import LONGEST_TAGS
from admin.ui.markup import attributes, button, health, moment, status, version_status
from admin.ui.reading import reading
from chat.store.catalogue import Line
from chat.store.tables import DocumentVersion
from chat.ui.kit import icon_button


def document(opened: OpenedDocument, changes: str = "") -> str:
    """The whole page of a document. `changes`, where given, is HTML that stands in place of the text."""
    line, shown = opened.line, opened.shown
    title = escape(line.title)
    # Those of the version that is shown, which need not be the one that answers.
    concerns = replace(opened.health, warnings=opened.warnings)
    return (
        f'<article aria-label="{title}" data-id="{line.document_id}" data-number="{shown.number}"><header><div>'
        f"<h2>{title}</h2><p>{_about(line)}</p></div>{icon_button('close', words.CLOSE)}</header>"
        f'<div class="scroll"><div class="standing">{status(line)}{_acts(opened)}</div>{health(concerns)}'
        f"{_tags(opened)}{_undo(opened)}{_versions(opened)}{changes or reading(opened)}{citations(opened)}"
        f"</div></article>"
    )


def _about(line: Line) -> str:
    language = words.LANGUAGES.get(line.language or "", line.language)
    owner = words.OF_OWNER.format(line.owner) if line.owner else None
    return " · ".join(escape(part) for part in (line.collection, line.source, language, owner) if part)


def _acts(opened: OpenedDocument) -> str:
    line = opened.line
    if not opened.may_curate:
        return ""
    draft = next((v for v in opened.versions if v.draft and v.status == "ready"), None)
    publish = _publish(line, draft) if draft else ""
    retry = button(words.RETRY, "retry", id=line.document_id) if line.status == "failed" else ""
    cancel = button(words.CANCEL, "cancel", id=line.document_id) if line.status in ("queued", "processing") else ""
    again = "" if line.status in ("queued", "processing") else button(
        words.READ_AGAIN, "reread", looks="quiet", ids=line.document_id, action=words.READ_AGAIN,
        question=words.READ_AGAIN_QUESTION.format(line.title), warning=words.READ_AGAIN_WARNING,
    )  # fmt: skip
    used = opened.used
    cited = words.DELETE_CITED.format(words.count(used.answers, "answer")) if used.answers else ""
    delete = button(
        words.DELETE, "remove", looks="quiet", ids=line.document_id, action=words.DELETE, danger=1,
        question=words.DELETE_QUESTION.format(line.title), warning=f"{words.DELETE_WARNING} {cited}".strip(),
    )  # fmt: skip
    return f'<span class="acts">{publish}{cancel}{retry}{again}{delete}</span>'


def _publish(line: Line, draft: DocumentVersion) -> str:
    instead = words.PUBLISH_INSTEAD.format(line.live) if line.live else words.PUBLISH_FIRST
    return button(
        words.PUBLISH, "publish", looks="go", id=line.document_id, number=draft.number, action=words.PUBLISH,
        question=words.PUBLISH_QUESTION.format(draft.number), warning=instead,
    )  # fmt: skip


def _tags(opened: OpenedDocument) -> str:
    """The document's tags and, for who may change it, ways to take each off and to add some."""
    line = opened.line
    if not opened.may_curate:
        return f'<div class="tags">{"".join(map(_tag, line.tags))}</div>' if line.tags else ""
    known = "".join(
        f'<span class="tag">{escape(tag)}'
        f'<button type="button" aria-label="{escape(words.UNTAG.format(tag))}"'
        f"{attributes(event='tag', ids=line.document_id, drop=tag)}>×</button></span>"
        for tag in line.tags
    )
    more = button(
        words.ADD_TAG, "tag", ids=line.document_id, question=words.TAG_QUESTION, warning=words.TAG_WARNING,
        field=words.TAGS, action=words.TAG, longest=LONGEST_TAGS,
    )  # fmt: skip
    return f'<div class="tags">{known}{more}</div>'


def _tag(tag: str) -> str:
    return f'<span class="tag">{escape(tag)}</span>'


def _undo(opened: OpenedDocument) -> str:
    """The way back from the edit that answers now, for who may change the document."""
    newest, *older = opened.versions
    before = next((version for version in older if version.status == "ready"), None)
    if not (opened.may_curate and newest.live and newest.note and before):
        return ""
    back = button(words.UNDO, "rollback", id=newest.document_id, number=before.number)
    said = words.EDITED.format(newest.number, escape(newest.note))
    return f'<p class="undo acts" role="status"><span>{said}</span>{back}</p>'


def _versions(opened: OpenedDocument) -> str:
    head = "".join(f"<th>{name}</th>" for name in words.VERSION_COLUMNS)
    readable = [version.number for version in opened.versions if version.status == "ready"]
    rows = "".join(
        _version(version, opened.shown.number, readable, may_curate=opened.may_curate) for version in opened.versions
    )
    table = f'<table class="versions"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f"<div><h3>{words.VERSIONS}</h3>{table}</div>"


def _version(version: DocumentVersion, shown: int, readable: Sequence[int], *, may_curate: bool) -> str:
    which: dict[str, Any] = {"id": version.document_id, "number": version.number}
    can_answer = may_curate and version.status == "ready" and not version.live and not version.draft
    roll_back = button(words.ROLL_BACK, "rollback", **which) if can_answer else ""
    answers = f"<b>{words.ANSWERS}</b>" if version.live else roll_back
    error = f'<p class="why">{escape(version.error)}</p>' if version.error else ""
    note = f"<small>{escape(version.note)}</small>" if version.note else ""
    here = ' aria-current="true"' if version.number == shown else ""
    return (
        f"<tr{here}><td>{version.number}</td>"
        f"<td>{version_status(version.status, version.progress, draft=version.draft)}{note}{error}</td>"
        f"<td>{answers}</td><td>{moment(version.created_at)}</td><td>{words.size(version.size)}</td>"
        f'<td class="acts">{_looks(version, shown, readable)}</td></tr>'
    )


def _looks(version: DocumentVersion, shown: int, readable: Sequence[int]) -> str:
    """The ways to look at a version: its text, and what it changed."""
    which: dict[str, Any] = {"id": version.document_id, "number": version.number}
    if version.number not in readable:
        return ""
    read = "" if version.number == shown else button(words.READ, "show", **which)
    before = next((number for number in readable if number < version.number), None)
    return read + (button(words.CHANGES, "compare", before=before, **which) if before else "")
