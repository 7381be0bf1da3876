"""What the gate says of an adapter, its scores and its origins, trials and votes, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.promotion.evidence import Lessons, Scores
from admin.promotion.rules import NAMES, Rule
from admin.promotion.strengths import Strength
from admin.promotion.watching import Watched
from admin.service.gating import Verdict
from admin.ui import adapters_words
from admin.ui import gate_words as words

SHARES = (0.05, 0.1, 0.25, 0.5)
MOST_DOCUMENTS = 30


def rules(verdict: Verdict) -> str:
    """Every rule with what it is judged by, and what that means for the decision."""
    missed = sum(rule.passed is False for rule in verdict.rules)
    said = words.REFUSED if missed == 1 else words.REFUSED_MANY
    summary = words.ALLOWED if verdict.allows else said.format(missed)
    looks = "hint" if verdict.allows else "why"
    rows = "".join(map(_rule, verdict.rules))
    return f'<p class="{looks}" role="status">{summary}</p><ul class="rules" aria-label="{words.RULES}">{rows}</ul>'


def _rule(rule: Rule) -> str:
    sign, said = words.SIGNS[rule.passed]
    looks = {True: "met", False: "missed", None: "apart"}[rule.passed]
    return (
        f'<li class="{looks}"><span role="img" aria-label="{said}">{sign}</span><div><b>{escape(rule.words)}</b>'
        f"<small>{_code(rule.evidence)}</small></div></li>"
    )


def _code(said: str) -> str:
    """Words with commands in them, between backticks."""
    parts = escape(said).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def decision(verdict: Verdict) -> tuple[str, str]:
    """The button of the form, and what it takes and does, in words."""
    if verdict.allows:
        return f'<button class="go">{adapters_words.PROMOTE_IT}</button>', adapters_words.PROMOTE_HINT
    hint = words.OVERRIDE_TWO if verdict.second_person else words.OVERRIDE_HINT
    return f'<button class="go against">{words.OVERRIDE}</button>', hint


def trying(name: str) -> str:
    """The form that tries an adapter out."""
    options = "".join(f'<option value="{share}"{" selected" * (share == 0.1)}>{share:.0%}</option>' for share in SHARES)
    return (
        f'<details><summary>{words.TRY}</summary><form data-act="tryout" data-name="{escape(name)}">'
        f'<label><span>{words.TRY_SHARE}</span><select name="share">{options}</select></label>'
        f'<button class="go">{words.TRY}</button></form><p class="hint">{words.TRY_HINT}</p></details>'
    )


def scores(found: Scores | None, otherwise: str) -> str:
    """The means of the latest evaluation, an arm a column."""
    if found is None:
        return f"<section><h3>{words.SCORES}</h3><p>{otherwise}</p></section>"
    measures = [name for name in NAMES if any(name in arm for arm in found.arms.values())]
    head = "".join(f'<th class="number">{escape(arm)}</th>' for arm in found.arms)
    body = "".join(
        f'<tr><td class="name">{NAMES[name].capitalize()}</td>'
        + "".join(
            f'<td class="number" data-label="{escape(arm)}">{f"{means[name]:.0%}" if name in means else ""}</td>'
            for arm, means in found.arms.items()
        )
        + "</tr>"
        for name in measures
    )
    said = words.SCORES_OF.format(found.evaluation, escape(found.set), found.questions)
    table = f'<table><thead><tr><th class="name">{words.MEASURE}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f"<section><h3>{words.SCORES}</h3><p>{said}</p>{table}</section>"


def lessons(found: Lessons | None) -> str:
    """What it learned from, with what is stale of that."""
    if found is None:
        return f"<section><h3>{words.LEARNED}</h3><p>{words.NOT_KNOWN}</p></section>"
    said = words.LEARNED_FROM.format(found.examples, escape(found.snapshot), len(found.documents))
    stale = "".join(f"<li><b>{escape(key)}</b> {escape(why)}</li>" for key, why in list(found.stale.items())[:10])
    warned = f'<p class="why">{words.STALE.format(len(found.stale))}</p><ul>{stale}</ul>' if stale else ""
    names = "".join(f"<li>{escape(name)}</li>" for name in found.documents[:MOST_DOCUMENTS])
    listed = f"<details><summary>{words.DOCUMENTS}</summary><ul>{names}</ul></details>" if names else ""
    return f"<section><h3>{words.LEARNED}</h3><p>{said}</p>{warned}{listed}</section>"


def trial(watched: Watched) -> str:
    """The live numbers of a trial beside what answers the other conversations."""
    titles = (title.format(escape(watched.adapter)) for title in words.TRIAL_COLUMNS)
    head = "".join(f'<th class="{"number" if at else "name"}">{title}</th>' for at, title in enumerate(titles))
    body = ""
    for signal in watched.signals:
        sides = "".join(
            f'<td class="number" data-label="{title}">'
            f"{words.OF.format(side.rate, side.of) if side.of else words.NO_ANSWERS}</td>"
            for title, side in ((escape(watched.adapter), signal.trial), (words.TRIAL_COLUMNS[2], signal.present))
        )
        chance = words.WORSE if signal.worse else f"{signal.p:.2f}"
        body += (
            f'<tr><td class="name">{signal.words.capitalize()}</td>{sides}'
            f'<td class="number" data-label="{words.TRIAL_COLUMNS[3]}">{chance}</td></tr>'
        )
    few = f"<p>{words.TOO_FEW.format(watched.least)}</p>"
    return f'<div class="trial"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{few}</div>'


def votes(found: Sequence[Strength]) -> str:
    """How each way of answering does in blind votes; nothing where there were none."""
    if not found:
        return ""
    rows = "".join(
        f'<li><span class="way">{escape(each.way)}</span>'
        f'<span class="bar" role="img" aria-label="{each.preferred:.0%}">'
        f'<i style="left:{each.low:.1%};right:{1 - each.high:.1%}"></i><b style="left:{each.preferred:.1%}"></b></span>'
        f"<span><b>{each.preferred:.0%}</b> <small>{each.low:.0%} – {each.high:.0%}, "
        f"{words.VOTED.format(each.votes)}</small></span></li>"
        for each in found
    )
    return f'<section class="votes"><h3>{words.VOTES}</h3><p>{words.VOTES_HINT}</p><ul>{rows}</ul></section>'
