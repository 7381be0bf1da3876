"""The bad answers, and the questions that were refused, as HTML."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from admin.service.triage import Overview
from admin.ui import triage_words as words
from admin.ui.markup import attributes, button, day, empty, moment
from admin.ui.words import count
from chat.store.tables import TriageState
from chat.store.triage import WEEKS, Line, Refused


def page(overview: Overview) -> str:
    """The whole tab, or what to do first."""
    if not any(overview.counts.values()) and overview.view.reason is None and overview.view.collection is None:
        return empty(words.EMPTY, escape(words.EMPTY_HINT)) + _refused(overview.refused)
    return _filters(overview) + _listed(overview) + _refused(overview.refused)


def state(which: TriageState) -> str:
    """A state in a sign and a word."""
    sign, word = words.STATES[which]
    return f'<span class="status {which}"><span aria-hidden="true">{sign}</span> {word}</span>'


def reasons(said: Sequence[str]) -> str:
    """Reasons as tags."""
    return "".join(f'<span class="reason">{escape(words.REASONS.get(each, each))}</span>' for each in said)


def deed(action: Mapping[str, Any]) -> str:
    """What was done, in words."""
    said = words.DEEDS.get(str(action.get("kind")), "{}").format(f"“{action.get('label', '')}”")
    return escape(said)


def _filters(overview: Overview) -> str:
    view = overview.view
    states = [
        _choice(f"{words.STATES[each][1]} <small>{number:,}</small>", "stage", each, each is view.state)
        for each, number in overview.counts.items()
    ]
    places = [_choice(words.ALL, "choose", "", view.collection is None)] + [
        _choice(escape(name), "choose", name, name == view.collection) for name in overview.collections
    ]
    why = [_choice(shown, "reason", name, name == (view.reason or "")) for name, shown in words.REASONS.items()]
    several = _group(words.COLLECTIONS, places) if len(overview.collections) > 1 else ""
    return f'<div class="filters">{_group(words.STATE, states)}{several}{_group(words.REASON, why)}</div>'


def _group(label: str, choices: Sequence[str]) -> str:
    return f'<div class="group" role="group" aria-label="{label}">{"".join(choices)}</div>'


def _choice(shown: str, event: str, name: str, chosen: bool) -> str:
    pressed = str(chosen).lower()
    return f'<button type="button" aria-pressed="{pressed}"{attributes(event=event, name=name)}>{shown}</button>'


def _listed(overview: Overview) -> str:
    if not overview.lines:
        return f'<p class="none">{words.NONE_HERE[overview.view.state]}</p>'
    rows = "".join(_line(line) for line in overview.lines)
    head = "".join(f"<th>{title}</th>" for title in words.COLUMNS)
    start = ""
    if overview.view.state is TriageState.OPEN:
        shown = words.START.format(count(len(overview.lines), "answer"))
        start = f'<p class="start">{button(shown, "open", looks="go", id=overview.lines[0].id)}</p>'
    return f"{start}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _line(line: Line) -> str:
    right = f"<small>{escape(words.CORRECTED.format(line.correction))}</small>" if line.correction else ""
    said = f"{reasons(line.reasons)}<span>{escape(line.comment)}</span>{right}"
    deeds = "".join(f"<small>{deed(each)}</small>" for each in line.actions)
    return (
        f'<tr><td class="question">{button(line.question or words.NO_ANSWER, "open", looks="title", id=line.id)}'
        f'<small>{escape(line.answer)}</small></td><td class="said">{said}</td>'
        f'<td class="when">{moment(line.said_at)}</td><td class="done">{state(line.state)}{deeds}</td></tr>'
    )


def _refused(refused: Refused) -> str:
    """How many questions were refused in each week, and which the most."""
    if not refused.total:
        return f'<section class="refused"><h3>{words.REFUSED}</h3><p>{words.REFUSED_NONE.format(WEEKS)}</p></section>'
    most = max(number for _, number in refused.weeks)
    bars = "".join(
        f'<li title="{words.REFUSED_WEEK.format(start, number)}"><b>{number or ""}</b>'
        f'<i style="height:{number / most:.0%}"></i><small>{start:%-d %b}</small></li>'
        for start, number in refused.weeks
    )
    often = "".join(
        f"<li><b>{words.TIMES.format(each.times)}</b><span>{escape(each.question)}</span>"
        f"<small>{words.LAST.format(day(each.last))}</small></li>"
        for each in refused.often
    )
    total = words.REFUSED_TOTAL.format(count(refused.total, "question"), WEEKS)
    return (
        f'<section class="refused"><h3>{words.REFUSED}</h3><p>{total}</p>'
        f'<div class="both"><ol class="weeks">{bars}</ol><div><h4>{words.OFTEN}</h4>'
        f'<ol class="often">{often}</ol></div></div></section>'
    )
