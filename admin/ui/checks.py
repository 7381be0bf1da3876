"""The panel of checks: what is wrong with a collection's training examples, and what can be done about it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui import checks_view
from admin.ui.checks_handlers import ChecksHandlers
from admin.ui.markup import QUIETLY, asset, live_html


@dataclass(frozen=True)
class Panel:
    """The components that take part in events."""

    collection: gr.State
    form: gr.HTML
    notice: gr.HTML
    report: gr.HTML


def draw() -> Panel:
    """The panel's components, in reading order."""
    form = live_html("", "checks-form", asset("form.js"), "enter")
    notice = gr.HTML("", elem_id="checks-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    report = live_html(
        checks_view.beginning(), "checks", asset("checks.js"), "accept", "every", "back", "redact", "open"
    )
    return Panel(gr.State(""), form, notice, report)


def wire(panel: Panel, shown_first: list[Any], handlers: ChecksHandlers) -> None:
    """Join the components to the handlers. The only place with this panel's events."""
    for moment in shown_first:
        moment(handlers.form, panel.collection, panel.form, **QUIETLY)
    chosen = panel.form.enter(handlers.chosen, None, panel.collection, **QUIETLY)
    looks = [chosen.success(handlers.checked, panel.collection, panel.report, **QUIETLY)]
    for change, handler in (
        (panel.report.accept, handlers.accepted),
        (panel.report.every, handlers.accepted_all),
        (panel.report.back, handlers.taken_back),
        (panel.report.redact, handlers.redacted),
    ):
        changed = change(handler, None, panel.notice, **QUIETLY)
        looks.append(changed.success(handlers.checked, panel.collection, panel.report, **QUIETLY))
    for look in looks:
        look.failure(checks_view.beginning, None, panel.report, **QUIETLY)
