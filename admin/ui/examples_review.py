"""One training example under review, with all that a decision takes beside it, as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from admin.curation.documents.difference import compare
from admin.service.examples import OpenedExample
from admin.training.findings import Finding
from admin.ui import examples_words as words
from admin.ui import words as page_words
from admin.ui.changes import changed_line
from admin.ui.examples_list import stale, status
from admin.ui.markup import attributes, button, empty, moment
from admin.ui.words import count
from chat.store.example_listing import Review, Version
from chat.store.examples import Place, Wording
from chat.ui.kit import icon_button


@dataclass(frozen=True)
class Round:
    """The examples that are gone through, in order, and the place of the one that is shown; nothing where none is."""

    ids: Sequence[int] = ()
    at: int = 0

    @property
    def shown(self) -> int | None:
        return self.ids[self.at] if self.at < len(self.ids) else None


def page(opened: OpenedExample, now: Round, left: int) -> str:
    """The example, and the ways to decide about it."""
    wording = opened.kept.wording
    said = f'<section class="said">{_conversation(wording)}{_form(opened)}</section>'
    return (
        f"<article{attributes(id=opened.kept.id)}>{_header(opened, now, left)}"
        f'<div class="scroll"><div class="sides">{said}'
        f"<aside>{_standing(opened)}{_room()}{_sources(wording.sources)}</aside></div>"
        f"{_passages(wording)}{_history(opened.versions)}{_keys()}</div>{_acts(opened, now)}</article>"
    )


def done(decided: int) -> str:
    """What is shown when nothing is left to decide."""
    said = empty(words.DONE, escape(words.DONE_HINT.format(count(decided, "example"))))
    back = button(words.BACK, "shut", looks="go")
    undo = _key_button(words.UNDO, "undo", "u")
    return f'<article class="done">{said}<div class="acts">{undo}{back}</div></article>'


def findings(found: Sequence[Finding]) -> str:
    """What the checks say of the example."""
    items = "".join(f"<li>{escape(each.what)}{_standing_of(each)}</li>" for each in found)
    said = f"<ul>{items}</ul>" if items else f"<p>{words.CHECKS_FINE}</p>"
    return f"<h3>{words.CHECKS}</h3>{said}"


def _room() -> str:
    """Where the checks will say what they find; they take longer than the example."""
    return f'<div class="room"><h3>{words.CHECKS}</h3><p role="status">{words.CHECKING}</p></div>'


def _standing_of(finding: Finding) -> str:
    if finding.accepted is not None:
        return f" <small>{words.CHECKS_ACCEPTED}</small>"
    return f' <small class="blocks">{words.CHECKS_BLOCK}</small>' if finding.blocks else ""


def _header(opened: OpenedExample, now: Round, left: int) -> str:
    progress = (
        f'<progress max="{len(now.ids)}" value="{len(now.ids) - left}" aria-hidden="true"></progress>'
        f'<span role="status">{words.LEFT.format(left, len(now.ids))}</span>'
    )
    close = icon_button("close", words.BACK).replace("<button", f"<button{attributes(event='shut')}", 1)
    name = f"<b>{escape(opened.collection)}</b> · {escape(opened.kept.key)}"
    return f'<header><p class="where">{name}</p><p class="left">{progress}</p>{close}</header>'


def _conversation(wording: Wording) -> str:
    before = "".join(
        f"<p><b>{words.ROLES.get(str(turn['role']), escape(str(turn['role'])))}</b> {escape(str(turn['content']))}</p>"
        for turn in wording.prompt[:-1]
    )
    earlier = f"<details><summary>{words.BEFORE}</summary>{before}</details>" if before else ""
    worse = f'<h3>{words.WORSE}</h3><p class="worse">{escape(wording.rejected)}</p>' if wording.rejected else ""
    return (
        f'<div class="wording">{earlier}<h3>{words.QUESTION}</h3><p class="question">{escape(wording.question)}</p>'
        f'<h3>{words.ANSWER}</h3><p class="answer">{escape(wording.completion)}</p>{worse}</div>'
    )


def _form(opened: OpenedExample) -> str:
    """The fields to word it anew, shown when they are asked for."""
    wording = opened.kept.wording
    worse = _field(words.WORSE, "rejected", wording.rejected) if wording.rejected is not None else ""
    return (
        f"<form hidden{attributes(id=opened.kept.id, sends='edit')}>"
        f"{_field(words.QUESTION, 'question', wording.question, 2)}"
        f"{_field(words.ANSWER, 'answer', wording.completion)}{worse}"
        f'<label>{words.NOTE}<input name="note" maxlength="300"></label>'
        f'<div class="acts"><button type="button" class="cancel">{words.CANCEL}</button>'
        f'<button class="go">{words.SAVE}</button></div></form>'
    )


def _field(label: str, name: str, text: str, rows: int = 4) -> str:
    # A line break right behind the tag is not part of the text, so that one is not lost.
    return f'<label>{label}<textarea name="{name}" rows="{rows}" required>\n{escape(text)}</textarea></label>'


def _standing(opened: OpenedExample) -> str:
    kept = opened.kept
    note = "" if kept.wording.answerable else f"<p>{words.NOT_ANSWERABLE}</p>"
    learned = f"<h3>{words.ADAPTERS}</h3><p>{escape(', '.join(opened.adapters))}</p>" if opened.adapters else ""
    origin = words.ORIGINS[kept.origin]
    return (
        f'<p class="standing">{status(kept.state)} <small>{origin}, {words.VERSION_OF.format(kept.number)}</small></p>'
        f"{note}{stale(opened.stale)}{learned}"
    )


def _sources(places: Sequence[Place]) -> str:
    items = "".join(f"<li>{_source(place)}</li>" for place in places) or f"<li>{words.NO_SOURCES}</li>"
    return f'<h3>{words.SOURCES}</h3><ul class="sources">{items}</ul>'


def _source(place: Place) -> str:
    quote = f"<blockquote>{escape(place.quote)}</blockquote>" if place.quote else ""
    version = f" <small>{words.VERSION_OF.format(place.version)}</small>" if place.version else ""
    if place.document_id is None:
        return f"{escape(place.document)}{version}{quote}"
    link = button(place.document, "open", looks="title", id=place.document_id, number=place.version)
    return f"{link}{version}{quote}"


def _passages(wording: Wording) -> str:
    items = "".join(
        f"<li><p><b>{escape(str(each['document']))}</b> <small>{escape(str(each.get('section', '')))}</small></p>"
        f"<p>{escape(str(each['text']))}</p></li>"
        for each in wording.passages
    )
    if not items:
        return ""
    said = f"{words.PASSAGES} <small>{len(wording.passages)}</small>"
    return f'<details class="passages" open><summary>{said}</summary><ol>{items}</ol></details>'


def _history(versions: Sequence[Version]) -> str:
    """Each version with what changed since the one before, and what reviewers said of it."""
    before = {version.number + 1: version for version in versions}
    items = "".join(_version(version, before.get(version.number)) for version in versions)
    summary = f"<summary>{words.HISTORY} <small>{len(versions)}</small></summary>"
    return f'<details class="history">{summary}<ol>{items}</ol></details>'


def _version(version: Version, before: Version | None) -> str:
    made = words.MADE.format(version.number, escape(version.person or page_words.UNKNOWN), moment(version.made_at))
    note = f"<p>{escape(version.note)}</p>" if version.note else ""
    reviews = "".join(f"<p>{_reviewed(review)}</p>" for review in version.reviews)
    return f"<li><p><b>{made}</b></p>{note}{_difference(version, before)}{reviews}</li>"


def _reviewed(review: Review) -> str:
    own = f" <small>({words.OWN})</small>" if review.own else ""
    name = escape(review.person or page_words.UNKNOWN)
    said = words.REVIEWED.format(status(review.state), name + own, moment(review.at))
    return f"{said}{': ' + escape(review.reason) if review.reason else ''}"


def _difference(version: Version, before: Version | None) -> str:
    if before is None:
        return ""
    lines = compare(_as_text(before.wording), _as_text(version.wording)).lines
    return f'<div class="diff">{"".join(map(changed_line, lines))}</div>'


def _as_text(wording: Wording) -> str:
    worse = [f"{words.WORSE}:", wording.rejected] if wording.rejected else []
    return "\n".join([f"{words.QUESTION}:", wording.question, f"{words.ANSWER}:", wording.completion, *worse])


def _acts(opened: OpenedExample, now: Round) -> str:
    example_id = opened.kept.id
    edges = [
        _key_button(page_words.PREVIOUS, "step", "k", to=now.at - 1) if now.at else "",
        _key_button(page_words.NEXT, "step", "j", to=now.at + 1) if now.at + 1 < len(now.ids) else "",
    ]
    reject = _key_button(
        words.REJECT, "reject", "r", id=example_id, question=words.REJECT_QUESTION, warning=words.REJECT_WARNING,
        field=words.REASON, action=words.REJECT, longest=300,
    )  # fmt: skip
    work = _key_button(
        words.WORK, "work", "w", id=example_id, question=words.WORK_QUESTION, warning=words.WORK_WARNING,
        field=words.REASON, action=words.WORK, longest=300,
    )  # fmt: skip
    approve = _key_button(words.APPROVE, "approve", "a", looks="go", id=example_id)
    edit = f'<button type="button" class="edit" data-key="e">{words.EDIT} <kbd>e</kbd></button>'
    undo = _key_button(words.UNDO, "undo", "u", looks="quiet")
    return f'<footer class="acts">{"".join(edges)}<span></span>{undo}{edit}{work}{reject}{approve}</footer>'


def _key_button(shown: str, event: str, key: str, *, looks: str = "", **data: Any) -> str:
    made = button(shown, event, looks=looks, key=key, **data)
    return made.replace("</button>", f' <kbd aria-hidden="true">{key}</kbd></button>')


def _keys() -> str:
    rows = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{does}</dd>" for key, does in words.KEYS)
    return f'<details class="keys"><summary>{words.KEYS_TITLE} <kbd>?</kbd></summary><dl>{rows}</dl></details>'
