"""The Documents tab: `draw` makes its components, `wire` joins them to the handlers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, ListFiles

from admin.ui import words
from admin.ui.drawer import Drawer
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, asset, live_html
from chat.store.catalogue import View

TICK_S = 1.0
"""How often the list is looked at again while something is in work."""


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    view: gr.State
    clock: gr.Timer
    notice: gr.HTML
    collections: gr.HTML
    target: gr.HTML
    upload: gr.File
    filter: gr.Textbox
    table: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    view, clock = gr.State(View()), gr.Timer(TICK_S, active=False)
    collections = live_html("", "collections", "", "choose", "create", "drop")
    with gr.Column(elem_id="drop"):
        target = gr.HTML("", elem_id="target", apply_default_css=False)
        upload = gr.File(file_count="multiple", label=words.UPLOAD, show_label=False, elem_id="upload", height=76)
        # Not a subclass: Gradio writes a .pyi file beside the source of each.
        upload.preprocess = named_files  # type: ignore[assignment,method-assign]
    notice = gr.HTML("", elem_id="notice", js_on_load=asset("notice.js"), apply_default_css=False)
    filter_ = gr.Textbox(
        placeholder=words.FILTER, label=words.FILTER, show_label=False, container=False, elem_id="filter"
    )
    table = live_html("", "documents", asset("selection.js"), "open", "sort", "stage", "turn", "retry", "remove")
    return Tab(view, clock, notice, collections, target, upload, filter_, table)


def named_files(payload: ListFiles | FileData | None) -> list[tuple[Path, str]]:
    """Uploaded files with the names they had, not those that Gradio's cache gave them. It vouches for the paths."""
    files = payload.root if isinstance(payload, ListFiles) else [payload] if payload else []
    return [(Path(file.path), Path(file.orig_name or file.path).name) for file in files]


def wire(tab: Tab, drawer: Drawer, page: gr.Blocks, queue: gr.HTML, handlers: Handlers) -> None:
    """Join the components to the handlers. The only place with this tab's events."""
    shown = [tab.view, tab.collections, tab.table, tab.target, tab.clock]

    def list_after(event: Callable[..., Any]) -> None:
        event(handlers.listed, tab.view, shown, trigger_mode="always_last", **QUIETLY)
        event(handlers.queue, None, queue, trigger_mode="always_last", **QUIETLY)

    for change, handler in (
        (tab.collections.choose, handlers.chosen),
        (tab.table.stage, handlers.staged),
        (tab.table.sort, handlers.sorted),
        (tab.table.turn, handlers.turned),
    ):
        list_after(change(handler, tab.view, tab.view, **QUIETLY).success)
    typed = tab.filter.input(handlers.filtered, [tab.filter, tab.view], tab.view, trigger_mode="always_last", **QUIETLY)
    list_after(typed.success)
    for done in (*_changes(tab, handlers), *_drawer_changes(drawer, tab, handlers)):
        list_after(done.success)
    for moment in (page.load, tab.clock.tick):
        list_after(moment)
    tab.clock.tick(handlers.reopened, drawer.now, drawer.shown, **QUIETLY)
    tab.table.open(handlers.opened, None, [drawer.now, drawer.shown], **QUIETLY)


def _changes(tab: Tab, handlers: Handlers) -> list[Any]:
    """The events of the tab that change what there is."""
    return [
        tab.upload.upload(handlers.uploaded, [tab.upload, tab.view], [tab.notice, tab.upload], **QUIETLY),
        tab.table.remove(handlers.removed, None, tab.notice, **QUIETLY),
        tab.table.retry(handlers.retried, None, tab.notice, **QUIETLY),
        tab.collections.create(handlers.created, tab.view, [tab.view, tab.notice], **QUIETLY),
        tab.collections.drop(handlers.dropped, None, tab.notice, **QUIETLY),
    ]


def _drawer_changes(drawer: Drawer, tab: Tab, handlers: Handlers) -> list[Any]:
    """The events of the open document that change what there is; it is shown again, or closed when it is gone."""
    changed = [
        drawer.shown.rollback(handlers.rolled_back, None, tab.notice, **QUIETLY),
        drawer.shown.retry(handlers.retried, None, tab.notice, **QUIETLY),
    ]
    for event in changed:
        event.success(handlers.reopened, drawer.now, drawer.shown, **QUIETLY)
    removed = drawer.shown.remove(handlers.removed, None, tab.notice, **QUIETLY)
    removed.success(drawer.closed, None, [drawer.now, drawer.shown], **QUIETLY)
    return [*changed, removed]
