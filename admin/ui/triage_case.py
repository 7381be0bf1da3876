"""One bad answer: what was asked, answered and said of it, where it went wrong, and the cures, as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

from admin.service.triage import Case
from admin.triage.faults import Cure, Step
from admin.triage.passages import Passage, searched
from admin.ui import triage_words as words
from admin.ui.markup import attributes, button, moment
from admin.ui.triage_view import deed, reasons, state
from chat.store.tables import Citation, TriageState
from chat.ui.kit import icon_button


@dataclass(frozen=True)
class Round:
    """The bad answers that are gone through, in order, and the place of the one shown; nothing where none is."""

    ids: Sequence[UUID] = ()
    at: int = 0

    @property
    def shown(self) -> UUID | None:
        return self.ids[self.at] if self.at < len(self.ids) else None


def page(case: Case, now: Round) -> str:
    """The answer, its way, and what can be done."""
    return (
        f"<article{attributes(id=case.answer.message.id)}>{_header(case, now)}"
        f'<div class="scroll"><div class="sides"><section class="said">{_asked(case)}{_opinion(case)}{_form(case)}'
        f"</section><aside>{_way(case)}{_deeds(case)}</aside></div>{_passages(case)}</div>{_acts(case, now)}</article>"
    )


def _header(case: Case, now: Round) -> str:
    close = icon_button("close", words.BACK).replace("<button", f"<button{attributes(event='shut')}", 1)
    homes = f" · {escape(', '.join(case.homes))}" if case.homes else ""
    standing = state(TriageState(case.answer.feedback.state))
    place = words.POSITION.format(now.at + 1, len(now.ids))
    return (
        f'<header><p class="where"><b>{words.WHERE}</b>{homes}</p>'
        f'<p class="left" role="status">{standing} <span>{place}</span></p>{close}</header>'
    )


def _asked(case: Case) -> str:
    message, question = case.answer.message, case.answer.before[-1].content if case.answer.before else ""
    looked_up = searched(message)
    also = f"<small>{escape(words.SEARCHED.format(looked_up))}</small>" if looked_up not in ("", question) else ""
    cited = "".join(_citation(each) for each in message.citations)
    listed = f'<h3>{words.CITED}</h3><ul class="cited">{cited}</ul>' if cited else ""
    return (
        f'<h3>{words.QUESTION}</h3><p class="question">{escape(question)}</p>{also}'
        f'<h3>{words.ANSWER}</h3><p class="answer">{escape(message.content or words.NO_ANSWER)}</p>{listed}'
    )


def _citation(cited: Citation) -> str:
    link = button(cited.document, "document", looks="title", id=cited.document_id, number=cited.version)
    return (
        f"<li><b>[{cited.marker}]</b> {link} <small>{words.VERSION.format(cited.version)}</small>"
        f"<blockquote>{escape(cited.quote)}</blockquote></li>"
    )


def _opinion(case: Case) -> str:
    said = case.answer.feedback
    tags = reasons(said.reasons) or ("" if said.comment else f"<p>{words.NO_REASON}</p>")
    comment = f"<blockquote>{escape(said.comment)}</blockquote>" if said.comment else ""
    right = f'<p class="right">{escape(said.correction)}</p>' if said.correction else f"<p>{words.NO_CORRECTION}</p>"
    return f"<h3>{words.OPINION}</h3>{tags}{comment}<h3>{words.CORRECTION}</h3>{right}"


def _form(case: Case) -> str:
    """The field for the right answer, shown when it is asked for."""
    home = case.homes[0] if len(case.homes) == 1 else ""
    place = "" if home else f'<label>{words.WRITE_COLLECTION}<input name="collection" required></label>'
    return (
        f"<form hidden{attributes(id=case.answer.message.id, sends='write')}><p>{words.WRITE_HINT}</p>"
        f'<label>{words.WRITE_FIELD}<textarea name="correction" rows="4" required>\n'
        f"{escape(case.answer.feedback.correction)}</textarea></label>{place}"
        f'<div class="acts"><button type="button" class="cancel">{words.CANCEL}</button>'
        f'<button class="go">{words.SAVE}</button></div></form>'
    )


def _way(case: Case) -> str:
    steps = "".join(map(_step, case.way.steps))
    return f'<h3>{words.WAY}</h3><p class="sentence">{escape(case.way.sentence)}</p><ol class="way">{steps}</ol>'


def _step(step: Step) -> str:
    looks = {True: "passed", False: "failed", None: ""}[step.passed]
    sign = f'<i role="img" aria-label="{words.PASSED_WORDS[step.passed]}">{words.PASSED[step.passed]}</i>'
    return f'<li class="{looks}">{sign}<div><b>{step.name}</b><p>{escape(step.said)}</p></div></li>'


def _deeds(case: Case) -> str:
    done = "".join(
        f"<li>{deed(each)}<small>{words.BY.format(escape(str(each.get('by', ''))), _at(each))}</small></li>"
        for each in case.answer.feedback.actions
    )
    return f'<h3>{words.DONE}</h3><ul class="deeds">{done}</ul>' if done else ""


def _at(action: Mapping[str, Any]) -> str:
    """When something was done, as a time of this place."""
    try:
        return moment(datetime.fromisoformat(str(action.get("at"))))
    except ValueError:
        return ""


def _passages(case: Case) -> str:
    """What says it, and what may, each with what can be done about it."""
    bearing, near = case.way.bearing, case.way.nearest
    if not bearing and not near:
        return f'<section class="passages"><p>{words.NO_PASSAGES}</p></section>'
    return _listed(words.BEARING, bearing, case) + _listed(words.NEAREST, near, case)


def _listed(title: str, passages: Sequence[Passage], case: Case) -> str:
    if not passages:
        return ""
    first = case.way.cure is Cure.LABEL
    items = "".join(_passage(each, case, best=first and at == 0) for at, each in enumerate(passages))
    return f'<section class="passages"><h3>{title}</h3><ul>{items}</ul></section>'


def _passage(passage: Passage, case: Case, *, best: bool) -> str:
    held, about = passage.held, {"id": case.answer.message.id}
    open_it = button(held.document, "document", looks="title", id=held.document_id, number=held.version)
    label = ""
    if passage.labelled:
        label = f'<span class="marked">{words.MARKED}</span>'
    elif held.live and searched(case.answer.message):
        label = _act(words.LABEL, "right", words.LABEL_TITLE, "go" if best else "", **about, chunk=held.chunk_id)
    mended = _act(words.MENDED, "mended", words.MENDED_TITLE, "quiet", **about, document=held.document_id)
    return (
        f"<li><p>{open_it} <small>{escape(_where(passage))}</small></p><blockquote>{escape(held.text)}</blockquote>"
        f'<div class="acts">{label}{mended}</div></li>'
    )


def _where(passage: Passage) -> str:
    held = passage.held
    standing = "" if held.live else words.DRAFT if held.draft else words.OUT if held.disabled else words.NOT_LIVE
    today = words.TODAY.format(passage.rank_now) if passage.rank_now else words.NOT_TODAY if held.live else ""
    return " · ".join(part for part in (held.section, words.VERSION.format(held.version), standing, today) if part)


def _act(shown: str, event: str, title: str, looks: str, **data: Any) -> str:
    return button(shown, event, looks=looks, **data).replace("<button", f'<button title="{escape(title)}"', 1)


def _acts(case: Case, now: Round) -> str:
    about = {"id": case.answer.message.id}
    undo = _key(words.UNDO, "undo", "u", **about) if case.answer.feedback.state != TriageState.OPEN else ""
    looks = "edit go" if case.way.cure is Cure.EXAMPLE else "edit"
    write = f'<button type="button" class="{looks}" data-key="e">{words.WRITE} <kbd>e</kbd></button>'
    dismiss = _key(
        words.DISMISS, "dismiss", "d", **about, question=words.DISMISS_QUESTION, warning=words.DISMISS_WARNING,
        field=words.DISMISS_FIELD, action=words.DISMISS, longest=300,
    )  # fmt: skip
    back = _key(words.PREVIOUS, "step", "k", to=now.at - 1) if now.at else ""
    on = _key(words.NEXT, "step", "j", to=now.at + 1) if now.at + 1 < len(now.ids) else ""
    return f"<footer>{write}{dismiss}{undo}<span></span>{back}{on}</footer>"


def _key(shown: str, event: str, key: str, **data: Any) -> str:
    """A button that a key presses as well."""
    made = button(shown, event, **data, key=key)
    return made.replace("</button>", f" <kbd>{key}</kbd></button>")
