"""The Evaluation tab: questions put to several ways of answering, and the report of which is better."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.evaluation_handlers import EvaluationHandlers
from admin.ui.markup import QUIETLY, asset, live_html

TICK_S = 2.0


@dataclass(frozen=True)
class Tab:
    """The components that take part in events. `file` hands a report to the browser, to be kept."""

    clock: gr.Timer
    form: gr.HTML
    notice: gr.HTML
    table: gr.HTML
    report: gr.HTML
    file: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    clock = gr.Timer(TICK_S, active=False)
    form = live_html("", "new-evaluation", asset("evaluation.js"), "begin", "freeze", "choose")
    notice = gr.HTML("", elem_id="evaluation-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    table = live_html("", "evaluations", "", "open", "stop", "resume", "remove")
    report = live_html("", "evaluation", asset("evaluation_report.js"), "shut", "save")
    file = gr.HTML("", elem_id="evaluation-file", js_on_load=asset("evaluation_file.js"), apply_default_css=False)
    return Tab(clock, form, notice, table, report, file)


def wire(tab: Tab, shown_first: list[Any], handlers: EvaluationHandlers) -> None:
    """Join the components to the handlers. The only place with this tab's events."""

    def list_after(event: Callable[..., Any]) -> None:
        event(handlers.listed, None, [tab.table, tab.clock], trigger_mode="always_last", **QUIETLY)

    for moment in (*shown_first, tab.clock.tick):
        list_after(moment)
    for moment in shown_first:
        moment(handlers.form, None, tab.form, **QUIETLY)
    tab.form.choose(handlers.chosen, None, tab.form, **QUIETLY)
    tab.form.freeze(handlers.frozen, None, [tab.form, tab.notice], **QUIETLY)
    for change, handler in (
        (tab.form.begin, handlers.begun),
        (tab.table.stop, handlers.stopped),
        (tab.table.resume, handlers.resumed),
        (tab.table.remove, handlers.removed),
    ):
        list_after(change(handler, None, tab.notice, **QUIETLY).success)
    tab.table.open(handlers.opened, None, tab.report, **QUIETLY)
    tab.report.shut(lambda: "", None, tab.report, **QUIETLY)
    tab.report.save(handlers.saved, None, tab.file, **QUIETLY)
