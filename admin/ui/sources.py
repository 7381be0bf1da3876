"""The Sources tab: places that documents are kept up to date from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.sources_handlers import SourcesHandlers

TICK_S = 1.0


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    clock: gr.Timer
    form: gr.HTML
    notice: gr.HTML
    plan: gr.HTML
    table: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    clock = gr.Timer(TICK_S, active=False)
    form = live_html("", "new-source", asset("sources.js"), "enter", "look")
    notice = gr.HTML("", elem_id="source-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    plan = live_html("", "plan", "", "sync", "shut")
    return Tab(clock, form, notice, plan, live_html("", "sources", "", "look", "sync", "purge", "remove"))


def wire(tab: Tab, shown_first: list[Any], handlers: SourcesHandlers) -> None:
    """Join the components to the handlers. The only place with this tab's events."""

    def list_after(event: Callable[..., Any]) -> None:
        event(handlers.listed, None, [tab.table, tab.clock], trigger_mode="always_last", **QUIETLY)

    for moment in (*shown_first, tab.clock.tick):
        list_after(moment)
    for moment in shown_first:
        moment(handlers.form, None, tab.form, **QUIETLY)
    added = tab.form.enter(handlers.added, None, [tab.notice, tab.plan], **QUIETLY)
    added.success(handlers.form, None, tab.form, **QUIETLY)
    changes = (
        added,
        tab.table.sync(handlers.synced, None, [tab.notice, tab.plan], **QUIETLY),
        tab.plan.sync(handlers.synced, None, [tab.notice, tab.plan], **QUIETLY),
        tab.table.purge(handlers.purged, None, tab.notice, **QUIETLY),
        tab.table.remove(handlers.removed, None, tab.notice, **QUIETLY),
    )
    for change in changes:
        list_after(change.success)
    looks = [
        tab.form.look(handlers.tried, None, tab.plan, **QUIETLY),
        tab.table.look(handlers.previewed, None, tab.plan, **QUIETLY),
    ]
    for look in looks:
        look.failure(lambda: "", None, tab.plan, **QUIETLY)
    tab.plan.shut(lambda: "", None, tab.plan, cancels=looks, **QUIETLY)
