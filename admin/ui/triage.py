"""The Feedback tab: answers that people were unhappy with, where each went wrong, and what cures that."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.drawer import Drawer
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.triage_case import Round
from admin.ui.triage_handlers import TriageHandlers
from chat.store.triage import View


@dataclass(frozen=True)
class Tab:
    """The components that take part in events; `now` is which answer is open, `case` what is shown of it."""

    view: gr.State
    page: gr.HTML
    now: gr.State
    case: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    view, now = gr.State(View()), gr.State(Round())
    page = live_html("", "feedback", asset("feedback.js"), "open", "stage", "choose", "reason", "look")
    script = asset("open_article.js") + asset("looking.js")
    case = live_html("", "case", script, "step", "right", "write", "mended", "dismiss", "undo", "document", "shut")
    return Tab(view, page, now, case)


def wire(
    tab: Tab, place: gr.Tab, opened: Drawer, shown_first: list[Any], documents: Handlers, own: TriageHandlers
) -> None:
    """Join the components to the handlers. `place` is the tab itself, whose title says how much is open."""
    filters = [
        (tab.page.stage, own.staged),
        (tab.page.choose, own.chosen),
        (tab.page.reason, own.reasoned),
    ]
    chosen = [event(handler, tab.view, tab.view, **QUIETLY).success for event, handler in filters]
    here = [tab.now, tab.case]
    tab.page.open(own.opened, tab.view, here, **QUIETLY).failure(own.closed, None, here, **QUIETLY)
    tab.case.step(own.stepped, tab.now, here, **QUIETLY)
    tab.case.document(documents.opened, None, [opened.now, opened.shown], **QUIETLY)
    deeds = [
        (tab.case.right, own.labelled),
        (tab.case.write, own.written),
        (tab.case.mended, own.mended),
        (tab.case.dismiss, own.dismissed),
        (tab.case.undo, own.taken_back),
    ]
    done = [event(handler, tab.now, tab.case, **QUIETLY).success for event, handler in deeds]
    shut = tab.case.shut(own.closed, None, here, **QUIETLY).success
    for event in (*shown_first, tab.page.look, *chosen, *done, shut):
        event(own.listed, tab.view, [tab.view, tab.page, place], trigger_mode="always_last", **QUIETLY)
