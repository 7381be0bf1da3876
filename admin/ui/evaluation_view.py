"""The form for an evaluation, the list of those there are, and a report in its page, as HTML."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from admin.evaluation import report
from admin.evaluation.reading import Report
from admin.service.evaluations import Choices
from admin.ui import evaluation_words as words
from admin.ui.markup import attributes, button, empty, moment
from admin.ui.words import count
from chat.store.evaluations import Line
from chat.store.tables import EvaluationStatus
from chat.ui.kit import icon_button


def form(collections: Sequence[str], chosen: str | None, choices: Choices | None, *, opened: bool) -> str:
    """The form for a new evaluation, with what the chosen collection offers."""
    if choices is None or chosen is None:
        return f'<p class="hint">{words.NO_COLLECTION}</p>'
    options = "".join(_option(name, name, chosen) for name in collections)
    body = (
        f'<label>{words.COLLECTION}<select name="collection" data-choose="collection">{options}</select></label>'
        f"{_sets(choices)}{_adapter(choices)}"
        f'<label class="most">{words.MOST}<input name="most" type="number" min="1" max="100000" '
        f'placeholder="{words.ALL}"><small>{words.MOST_HINT}</small></label>'
    )
    begin = f'<button value="begin" class="go"{"" if choices.sets else " disabled"}>{words.BEGIN}</button>'
    state = " open" if opened else ""
    return (
        f'<details{state}><summary>{words.NEW}</summary><form><div class="line">{body}</div>'
        f'<div class="line">{_arms(choices)}</div>'
        f'<div class="acts">{_freeze(choices)}{begin}</div></form></details>'
    )


def _option(value: str, shown: str, chosen: str | None) -> str:
    marked = " selected" if value == chosen else ""
    return f'<option value="{escape(value)}"{marked}>{escape(shown)}</option>'


def _sets(choices: Choices) -> str:
    if not choices.sets:
        return f'<p class="hint">{words.NO_SET}</p>'
    lines = [
        (f"{each.name}@{each.number}", words.SET.format(each.name, each.number, count(each.questions, "question")))
        for each in choices.sets
    ]
    options = "".join(_option(value, shown, None) for value, shown in lines)
    return f'<label>{words.QUESTIONS}<select name="questions">{options}</select></label>'


def _freeze(choices: Choices) -> str:
    if not choices.labelled:
        return ""
    shown = words.FREEZE.format(count(choices.labelled, "labelled question"))
    return f'<button value="freeze" formnovalidate title="{words.FREEZE_HINT}">{shown}</button>'


def _arms(choices: Choices) -> str:
    def boxes(offered: Mapping[str, tuple[str, str]]) -> str:
        missing = not choices.adapters
        return "".join(_arm(each, *said, disabled=missing and "adapter" in each) for each, said in offered.items())

    return (
        f"<fieldset><legend>{words.ARMS}</legend>{boxes(words.WAYS)}</fieldset>"
        f"<fieldset><legend>{words.PROBES}</legend>{boxes(words.EXPLAINING)}</fieldset>"
        f"<fieldset><legend>{words.PROBES_ADAPTED}</legend>{boxes(words.PROBING)}"
        f'<small class="hint">{words.PROBES_HINT}</small></fieldset>'
    )


def _arm(value: str, name: str, meaning: str, *, disabled: bool = False) -> str:
    state = " disabled" if disabled else " checked" if value in words.CHOSEN else ""
    return (
        f'<label><input type="checkbox" name="arm-{value}" value="{value}"{state}> <b>{name}</b> '
        f"<small>{meaning}</small></label>"
    )


def _adapter(choices: Choices) -> str:
    if not choices.adapters:
        return f'<p class="hint">{words.NO_ADAPTER}</p>'
    options = "".join(
        _option(name, words.SERVES.format(name) if name == choices.serving else name, choices.serving)
        for name in choices.adapters
    )
    return f'<label>{words.ADAPTER}<select name="adapter">{options}</select></label>'


def table(lines: Sequence[Line]) -> str:
    """The evaluations, or what one is good for."""
    if not lines:
        return empty(words.EMPTY, words.EMPTY_HINT)
    return f'<ul class="evaluations">{"".join(map(_line, lines))}</ul>'


def _line(line: Line) -> str:
    facts = " · ".join((
        escape(line.collection),
        escape(f"{line.set_name} {line.set_number}"),
        escape(", ".join(line.arms)),
        moment(line.created_at) + (f" {words.BY.format(escape(line.by))}" if line.by else ""),
    ))  # fmt: skip
    sign, state = words.STATES[line.status]
    head = escape(line.verdict) or f'<span aria-hidden="true">{sign}</span> {state}'
    return (
        f'<li class="{line.status}"><div><p class="verdict">{head}</p>{_standing(line)}<small>{facts}</small></div>'
        f'<div class="acts">{_acts(line)}</div></li>'
    )


def _standing(line: Line) -> str:
    """How far it is, and what is left."""
    if line.status == EvaluationStatus.FAILED:
        return f'<p class="why">{escape(line.error or "")}</p>{_bar(line)}'
    return "" if line.status == EvaluationStatus.FINISHED else _bar(line)


def _bar(line: Line) -> str:
    if not line.total:
        return f'<p class="far" role="status">{words.PREPARING}</p>' if line.status == "running" else ""
    said = words.PROGRESS.format(line.done, line.total)
    left = words.STOPPING if line.stopping else _left(line)
    label = f"{words.EVALUATION} {line.id}"
    return (
        f'<p class="far"><progress max="{line.total}" value="{line.done}" aria-label="{label}"></progress> '
        f"{said}{f' · {left}' if left else ''}</p>"
    )


def _left(line: Line) -> str:
    """The time that is left, by what was done since it last began."""
    done = line.done - line.resumed_from
    if line.status != EvaluationStatus.RUNNING or line.started_at is None or done < 1:
        return ""
    passed = (datetime.now(UTC) - line.started_at).total_seconds()
    return words.LEFT.format(duration(passed / done * (line.total - line.done)))


def duration(seconds: float) -> str:
    """A length of time, roughly, as people say it."""
    if seconds < 60:
        return words.SECONDS.format(max(round(seconds), 1))
    minutes = round(seconds / 60)
    return words.MINUTES.format(minutes) if minutes < 60 else words.HOURS.format(*divmod(minutes, 60))


def _acts(line: Line) -> str:
    acts = ""
    if line.status == EvaluationStatus.FINISHED:
        acts += button(words.OPEN, "open", id=line.id)
    if line.under_way and not line.stopping:
        acts += button(words.STOP, "stop", id=line.id)
    if line.status in (EvaluationStatus.STOPPED, EvaluationStatus.FAILED):
        acts += button(words.RESUME, "resume", id=line.id)
    asks = attributes(
        event="remove", id=line.id, question=words.REMOVE_QUESTION.format(line.id),
        warning=words.REMOVE_WARNING.format(line.done), action=words.REMOVE, danger="yes",
    )  # fmt: skip
    what = f"{words.EVALUATION} {line.id}"
    return acts + icon_button("delete", words.REMOVE, what).replace("<button", f"<button{asks}", 1)


def opened(found: Report) -> str:
    """A report in its page."""
    acts = button(words.CLOSE, "shut") + button(words.SAVE, "save", id=found.id)
    return f'<div class="acts">{acts}</div><article class="report">{report.body(found)}</article>'


def file(found: Report) -> str:
    """A report as a file, which the page hands to the browser."""
    name = f"evaluation-{found.id}.html"
    return f'<textarea hidden data-name="{name}">{escape(report.page(found))}</textarea>'


def chosen_arms(sent: Mapping[str, object]) -> list[str]:
    """The arms that are ticked in what the form sent, in their order."""
    offered = (*words.WAYS, *words.EXPLAINING, *words.PROBING)
    return [name for name in offered if sent.get(f"arm-{name}") == name]
