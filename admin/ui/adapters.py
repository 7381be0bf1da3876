"""The Adapters tab: what was learned, which of it answers and where, and what was decided."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.adapters_handlers import AdaptersHandlers
from admin.ui.markup import QUIETLY, asset, live_html


@dataclass(frozen=True)
class Tab:
    """The components that take part in events; `panel` is the adapter that is open."""

    notice: gr.HTML
    page: gr.HTML
    panel: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    notice = gr.HTML("", elem_id="adapters-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    page = live_html("", "adapters", "", "open", "goback", "endtrial")
    panel = live_html(
        "",
        "adapter",
        asset("adapters.js"),
        "shut",
        "judge",
        "promote",
        "ask",
        "tryout",
        "retire",
        "reinstate",
        "discard",
    )
    return Tab(notice, page, panel)


def wire(tab: Tab, shown_first: list[Any], handlers: AdaptersHandlers) -> None:
    """Join the components to the handlers. `shown_first` are the events at which the tab comes into view."""
    for event in shown_first:
        event(handlers.listed, None, tab.page, **QUIETLY)
    tab.page.open(handlers.opened, None, tab.panel, **QUIETLY)
    tab.panel.shut(lambda: "", None, tab.panel, **QUIETLY)
    tab.panel.judge(handlers.opened, None, tab.panel, **QUIETLY)
    promoted = tab.panel.promote(handlers.promoted, None, [tab.notice, tab.panel], **QUIETLY)
    tab.panel.ask(handlers.asked, None, [tab.notice, tab.panel], **QUIETLY)
    changed = [
        tab.page.goback(handlers.rolled_back, None, tab.notice, **QUIETLY),
        tab.page.endtrial(handlers.trial_ended, None, tab.notice, **QUIETLY),
    ]
    closing = [
        tab.panel.tryout(handlers.tried, None, tab.notice, **QUIETLY),
        tab.panel.retire(handlers.retired, None, tab.notice, **QUIETLY),
        tab.panel.reinstate(handlers.reinstated, None, tab.notice, **QUIETLY),
        tab.panel.discard(handlers.deleted, None, tab.notice, **QUIETLY),
    ]
    for event in closing:
        event.success(lambda: "", None, tab.panel, **QUIETLY)
    for event in (promoted, *changed, *closing):
        event.success(handlers.listed, None, tab.page, trigger_mode="always_last", **QUIETLY)
