"""The Jobs tab: who works, what is being worked on, what waits, and what went wrong."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.drawer import Drawer
from admin.ui.handlers import Handlers
from admin.ui.jobs_handlers import JobsHandlers
from admin.ui.markup import QUIETLY, asset, live_html

TICK_S = 2.0
"""How often it is looked at again while something is in work."""


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    clock: gr.Timer
    notice: gr.HTML
    workload: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    notice = gr.HTML("", elem_id="jobs-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    workload = live_html("", "jobs", "", "cancel", "again", "retry", "open")
    return Tab(gr.Timer(TICK_S, active=False), notice, workload)


def wire(tab: Tab, drawer: Drawer, shown_first: list[Any], handlers: Handlers, own: JobsHandlers) -> None:
    """Join the components to the handlers. `shown_first` are the events at which the tab comes into view."""
    shown = [tab.workload, tab.clock]
    for event in (*shown_first, tab.clock.tick):
        event(own.workload, None, shown, trigger_mode="always_last", **QUIETLY)
    for change, handler in (
        (tab.workload.cancel, own.cancelled),
        (tab.workload.again, own.tried_again),
        (tab.workload.retry, handlers.retried),
    ):
        changed = change(handler, None, tab.notice, **QUIETLY)
        changed.success(own.workload, None, shown, trigger_mode="always_last", **QUIETLY)
    tab.workload.open(handlers.opened, None, [drawer.now, drawer.shown], **QUIETLY)
