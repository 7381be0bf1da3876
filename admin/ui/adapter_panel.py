"""One adapter, as HTML: how it stands, what is on record of it, and what can be done with it."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from admin.service.adapters import Shown
from admin.ui import adapters_words as words
from admin.ui.adapters_view import history, standing
from admin.ui.markup import attributes, button, moment
from admin.ui.words import size
from chat.store.adapters import Line
from chat.ui.kit import icon_button

LONGEST_VALUE = 400
MOST_FACTS = 60


def panel(shown: Shown, rules: Sequence[Mapping[str, Any]] = ()) -> str:
    """The whole panel. `rules` are those that a promotion was just judged by and did not pass."""
    line = shown.line
    name = escape(line.name)
    made = words.RUN.format(line.run_id) if line.run_id else words.ORIGINS[line.origin]
    by = f", {words.BY.format(escape(line.person))}" if line.person else ""
    return (
        f'<article role="dialog" aria-label="{name}"{attributes(name=line.name)}>'
        f"<header><div><h2>{name}</h2><p>{moment(line.created_at)}, {made}{by}</p></div>"
        f"{icon_button('close', words.CLOSE)}</header>"
        f'<div class="scroll"><div class="standing">{standing(line)}{_acts(shown)}</div>{_promoting(shown, rules)}'
        f"<section><h3>{words.SCORES}</h3><p>{words.NO_SCORES.format(name)}</p></section>{_card(line)}{_decisions(shown)}"
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


def _promoting(shown: Shown, rules: Sequence[Mapping[str, Any]]) -> str:
    """The form that lets it answer, for who may decide that, with the rules that it did not pass."""
    if not (shown.everywhere or shown.collections):
        return f"<section><h3>{words.PROMOTE}</h3><p>{words.MAY_NOT_PROMOTE}</p></section>"
    if shown.line.retired_at:
        return f"<section><h3>{words.PROMOTE}</h3><p>{words.IS_RETIRED}</p></section>"
    everywhere = f'<option value="">{words.EVERYWHERE}</option>' if shown.everywhere else ""
    places = everywhere + "".join(f"<option>{escape(name)}</option>" for name in shown.collections)
    return (
        f"<section><h3>{words.PROMOTE}</h3>{_rules(rules)}<form{attributes(name=shown.line.name)}>"
        f'<label><span>{words.WHERE}</span><select name="collection">{places}</select></label>'
        f"<label><span>{words.WHY}</span>"
        f'<input name="reason" maxlength="500" placeholder="{words.WHY_EXAMPLE}"></label>'
        f'<button class="go">{words.PROMOTE_IT}</button></form><p class="hint">{words.PROMOTE_HINT}</p></section>'
    )


def _rules(rules: Sequence[Mapping[str, Any]]) -> str:
    """Each rule with what it was judged by."""
    if not rules:
        return ""
    rows = "".join(
        f'<li class="{"met" if rule["passed"] else "missed"}"><span aria-hidden="true">'
        f"{words.RULE_SIGNS[bool(rule['passed'])]}</span> <b>{escape(str(rule['rule']))}</b> "
        f"{escape(str(rule['evidence']))}</li>"
        for rule in rules
    )
    return f'<p class="why" role="status">{words.REFUSED}</p><ul class="rules" aria-label="{words.RULES}">{rows}</ul>'


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
