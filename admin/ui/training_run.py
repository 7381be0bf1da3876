"""A training run in its page, as HTML: how it goes while it goes, and how it was made when it is over."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from admin.service.training import Shown
from admin.ui import training_words as words
from admin.ui.curves import History, charts
from admin.ui.markup import button, moment
from admin.ui.training_view import acts, duration, goal, standing, state
from admin.ui.words import size
from chat.store.runs import RunLine
from chat.store.tables import RunStatus

NUMBERS = 40
"""Rows of a table of numbers, at most."""


def page(shown: Shown, events: Sequence[Mapping[str, Any]]) -> str:
    """The whole page of a run; `events` are its log."""
    history, line = History.of(events), shown.line
    back = button(words.BACK, "shut")
    return (
        f'<article data-id="{line.id}" aria-label="{escape(line.name)}"><div class="acts">{back}</div>'
        f"<header><h2>{escape(line.name)} {state(line)}</h2>"
        f'<div class="acts">{acts(line)}</div></header>{_now(shown, history)}{_candidate(line)}'
        f"{charts(history, line.steps or 0)}{_numbers(history)}{_samples(history)}{_card(shown)}</article>"
    )


def _now(shown: Shown, history: History) -> str:
    line = shown.line
    figures = [
        *([words.LAST_LOSS.format(history.steps[-1]["loss"], history.steps[-1]["step"])] if history.steps else []),
        *([words.SPEED.format(shown.tokens_per_s)] if shown.tokens_per_s else []),
        *([size(shown.size)] if shown.size else []),
    ]
    facts = [escape(goal(line)), escape(line.snapshot or words.GONE), moment(line.created_at)]
    facts += [words.BY.format(escape(line.person))] if line.person else []
    said, far = " · ".join(facts), " · ".join(figures)
    return f'<p class="facts">{said}</p>{standing(line, shown.left_s)}<p class="far">{far}</p>'


def _candidate(line: RunLine) -> str:
    name = line.adapter or line.record.get("adapter")
    if line.status != RunStatus.FINISHED or not name:
        return ""
    ways = (("Evaluation", words.MEASURE_IT, ' class="go"'), ("Adapters", words.SEE_IT, ""))
    tabs = "".join(f'<button type="button" data-tab="{tab}"{looks}>{shown}</button>' for tab, shown, looks in ways)
    return (
        f'<section class="candidate"><div><h3>{words.CANDIDATE.format(f"<b>{escape(name)}</b>")}</h3>'
        f'<p>{words.CANDIDATE_HINT}</p></div><div class="acts">{tabs}</div></section>'
    )


def _numbers(history: History) -> str:
    """The curves' numbers, for who reads them rather than looks at them."""
    if not history.steps:
        return ""
    held = dict(history.held_out)
    stride = len(history.steps) // NUMBERS + 1
    chosen = [step for at, step in enumerate(history.steps) if at % stride == 0 or step is history.steps[-1]]
    head = "".join(f"<th>{name}</th>" for name in words.NUMBER_COLUMNS)
    rows = "".join(
        f"<tr><td>{step['step']:,}</td><td>{step['loss']:.4f}</td><td>{_figure(held.get(step['step']))}</td>"
        f"<td>{step['grad_norm']:.3g}</td><td>{step['learning_rate']:.2g}</td><td>{step['tokens_per_s']:,.0f}</td></tr>"
        for step in chosen
    )
    table = f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f'<details data-fold="numbers"><summary>{words.NUMBERS}</summary>{table}</details>'


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _samples(history: History) -> str:
    """The latest answers beside those of the model alone."""
    last = history.evaluations[-1] if history.evaluations else {}
    if not last.get("samples"):
        return ""
    pairs = "".join(
        f"<li><h4>{escape(each.get('question') or each['row'])}</h4><dl><dt>{words.BASE}</dt>"
        f"<dd>{escape(each['base']) or words.NO_ANSWER}</dd><dt>{words.ADAPTER}</dt>"
        f"<dd>{escape(each['adapter']) or words.NO_ANSWER}</dd></dl></li>"
        for each in last["samples"]
    )
    title = words.SAMPLES.format(last["step"])
    return (
        f'<section class="samples"><h3>{title}</h3><p class="hint">{words.SAMPLES_HINT}</p><ul>{pairs}</ul></section>'
    )


def _card(shown: Shown) -> str:
    """The card of a finished run, and the settings of any."""
    made = "".join(
        f"<dt>{name}</dt><dd>{value}</dd>" for name, value in zip(words.CARD_ROWS, _made(shown.card), strict=False)
    )
    settings = "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in shown.line.settings.items()
    )
    card = f"<h3>{words.CARD}</h3><dl>{made}</dl>" if made else ""
    folded = f'<details data-fold="settings"><summary>{words.HYPERPARAMETERS}</summary><dl>{settings}</dl></details>'
    return f'<section class="card">{card}{folded}</section>'


def _made(card: Mapping[str, Any]) -> Sequence[str]:
    """What a card says, in the order of its rows, as HTML."""
    if not card:
        return ()
    result, snapshot = card["result"], card["snapshot"]
    loss, rows = result["loss"], result["rows"]
    libraries = ", ".join(f"{name} {version}" for name, version in result["libraries"].items())
    return (
        escape(card["goal"]),
        escape(card["method"]),
        escape(str(card["base"])),
        f"<code>{escape(str(card['revision'] or '–')[:16])}</code>",
        f"{escape(str(snapshot['name']))} <code>{escape(str(snapshot['sha256'] or '')[:16])}</code>",
        f"{rows['train']:,} / {rows['validation']:,}",
        words.KEPT_STEP.format(f"{result['kept_step']:,}", f"{result['steps']:,}"),
        f"{_figure(loss['base'])} → {_figure(loss['best'])}" if loss["best"] is not None else "–",
        str(card["seed"]),
        duration(result["seconds"]),
        f"{result['tokens']:,}",
        ", ".join(f"{step:,}" for step in result["resumed_at"]) or words.NONE,
        escape(str(card["by"] or "–")),
        escape(f"{libraries}; {result['dtype']}, {result['device']}"),
    )
