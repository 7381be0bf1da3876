"""The Documents tab: `draw` makes its components, `wire` joins them to the handlers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, ListFiles

from admin.ui import drawer, web_page, words
from admin.ui.drawer import Drawer
from admin.ui.editing_handlers import EditingHandlers
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.web_page import PageField
from chat.store.catalogue import View

TICK_S = 1.0
"""How often the list is looked at again while something is in work."""
LOOKS = ("open", "sort", "stage", "turn", "narrow", "weigh")
CHANGES = ("retry", "reread", "remove", "cancel", "tag", "publish")
"""The events of the list: those that only look, and those that change documents."""


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    view: gr.State
    clock: gr.Timer
    notice: gr.HTML
    collections: gr.HTML
    target: gr.HTML
    upload: gr.File
    page: PageField
    drafts: gr.Checkbox
    filter: gr.Textbox
    table: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """What `Handlers.listed` draws anew."""
        return [self.view, self.collections, self.table, self.target, self.clock]


def draw() -> Tab:
    """The tab's components, in reading order."""
    view, clock = gr.State(View()), gr.Timer(TICK_S, active=False)
    collections = live_html("", "collections", "", "choose", "create", "drop", "members")
    with gr.Column(elem_id="drop"):
        target = gr.HTML("", elem_id="target", js_on_load=asset("upload.js"), apply_default_css=False)
        upload = gr.File(file_count="multiple", label=words.UPLOAD, show_label=False, elem_id="upload", height=76)
        # Not a subclass: Gradio writes a .pyi file beside the source of each.
        upload.preprocess = named_files  # type: ignore[assignment,method-assign]
    page = web_page.draw()
    drafts = gr.Checkbox(label=words.AS_DRAFTS, show_label=False, container=False, elem_id="drafts")
    notice = gr.HTML("", elem_id="notice", js_on_load=asset("notice.js"), apply_default_css=False)
    filter_ = gr.Textbox(
        placeholder=words.FILTER, label=words.FILTER, show_label=False, container=False, elem_id="filter"
    )
    table = live_html("", "documents", asset("selection.js"), *LOOKS, *CHANGES)
    return Tab(view, clock, notice, collections, target, upload, page, drafts, filter_, table)


def named_files(payload: ListFiles | FileData | None) -> list[tuple[Path, str]]:
    """Uploaded files with the names they had, not those that Gradio's cache gave them. It vouches for the paths."""
    files = payload.root if isinstance(payload, ListFiles) else [payload] if payload else []
    return [(Path(file.path), file.orig_name or Path(file.path).name) for file in files]


def wire(
    tab: Tab, opened: Drawer, page: gr.Blocks, queue: gr.HTML, handlers: Handlers, editing: EditingHandlers
) -> None:
    """Join the components to the handlers. The only place with this tab's events."""

    def list_after(event: Callable[..., Any]) -> Any:
        event(handlers.queue, None, queue, trigger_mode="always_last", **QUIETLY)
        return event(handlers.listed, tab.view, tab.shown, trigger_mode="always_last", **QUIETLY)

    def all_after(event: Callable[..., Any]) -> None:
        # The document after the list, which decides whether the clock goes on: the last look must be the latest one.
        list_after(event).success(handlers.reopened, opened.now, opened.shown, **QUIETLY)

    for change, handler in (
        (tab.collections.choose, handlers.chosen),
        (tab.table.stage, handlers.staged),
        (tab.table.sort, handlers.sorted),
        (tab.table.turn, handlers.turned),
        (tab.table.narrow, editing.narrowed),
    ):
        list_after(change(handler, tab.view, tab.view, **QUIETLY).success)
    # Not `input`, which passes over what is pasted first.
    typed = tab.filter.change(
        handlers.filtered, [tab.filter, tab.view], tab.view, trigger_mode="always_last", **QUIETLY
    )
    list_after(typed.success)
    for done in (*_changes(tab, handlers, editing), *drawer.changes(opened, tab.notice, handlers, editing)):
        all_after(done.success)
    list_after(page.load)
    all_after(tab.clock.tick)
    tab.table.open(handlers.opened, None, [opened.now, opened.shown], **QUIETLY)


def _changes(tab: Tab, handlers: Handlers, editing: EditingHandlers) -> list[Any]:
    """The events of the tab that change what there is."""
    return [
        tab.upload.upload(handlers.uploaded, [tab.upload, tab.view, tab.drafts], [tab.notice, tab.upload], **QUIETLY),
        tab.table.remove(handlers.removed, None, tab.notice, **QUIETLY),
        tab.table.retry(handlers.retried, None, tab.notice, **QUIETLY),
        tab.table.reread(handlers.reread, None, tab.notice, **QUIETLY),
        tab.table.cancel(editing.cancelled, None, tab.notice, **QUIETLY),
        tab.table.tag(editing.tagged, None, tab.notice, **QUIETLY),
        tab.table.publish(editing.all_published, None, tab.notice, **QUIETLY),
        tab.collections.create(handlers.created, tab.view, [tab.view, tab.notice], **QUIETLY),
        tab.collections.drop(handlers.dropped, None, tab.notice, **QUIETLY),
    ]
