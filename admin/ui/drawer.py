"""The drawer in which a document opens, from whichever tab."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.editing_handlers import EditingHandlers
from admin.ui.handlers import Handlers, Opened
from admin.ui.markup import QUIETLY, asset, live_html

CHANGES = ("rollback", "retry", "reread", "remove", "publish", "cancel", "tag", "rewrite", "split", "merge", "switch")
"""The events that change the document."""


@dataclass(frozen=True)
class Drawer:
    """The components that take part in events: which document is open, and what is shown of it."""

    now: gr.State
    shown: gr.HTML

    @staticmethod
    def closed() -> tuple[Opened, str]:
        """Nothing open."""
        return Opened(), ""


def draw() -> Drawer:
    """The drawer, closed."""
    return Drawer(
        gr.State(Opened()),
        live_html("", "document", asset("document.js"), "window", "shut", "show", "compare", "weigh", *CHANGES),
    )


def wire(drawer: Drawer, handlers: Handlers, editing: EditingHandlers) -> None:
    """Join the events that only show something else to the handlers."""
    here = [drawer.now, drawer.shown]
    drawer.shown.window(handlers.windowed, None, here, **QUIETLY)
    drawer.shown.show(editing.shown, None, here, **QUIETLY)
    drawer.shown.compare(editing.compared, None, here, **QUIETLY)
    drawer.shown.shut(drawer.closed, None, here, **QUIETLY)


def changes(drawer: Drawer, notice: gr.HTML, handlers: Handlers, editing: EditingHandlers) -> list[Any]:
    """Join the events that change the document, and close it when it is gone. Returns the events, to list after."""
    shown, here = drawer.shown, [drawer.now, drawer.shown]
    changed = [
        event(handler, None, notice, **QUIETLY)
        for event, handler in (
            (shown.rollback, handlers.rolled_back),
            (shown.retry, handlers.retried),
            (shown.reread, handlers.reread),
            (shown.publish, editing.published),
            (shown.cancel, editing.cancelled),
            (shown.tag, editing.tagged),
        )
    ]
    edited = [
        event(handler, None, [*here, notice], **QUIETLY)
        for event, handler in (
            (shown.rewrite, editing.rewritten),
            (shown.split, editing.split),
            (shown.merge, editing.merged),
            (shown.switch, editing.switched),
        )
    ]
    removed = shown.remove(handlers.removed, None, notice, **QUIETLY)
    removed.success(drawer.closed, None, here, **QUIETLY)
    return [*changed, *edited, removed]
