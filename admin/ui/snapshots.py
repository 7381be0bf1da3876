"""The snapshots: freezing approved examples, and the list of what was frozen."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.snapshots_handlers import SnapshotsHandlers


@dataclass(frozen=True)
class Panel:
    """The components that take part in events."""

    form: gr.HTML
    notice: gr.HTML
    table: gr.HTML
    opened: gr.HTML


def draw() -> Panel:
    """The panel's components, in reading order."""
    form = live_html("", "new-snapshot", asset("form.js"), "enter")
    notice = gr.HTML("", elem_id="snapshot-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    table = live_html("", "snapshots", asset("form.js"), "look", "remove", "compare")
    return Panel(form, notice, table, live_html("", "snapshot", "", "shut"))


def wire(panel: Panel, shown_first: list[Any], handlers: SnapshotsHandlers) -> None:
    """Join the components to the handlers. The only place with this panel's events."""
    listed = [panel.form, panel.table]
    for moment in shown_first:
        moment(handlers.listed, None, listed, trigger_mode="always_last", **QUIETLY)
    created = panel.form.enter(handlers.created, None, panel.notice, **QUIETLY)
    created.failure(lambda: "", None, panel.notice, **QUIETLY)
    removed = panel.table.remove(handlers.removed, None, panel.notice, **QUIETLY)
    for change in (created, removed):
        change.success(handlers.listed, None, listed, trigger_mode="always_last", **QUIETLY)
    removed.success(lambda: "", None, panel.opened, **QUIETLY)
    panel.table.look(handlers.opened, None, panel.opened, **QUIETLY)
    panel.table.compare(handlers.compared, None, panel.opened, **QUIETLY)
    panel.opened.shut(lambda: "", None, panel.opened, **QUIETLY)
