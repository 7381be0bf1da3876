"""The drawer in which a document opens, from whichever tab."""

from dataclasses import dataclass

import gradio as gr

from admin.ui.handlers import Handlers, Opened
from admin.ui.markup import QUIETLY, asset, live_html


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
    events = ("rollback", "retry", "remove", "window", "shut")
    return Drawer(gr.State(Opened()), live_html("", "document", asset("document.js"), *events))


def wire(drawer: Drawer, handlers: Handlers) -> None:
    """Join the drawer's own events to the handlers."""
    drawer.shown.window(handlers.windowed, None, [drawer.now, drawer.shown], **QUIETLY)
    drawer.shown.shut(drawer.closed, None, [drawer.now, drawer.shown], **QUIETLY)
