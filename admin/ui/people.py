"""The People tab: who is let in, what each may do, and the keys that programs ask with."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.people_handlers import PeopleHandlers


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    notice: gr.HTML
    people: gr.HTML
    keys: gr.HTML


def draw(chat_port: int) -> Tab:
    """The tab's components, in reading order. `chat_port` completes the links that are given to people."""
    script = f"const chatPort = {int(chat_port)};\n{asset('notice.js')}{asset('told_once.js')}"
    notice = gr.HTML("", elem_id="people-notice", js_on_load=script, apply_default_css=False)
    sends = asset("people.js")
    people = live_html("", "people", sends, "invite", "link", "rank", "suspend", "restore", "out")
    return Tab(notice, people, live_html("", "keys", sends, "make", "revoke"))


def wire(tab: Tab, shown_first: list[Any], own: PeopleHandlers) -> None:
    """Join the components to the handlers. `shown_first` are the events at which the tab comes into view."""
    for event in shown_first:
        event(own.shown, None, tab.people, **QUIETLY)
        event(own.keys, None, tab.keys, **QUIETLY)
    for change, handler in (
        (tab.people.invite, own.invited),
        (tab.people.link, own.linked),
        (tab.people.rank, own.ranked),
        (tab.people.suspend, own.suspended),
        (tab.people.restore, own.restored),
        (tab.people.out, own.signed_out),
    ):
        changed = change(handler, None, tab.notice, **QUIETLY)
        changed.success(own.shown, None, tab.people, **QUIETLY).then(own.keys, None, tab.keys, **QUIETLY)
    for change, handler in ((tab.keys.make, own.made), (tab.keys.revoke, own.revoked)):
        change(handler, None, tab.notice, **QUIETLY).success(own.keys, None, tab.keys, **QUIETLY)
