"""The HTML that several tabs share. Whatever a document, a file name or an error says, it is escaped here."""

import json
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from admin.ui import words
from chat.store.catalogue import Line
from chat.store.health import Health
from chat.store.paging import PAGE
from chat.ui.kit import asset as shared_asset

QUIETLY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""How every event of the page is joined to its handler: no spinner, and no entry in the list of the API."""


def live_html(value: str, elem_id: str, script: str, *events: str) -> gr.HTML:
    """HTML that sends `events`: a click on an element with `data-event` sends its `data-` attributes along.

    `script` is JavaScript of its own, run beside that when the component is loaded.
    """
    known = f"const events = {json.dumps(events)};\n"
    return gr.HTML(value, elem_id=elem_id, js_on_load=known + asset("actions.js") + script, apply_default_css=False)


def asset(name: str) -> str:
    """The text of a style sheet or script that ships with the admin page."""
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")


def choice(elem_id: str, label: str) -> gr.HTML:
    """The browser's own list to choose from, as in the chat; its `choices` are (value, shown)."""
    return gr.HTML(
        "", elem_id=elem_id, apply_default_css=False, label=label, choices=[],
        html_template=shared_asset("collection.html"), js_on_load=shared_asset("collection.js"),
    )  # fmt: skip


def attributes(**named: Any) -> str:
    """`data-` attributes of an element; None leaves one out."""
    return "".join(f' data-{name}="{escape(str(value))}"' for name, value in named.items() if value is not None)


def button(shown: str, event: str, *, looks: str = "", label: str = "", **data: Any) -> str:
    """A button that sends `event`. With `question` and `warning` among its data, it asks before it does."""
    said = f' aria-label="{escape(label)}"' if label else ""
    looks = f' class="{looks}"' if looks else ""
    return f'<button type="button"{looks}{said}{attributes(event=event, **data)}>{escape(shown)}</button>'


def column(shown: str, sort: str, *, here: bool, descending: bool, number: bool = False) -> str:
    """The head of a column that sorts a list; `here` where the list is sorted by it."""
    order = f' aria-sort="{"descending" if descending else "ascending"}"' if here else ""
    right = ' class="number"' if number else ""
    return f"<th{order}{right}>{button(shown, 'sort', sort=sort)}</th>"


def paging(page: int, total: int) -> str:
    """Which lines of a list are shown, and the way to the other pages; nothing where there is only one."""
    if total <= PAGE:
        return ""
    first, last = page * PAGE + 1, min((page + 1) * PAGE, total)
    before = button(words.PREVIOUS, "turn", page=page - 1) if page else ""
    after = button(words.NEXT, "turn", page=page + 1) if last < total else ""
    shown = f"<span>{words.RANGE.format(first, last, total)}</span>"
    return f'<nav class="paging" aria-label="{words.PAGING}">{shown}{before}{after}</nav>'


def status(line: Line) -> str:
    """Where a document stands, in a sign and words, and which version answers where that is another."""
    name = "draft" if line.draft and line.status == "ready" else line.status
    sign, word = words.STATUSES[name]
    done = f" {line.progress:.0%}" if name == "processing" else ""
    other = line.live if line.live not in (None, line.version) else None
    said = words.STILL_ANSWERS if line.status in ("ready", "failed") else words.ANSWERS_MEANWHILE
    note = f"<small>{said.format(other)}</small>" if other else ""
    return f"{_badge(name, sign, word + done)}{note}"


def health(concerns: Health) -> str:
    """What is amiss with a document, in words; nothing where all is well."""
    said = [
        words.OUTDATED if concerns.outdated else "",
        *concerns.warnings,
        words.VERY_SHORT if concerns.short else "",
        words.DUPLICATE.format(concerns.duplicate_of) if concerns.duplicate_of else "",
        words.DISABLED_CHUNKS.format(words.count(concerns.disabled, "chunk")) if concerns.disabled else "",
        words.UNCITED if concerns.uncited else "",
    ]
    items = "".join(f"<li>{escape(each)}</li>" for each in said if each)
    return f'<ul class="health" aria-label="{words.HEALTH}">{items}</ul>' if items else ""


def version_status(name: str, progress: float, *, draft: bool = False) -> str:
    """Where a version stands, in a sign and words."""
    name = "draft" if draft and name == "ready" else name
    sign, word = words.STATUSES[name]
    return _badge(name, sign, f"{word} {progress:.0%}" if name == "processing" else word)


def _badge(name: str, sign: str, word: str) -> str:
    return f'<span class="status {name}"><span aria-hidden="true">{sign}</span> {word}</span>'


def moment(when: datetime) -> str:
    """A time of this place."""
    local = when.astimezone()
    return f'<time datetime="{local.isoformat(timespec="seconds")}">{local:%-d %b %Y, %H:%M}</time>'


def day(when: datetime) -> str:
    """A day of this place."""
    local = when.astimezone()
    return f'<time datetime="{local.isoformat(timespec="seconds")}">{local:%-d %b %Y}</time>'


def empty(title: str, hint: str) -> str:
    """What stands where nothing is, saying what to do first. `hint` is HTML."""
    return f'<div class="empty"><h2>{escape(title)}</h2><p>{hint}</p></div>'
