"""The adapters, what answers now and what was decided, as HTML."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from admin.promotion.strengths import Strength
from admin.promotion.watching import Watched
from admin.service.promoting import Outcome, Place
from admin.ui import adapters_words as words
from admin.ui import gate_view
from admin.ui.listing import notice
from admin.ui.markup import button, empty, moment
from admin.ui.words import size
from chat.store.adapters import Line
from chat.store.promotion_history import Decided, Standing
from chat.store.promotions import RESTORES, Kind
from chat.store.tables import Stage


def page(
    lines: Sequence[Line],
    places: Sequence[Place],
    decisions: Sequence[Decided],
    trials: Sequence[Watched] = (),
    strengths: Sequence[Strength] = (),
) -> str:
    """The whole tab, or what to do first."""
    if not lines and not decisions:
        return empty(words.EMPTY, words.EMPTY_HINT)
    deciding = {place.standing.collection for place in places if place.may_decide}
    watched = {each.collection: each for each in trials}
    return _now(places, watched) + _listed(lines) + gate_view.votes(strengths) + _decided(decisions, deciding)


def _now(places: Sequence[Place], watched: Mapping[str | None, Watched]) -> str:
    rows = "".join(_place(place, watched.get(place.standing.collection), others=len(places) > 1) for place in places)
    return f'<section class="now"><h3>{words.ANSWERS_NOW}</h3><ul>{rows}</ul></section>'


def _place(place: Place, watched: Watched | None, *, others: bool) -> str:
    here = place.standing
    name = here.collection or (words.ELSEWHERE if others else words.EVERYWHERE)
    acts = (_back(here) if here.now else "") + (_end(here) if here.trying else "") if place.may_decide else ""
    return (
        f"<li><div><small>{escape(name)}</small>{_answering(here)}{_trying(here)}</div>"
        f'<div class="acts">{acts}</div>{gate_view.trial(watched) if watched else ""}</li>'
    )


def _answering(here: Standing) -> str:
    if here.now is None:
        return f"<p>{words.NOT_DECIDED}</p>"
    since = words.SINCE.format(moment(here.now.created_at), escape(here.now.person))
    return f"<p><b>{escape(here.now.adapter or words.ALONE)}</b> <span>{since}</span></p>"


def _trying(here: Standing) -> str:
    if here.trying is None:
        return ""
    since = words.SINCE.format(moment(here.trying.created_at), escape(here.trying.person))
    return f"<p>{words.TRYING.format(escape(here.trying.adapter or ''), here.trying.share or 0, since)}</p>"


def _back(here: Standing) -> str:
    """The button that rolls back, which says what it goes back to and what that changes."""
    assert here.now is not None
    now, where = here.now.adapter or words.ALONE, place_in_words(here.collection)
    if here.back is None:
        then = words.UNDECIDED_COLLECTION if here.collection else words.UNDECIDED_EVERYWHERE
        asks = (words.UNDECIDE_QUESTION, words.UNDECIDE_WARNING.format(then, now), words.ROLL_BACK)
    else:
        to = here.back.adapter or words.ALONE
        warning = words.ROLL_BACK_WARNING.format(to, where, now, now)
        asks = (words.ROLL_BACK_QUESTION.format(to), warning, words.ROLL_BACK_TO.format(to))
    question, warning, shown = asks
    return button(
        shown, "goback", collection=here.collection, to=here.back.id if here.back else None,
        question=question, warning=warning, action=words.ROLL_BACK,
    )  # fmt: skip


def _end(here: Standing) -> str:
    assert here.trying is not None
    question = words.END_TRIAL_QUESTION.format(here.trying.adapter)
    return button(
        words.END_TRIAL, "endtrial", collection=here.collection, question=question, warning=words.END_TRIAL_WARNING,
        action=words.END_TRIAL,
    )  # fmt: skip


def _listed(lines: Sequence[Line]) -> str:
    """The candidates and what answers; what is retired stands folded below."""
    kept = [line for line in lines if line.state != "retired"]
    retired = [line for line in lines if line.state == "retired"]
    folded = f"<details><summary>{words.RETIRED.format(len(retired))}</summary>{_table(retired)}</details>"
    return f"<section><h3>{words.ADAPTERS}</h3>{_table(kept) if kept else ''}{folded if retired else ''}</section>"


def _table(lines: Sequence[Line]) -> str:
    return _rows(words.COLUMNS, ("name", "state", "base", "number", "number", "when", "from"), map(_line, lines))


def _line(line: Line) -> Sequence[str]:
    origin = words.RUN.format(line.run_id) if line.run_id else words.ORIGINS[line.origin]
    by = f"<small>{words.BY.format(escape(line.person))}</small>" if line.person else ""
    return (
        f"{button(line.name, 'open', looks='title', name=line.name)}<small><code>{line.digest[:12]}</code></small>",
        standing(line),
        escape(line.base),
        f"{line.rank:,}",
        size(line.bytes),
        moment(line.created_at) + by,
        origin,
    )


def standing(line: Line) -> str:
    """Where an adapter stands, in a sign and words, and where it answers."""
    sign, word = words.STATES[line.state]
    uses = ", ".join(
        escape(use.collection or words.IN_EVERYWHERE) + (f" ({use.share:.0%})" if use.share else "")
        for use in line.uses
    )
    badge = f'<span class="status {line.state}"><span aria-hidden="true">{sign}</span> {word}</span>'
    return badge + (f"<small>{uses}</small>" if uses else "")


def _decided(decisions: Sequence[Decided], deciding: set[str | None]) -> str:
    if not decisions:
        return f"<section><h3>{words.DECISIONS}</h3><p>{words.NO_DECISIONS}</p></section>"
    return f"<section><h3>{words.DECISIONS}</h3>{history(decisions, deciding)}</section>"


def history(decisions: Sequence[Decided], deciding: set[str | None]) -> str:
    """Decisions as a table; those of the places in `deciding` can be gone back to."""
    classes = ("when", "what", "in", "who", "because", "acts")
    return _rows(words.DECISION_COLUMNS, classes, (_decision(each, deciding) for each in decisions))


def _decision(decided: Decided, deciding: set[str | None]) -> Sequence[str]:
    undecided = decided.kind == Kind.ROLLBACK and RESTORES not in decided.evidence
    to = decided.adapter or (words.UNDECIDED if undecided else words.ALONE)
    before = escape(decided.before or words.ALONE)
    did = words.KINDS[decided.kind].format(to=escape(to), before=before, share=decided.share or 0)
    instead = (
        f"<small>{words.IN_PLACE_OF.format(before)}</small>" if decided.before and decided.kind != Kind.RETURN else ""
    )
    fits = "" if decided.fits else f'<p class="why">{words.DOES_NOT_FIT}</p>'
    overridden = f"<small>{words.OVERRIDDEN}</small>" if decided.overridden else ""
    return (
        moment(decided.created_at),
        f"<b>{did}</b>{instead}{fits}",
        escape(decided.collection or words.EVERYWHERE),
        escape(decided.person),
        escape(decided.reason) + overridden,
        _go_back(decided) if decided.collection in deciding else "",
    )


def _go_back(decided: Decided) -> str:
    """What can be done with a decision: it is in effect, or can be gone back to where its adapter is still there."""
    if decided.stage == Stage.LIVE:
        return f"<small>{words.IN_EFFECT}</small>"
    if not decided.there:
        return f"<small>{words.GONE}</small>"
    if decided.kind not in (Kind.PROMOTE, Kind.ROLLBACK) or decided.adapter is None:
        return ""
    where = place_in_words(decided.collection)
    return button(
        words.GO_BACK, "goback", looks="quiet", label=f"{words.GO_BACK}: {decided.adapter}",
        collection=decided.collection, to=decided.id, question=words.ROLL_BACK_QUESTION.format(decided.adapter),
        warning=words.PROMOTED.format(decided.adapter, where), action=words.ROLL_BACK,
    )  # fmt: skip


def place_in_words(collection: str | None) -> str:
    return words.IN_COLLECTION.format(collection) if collection else words.IN_EVERYWHERE


def done(outcome: Outcome, collection: str | None) -> str:
    """What a decision did, as a notice."""
    where = place_in_words(collection)
    if outcome.after is None:
        then = words.UNDECIDED_COLLECTION if collection else words.UNDECIDED_EVERYWHERE
        return notice(words.ROLLED_BACK.format(then))
    return notice(words.ROLLED_BACK.format(words.NOW_ANSWERS.format(outcome.after, where)))


def _rows(titles: Sequence[str], classes: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; cells are HTML, and know their column's title where the columns do not fit side by side."""
    columns = list(zip(titles, classes, strict=True))
    head = "".join(f'<th class="{name}">{title}</th>' for title, name in columns)
    body = "".join(
        "<tr>" + "".join(
            f'<td class="{name}" data-label="{title}">{cell}</td>'
            for (title, name), cell in zip(columns, row, strict=True)
        ) + "</tr>"
        for row in rows
    )  # fmt: skip
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
