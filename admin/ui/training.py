"""The Training tab: what is to be learned, what that will take, how it goes, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.training_handlers import TrainingHandlers

TICK_S = 2.0
"""How often a run that is under way is looked at again."""


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    clock: gr.Timer
    asked: gr.State
    """What the form asked for last."""
    now: gr.State
    """The run that is open."""
    form: gr.HTML
    notice: gr.HTML
    before: gr.HTML
    tokens: gr.HTML
    table: gr.HTML
    run: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    clock, script = gr.Timer(TICK_S, active=False), asset("training.js")
    notice = gr.HTML("", elem_id="training-notice", js_on_load=asset("notice.js"), apply_default_css=False)
    return Tab(
        clock=clock,
        asked=gr.State(None),
        now=gr.State(None),
        form=live_html("", "new-run", script, "choose", "look", "measure", "rehearse", "begin"),
        notice=notice,
        before=live_html("", "before-run", "", "halt"),
        tokens=live_html("", "run-tokens", asset("examples.js"), "row", "shut"),
        table=live_html("", "runs", "", "open", "pause", "stop", "resume", "remove"),
        run=live_html("", "run", script, "shut", "pause", "stop", "resume", "remove"),
    )


def wire(tab: Tab, shown_first: list[Any], handlers: TrainingHandlers) -> None:
    """Join the components to the handlers. The only place with this tab's events."""

    def look_after(event: Callable[..., Any]) -> None:
        event(handlers.listed, None, [tab.table, tab.clock], trigger_mode="always_last", **QUIETLY)
        event(handlers.reopened, tab.now, tab.run, trigger_mode="always_last", **QUIETLY)

    for moment in (*shown_first, tab.clock.tick):
        look_after(moment)
    for moment in shown_first:
        moment(handlers.form, None, tab.form, **QUIETLY)
    _wire_before(tab, handlers, look_after)
    for place in (tab.table, tab.run):
        for event, handler in (
            (place.pause, handlers.paused),
            (place.stop, handlers.stopped),
            (place.resume, handlers.resumed),
        ):
            look_after(event(handler, None, tab.notice, **QUIETLY).success)
        look_after(place.remove(handlers.removed, None, [tab.notice, tab.now, tab.run], **QUIETLY).success)
    tab.table.open(handlers.opened, None, [tab.now, tab.run], **QUIETLY)
    tab.run.shut(lambda: (None, ""), None, [tab.now, tab.run], **QUIETLY)


def _wire_before(tab: Tab, handlers: TrainingHandlers, look_after: Callable[..., None]) -> None:
    """Join what comes before a run: the form, the tokens, the estimate."""
    tab.form.choose(handlers.chosen, None, tab.form, **QUIETLY)
    working = []
    for event, handler, shown in (
        (tab.form.look, handlers.looked, [tab.before, tab.tokens]),
        (tab.form.measure, handlers.estimated, tab.before),
        (tab.form.rehearse, handlers.tried, tab.before),
    ):
        working.append(event(handlers.asked, None, tab.asked, **QUIETLY).success(handler, tab.asked, shown, **QUIETLY))
    tab.before.halt(handlers.halted, None, tab.before, queue=False, cancels=working, **QUIETLY)
    tab.tokens.row(handlers.turned, tab.asked, tab.tokens, **QUIETLY)
    tab.tokens.shut(lambda: "", None, tab.tokens, **QUIETLY)
    asked = tab.form.begin(handlers.asked, None, tab.asked, **QUIETLY)
    begun = asked.success(handlers.begun, tab.asked, [tab.notice, tab.before], **QUIETLY)
    look_after(begun.success)
