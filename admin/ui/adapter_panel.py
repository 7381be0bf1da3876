"""One adapter, as HTML: how it stands, what is on record of it, and what can be done with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from admin.promotion.thresholds import Thresholds
from admin.service.adapters import Shown
from admin.service.gating import Background, Verdict
from admin.ui import adapters_words as words
from admin.ui import gate_form, gate_view
from admin.ui.adapters_view import history, standing
from admin.ui.markup import attributes, button, moment
from admin.ui.words import size
from chat.store.adapters import Line
from chat.ui.kit import icon_button

LONGEST_VALUE = 400
MOST_FACTS = 60


@dataclass(frozen=True)
class Judged:
    """What the rules say of the adapter in the place that is chosen; without one, everywhere else."""

    place: str | None
    verdict: Verdict
    asked: Thresholds


def panel(shown: Shown, background: Background, judged: Judged | None = None) -> str:
    """The whole panel. There is none for who decides nowhere, nor on what is retired."""
    line = shown.line
    name = escape(line.name)
    made = words.RUN.format(line.run_id) if line.run_id else words.ORIGINS[line.origin]
    by = f", {words.BY.format(escape(line.person))}" if line.person else ""
    return (
        f'<article role="dialog" aria-label="{name}"{attributes(name=line.name)}>'
        f"<header><div><h2>{name}</h2><p>{moment(line.created_at)}, {made}{by}</p></div>"
        f"{icon_button('close', words.CLOSE)}</header>"
        f'<div class="scroll"><div class="standing">{standing(line)}{_acts(shown)}</div>{_promoting(shown, judged)}'
        f"{gate_view.scores(background.scores, words.NO_SCORES.format(name))}{gate_view.lessons(background.lessons)}"
        f"{_card(line)}{_decisions(shown)}"
        "</div></article>"
    )


def _acts(shown: Shown) -> str:
    """What who brought it in, or an approver, may do with it."""
    line = shown.line
    if not shown.may_change:
        return ""
    if line.uses:
        return f"<p>{words.IN_USE}</p>"
    retire = (words.REINSTATE, "reinstate") if line.retired_at else (words.RETIRE, "retire")
    delete = button(
        words.DELETE, "discard", name=line.name, question=words.DELETE_QUESTION.format(line.name), danger=1,
        warning=words.DELETE_WARNING.format(size(line.bytes)), action=words.DELETE,
    )  # fmt: skip
    return f'<div class="acts">{button(*retire, name=line.name)}{delete}</div>'


def _promoting(shown: Shown, judged: Judged | None) -> str:
    """The form that lets it answer, for who may decide that, below every rule and what that is judged by."""
    if judged is None:
        why = words.IS_RETIRED if shown.line.retired_at else words.MAY_NOT_PROMOTE
        return f"<section><h3>{words.PROMOTE}</h3><p>{why}</p></section>"
    act, hint = gate_view.decision(judged.verdict)
    override = None if judged.verdict.allows else 1
    return (
        f"<section><h3>{words.PROMOTE}</h3>"
        f"<form{attributes(act='promote', name=shown.line.name, override=override)}>"
        f'<label><span>{words.WHERE}</span><select name="collection">{_places(shown, judged.place)}</select></label>'
        f'<div class="judged">{gate_view.rules(judged.verdict)}</div>'
        f"<label><span>{words.WHY}</span>"
        f'<input name="reason" maxlength="500" placeholder="{words.WHY_EXAMPLE}"{" required" * bool(override)}></label>'
        f'{act}</form><p class="hint">{hint}</p>{gate_view.trying(shown.line.name)}'
        f"{gate_form.form(judged.asked, shown.line.name, judged.place)}</section>"
    )


def _places(shown: Shown, chosen: str | None) -> str:
    everywhere = f'<option value="">{words.EVERYWHERE}</option>' if shown.everywhere else ""
    return everywhere + "".join(
        f"<option{' selected' * (name == chosen)}>{escape(name)}</option>" for name in shown.collections
    )


def _card(line: Line) -> str:
    """What is on record of how it was made; what a foreign folder says of itself stands apart."""
    own = {key: value for key, value in line.card.items() if key != "said"}
    columns = {"base": line.base, "revision": line.revision, "rank": line.rank}
    foreign = line.card.get("said")
    said = f"<details><summary>{words.SAID}</summary>{_facts(foreign)}</details>" if foreign else ""
    digest = f"<dt>{words.DIGEST}</dt><dd><code>{line.digest}</code></dd>"
    return f"<section><h3>{words.FACTS}</h3>{_facts({**columns, **own}, digest)}{said}</section>"


def _facts(card: Mapping[str, Any], first: str = "") -> str:
    pairs = list(_flat(card))[:MOST_FACTS]
    said = "".join(f"<dt>{escape(_label(key))}</dt><dd>{escape(value)}</dd>" for key, value in pairs)
    return f"<dl>{first}{said}</dl>"


def _flat(card: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every fact of a card, however deep it lies, as a key and what stands there; what is empty is left out."""
    for key, value in card.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key} ")
        elif value not in (None, "", []):
            said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{before}{key}", said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"


def _label(key: str) -> str:
    return words.LABELS.get(key, key.replace("_", " ").capitalize())


def _decisions(shown: Shown) -> str:
    if not shown.decisions:
        return ""
    return f"<section><h3>{words.DECISIONS}</h3>{history(shown.decisions, set())}</section>"
