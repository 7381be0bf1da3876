"""The list of training runs, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.training.presets import PRESETS
from admin.ui import training_words as words
from admin.ui.markup import attributes, button, empty, moment
from chat.store.runs import RunLine
from chat.store.tables import RunStatus
from chat.ui.kit import icon_button


def table(lines: Sequence[RunLine], *, ready: bool = True) -> str:
    """The runs, the newest first; without any, what one is, unless that is said elsewhere."""
    if not lines:
        return empty(words.EMPTY, words.EMPTY_HINT) if ready else ""
    return f"<h3>{words.RUNS}</h3><ul>{''.join(map(_line, lines))}</ul>"


def _line(line: RunLine) -> str:
    facts = " · ".join((
        escape(line.snapshot or words.GONE),
        escape(goal(line)),
        escape(line.collection),
        moment(line.created_at) + (f" {words.BY.format(escape(line.person))}" if line.person else ""),
        *([words.TOOK.format(duration(took))] if (took := seconds(line)) else []),
    ))  # fmt: skip
    name = button(line.name, "open", looks="title", id=line.id, label=f"{words.OPEN} {line.name}")
    return (
        f'<li class="{line.status}"><div><p>{name} {state(line)}</p>{standing(line)}<small>{facts}</small></div>'
        f'<div class="acts">{acts(line)}</div></li>'
    )


def goal(line: RunLine) -> str:
    """What a run is for."""
    return PRESETS[line.preset].title if line.preset in PRESETS else line.preset


def state(line: RunLine) -> str:
    """Where a run stands, in a sign and words."""
    sign, word = words.STATES[line.status]
    return f'<span class="status {line.status}"><span aria-hidden="true">{sign}</span> {word}</span>'


def standing(line: RunLine, left_s: float | None = None) -> str:
    """How far it is, what is left, and why it ended."""
    if line.status == RunStatus.FINISHED:
        return f'<p class="far">{_loss(line)}</p>' if _loss(line) else ""
    if line.behind:
        return f'<p class="far">{words.BEHIND.format(line.behind)}</p>'
    why = f'<p class="why">{escape(line.error)}</p>' if line.error else ""
    return why + _bar(line, left_s)


def _bar(line: RunLine, left_s: float | None) -> str:
    if not line.steps:
        return f'<p class="far" role="status">{words.PREPARING}</p>' if line.status == RunStatus.RUNNING else ""
    wanted = words.WANTED.get(line.wanted or "", "")
    left = wanted or (words.LEFT.format(duration(left_s)) if left_s and line.status == RunStatus.RUNNING else "")
    said = words.PROGRESS.format(line.step, line.steps)
    label = f"{words.TRAINING} {escape(line.name)}"
    bar = f'<progress max="{line.steps}" value="{line.step}" aria-label="{label}"></progress>'
    return f'<p class="far">{bar} {said}{f" · {left}" if left else ""}</p>'


def _loss(line: RunLine) -> str:
    loss = line.record.get("card", {}).get("result", {}).get("loss", {})
    if loss.get("base") is None or loss.get("best") is None:
        return ""
    return words.HELD_OUT_LOSS.format(loss["base"], loss["best"])


def acts(line: RunLine) -> str:
    """What can be done with a run as it stands."""
    said = ""
    if line.under_way and not line.wanted:
        asks = {"question": words.STOP_QUESTION.format(line.name), "warning": words.STOP_WARNING, "action": words.STOP}
        said = button(words.PAUSE, "pause", id=line.id) + button(words.STOP, "stop", id=line.id, **asks)
    elif line.resumable:
        said = button(words.RESUME, "resume", id=line.id)
    return said if line.under_way else said + _remove(line)


def _remove(line: RunLine) -> str:
    stays = words.ADAPTER_STAYS.format(line.adapter) if line.adapter else words.NO_ADAPTER_LOST
    far = words.PROGRESS.format(line.step, line.steps) if line.steps else words.STATES[line.status][1]
    asks = attributes(
        event="remove", id=line.id, question=words.REMOVE_QUESTION.format(line.name),
        warning=words.REMOVE_WARNING.format(far.lower(), stays), action=words.REMOVE, danger="yes",
    )  # fmt: skip
    return icon_button("delete", words.REMOVE, line.name).replace("<button", f"<button{asks}", 1)


def seconds(line: RunLine) -> float | None:
    """How long it trained: as its record says or, until it has one, from its beginning to its end."""
    trained = line.record.get("card", {}).get("result", {}).get("seconds")
    if trained is not None:
        return float(trained)
    if line.started_at is None or line.ended_at is None:
        return None
    return (line.ended_at - line.started_at).total_seconds()


def duration(length: float) -> str:
    """A length of time, roughly, as people say it."""
    if length < 60:
        return words.SECONDS.format(max(round(length), 1))
    minutes = round(length / 60)
    return words.MINUTES.format(minutes) if minutes < 60 else words.HOURS.format(*divmod(minutes, 60))
