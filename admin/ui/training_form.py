"""The form for a training run as HTML, and what a person sent with it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from admin.service.training import Wanted
from admin.training.presets import DEFAULT, FACTS, Preset, SettingField
from admin.ui import training_words as words
from admin.ui.markup import empty
from admin.ui.snapshots_view import checked
from chat.store.snapshots import SnapshotLine

PREFIX = "set-"
"""Before the name of a setting in the form."""
ACTS = (
    ("look", words.LOOK, words.LOOK_HINT),
    ("measure", words.MEASURE, words.MEASURE_HINT),
    ("rehearse", words.TRY, words.TRY_HINT),
    ("begin", words.BEGIN, ""),
)


def form(
    snapshots: Sequence[SnapshotLine],
    presets: Sequence[Preset],
    fields: Sequence[SettingField],
    sent: Mapping[str, str],
    *,
    opened: bool,
) -> str:
    """The form, filled in with what was sent before; without a snapshot, where to make one."""
    if not snapshots:
        way = f'<p class="acts"><button type="button" data-tab="Training examples">{words.TO_EXAMPLES}</button></p>'
        return empty(words.NO_SNAPSHOT, words.NO_SNAPSHOT_HINT) + way
    acts = "".join(
        f'<button value="{event}"{" class=go" if event == "begin" else ""} title="{hint}">{shown}</button>'
        for event, shown, hint in ACTS
    )
    goals = "".join(_goal(preset, sent.get("preset") or DEFAULT) for preset in presets)
    return (
        f'<details{" open" if opened else ""}><summary>{words.NEW}</summary><form><div class="line">'
        f"{_snapshots(snapshots, sent.get('snapshot', ''))}{_name(sent.get('name', ''))}</div>"
        f"<fieldset><legend>{words.GOAL}</legend>{goals}</fieldset>{_settings(fields, sent)}"
        f'<div class="acts">{acts}</div></form></details>'
    )


def _snapshots(lines: Sequence[SnapshotLine], name: str) -> str:
    chosen = next((line for line in lines if line.name == name), lines[0])
    options = "".join(_option(line.name, _said(line), chosen.name) for line in lines)
    return (
        f'<label>{words.SNAPSHOT}<select name="snapshot" data-choose="snapshot">{options}</select>'
        f"<small>{words.CHECKED.format(checked(chosen))}</small></label>"
    )


def _said(line: SnapshotLine) -> str:
    return words.SNAPSHOT_LINE.format(line.name, f"{line.train:,}", f"{line.validation:,}", line.collection)


def _name(name: str) -> str:
    return (
        f'<label>{words.NAME}<input name="name" maxlength="63" pattern="[a-z0-9][a-z0-9\\-]*" autocapitalize="none"'
        f' autocomplete="off" placeholder="{words.NAME_EXAMPLE}" value="{escape(name)}"></label>'
    )


def _goal(preset: Preset, chosen: str) -> str:
    mark = " checked" if preset.name == chosen else ""
    warning = f'<small class="facts"><b aria-hidden="true">!</b> {escape(FACTS)}</small>' if preset.facts else ""
    return (
        f'<label><input type="radio" name="preset" value="{preset.name}" data-choose="preset"{mark}>'
        f"<span><b>{escape(preset.title)}</b> <i>{escape(preset.method)}</i>"
        f"<small>{escape(preset.why)}</small>{warning}</span></label>"
    )


def _settings(fields: Sequence[SettingField], sent: Mapping[str, str]) -> str:
    named = {field.name: field for field in fields}
    grouped = [(title, [named.pop(name) for name in names if name in named]) for title, names in words.GROUPS]
    parts = "".join(
        f"<fieldset><legend>{title}</legend>{''.join(_field(each, sent) for each in members)}</fieldset>"
        for title, members in (*grouped, (words.OTHERS, list(named.values())))
    )
    return (
        f'<details class="settings" data-fold="settings"><summary>{words.SETTINGS}</summary>'
        f'<p class="hint">{words.SETTINGS_HINT}</p><div class="groups">{parts}</div></details>'
    )


def _field(field: SettingField, sent: Mapping[str, str]) -> str:
    name, value = f"{PREFIX}{field.name}", sent.get(f"{PREFIX}{field.name}", _shown(field.default))
    if isinstance(field.default, bool):
        box = f'<input type="checkbox" name="{name}" value="true"{" checked" if value == "true" else ""}>'
        return f"<label>{box}<span>{escape(field.title)}<small>{escape(field.help)}</small></span></label>"
    if field.name in words.CHOICES:
        options = "".join(_option(each, shown, value) for each, shown in words.CHOICES[field.name].items())
        entry = f'<select name="{name}">{options}</select>'
    else:
        entry = f'<input name="{name}" value="{escape(value)}" inputmode="decimal" placeholder="{words.WITHOUT}">'
    return f"<label>{escape(field.title)}{entry}<small>{escape(field.help)}</small></label>"


def _option(value: str, shown: str, chosen: str) -> str:
    marked = " selected" if value == chosen else ""
    return f'<option value="{escape(value)}"{marked}>{escape(shown)}</option>'


def _shown(value: Any) -> str:
    """A setting's value as the form has it."""
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def wanted(sent: Mapping[str, str], fields: Sequence[SettingField]) -> Wanted:
    """The run that the form asks for: only what differs from the goal's settings is a change."""
    changes: dict[str, Any] = {}
    for field in fields:
        value = sent.get(f"{PREFIX}{field.name}", "").strip()
        absent = f"{PREFIX}{field.name}" not in sent and not isinstance(field.default, bool)
        if not absent and value != _shown(field.default):
            changes[field.name] = value == "true" if isinstance(field.default, bool) else value or None
    return Wanted(
        sent.get("snapshot", ""), sent.get("preset") or DEFAULT, changes, name=sent.get("name", "").strip() or None
    )
