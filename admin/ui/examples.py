"""The tab of training examples, and the review that opens over it: `draw` makes the components, `wire` joins them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.ui import examples_words as words
from admin.ui.documents import named_files
from admin.ui.drawer import Drawer
from admin.ui.examples_handlers import ExamplesHandlers
from admin.ui.examples_review import Round
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.review_handlers import ReviewHandlers
from chat.store.example_listing import View

TICK_S = 2.0
"""How often the list is looked at again while drafts come."""
LOOKS = ("stop", "stage", "outdated", "sort", "turn", "open", "review")
CHANGES = ("approve", "work", "reject", "export", "remove")
REVIEW = ("step", "approve", "work", "reject", "undo", "edit", "open", "shut")
KINDS = [".jsonl", ".json", ".csv", ".tsv", ".parquet", ".txt"]


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    view: gr.State
    pending: gr.State
    last: gr.State
    clock: gr.Timer
    collections: gr.HTML
    target: gr.HTML
    upload: gr.File
    forms: gr.HTML
    notice: gr.HTML
    filter: gr.Textbox
    table: gr.HTML
    download: gr.HTML
    now: gr.State
    review: gr.HTML
    checks: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """What `ExamplesHandlers.listed` draws anew."""
        return [self.view, self.collections, self.target, self.forms, self.table, self.clock]


def draw() -> Tab:
    """The tab's components, in reading order."""
    view, pending, last, now = gr.State(View()), gr.State(None), gr.State(None), gr.State(Round())
    clock = gr.Timer(TICK_S, active=False)
    collections = live_html("", "example-collections", "", "choose")
    with gr.Column(elem_id="example-drop"):
        target = gr.HTML("", elem_id="example-target", apply_default_css=False)
        upload = gr.File(
            file_count="multiple", file_types=KINDS, label=words.UPLOAD, show_label=False, elem_id="example-upload",
            height=76,
        )  # fmt: skip
        upload.preprocess = named_files  # type: ignore[assignment,method-assign]
    forms = live_html("", "example-forms", asset("examples.js"), "write", "draft", "export")
    notice = live_html("", "example-notice", asset("notice.js"), "anyway", "undo")
    filter_ = gr.Textbox(
        placeholder=words.SEARCH, label=words.SEARCH, show_label=False, container=False, elem_id="example-filter"
    )
    table = live_html("", "examples", asset("selection.js"), *LOOKS, *CHANGES)
    download = gr.HTML("", elem_id="example-file", js_on_load=asset("download.js"), apply_default_css=False)
    review = live_html("", "review", asset("open_article.js"), *REVIEW)
    checks = gr.HTML("", elem_id="example-checks", js_on_load=asset("checked.js"), apply_default_css=False)
    return Tab(
        view, pending, last, clock, collections, target, upload, forms, notice, filter_, table, download, now, review,
        checks,
    )  # fmt: skip


def wire(
    tab: Tab, opened: Drawer, shown_first: list[Any], documents: Handlers, own: ExamplesHandlers, review: ReviewHandlers
) -> None:
    """Join the components to the handlers. The only place with this tab's events."""

    def list_after(event: Callable[..., Any]) -> None:
        event(own.listed, tab.view, tab.shown, trigger_mode="always_last", **QUIETLY)

    for moment in (*shown_first, tab.clock.tick):
        list_after(moment)
    for change, handler in (
        (tab.collections.choose, own.chosen),
        (tab.table.stage, own.staged),
        (tab.table.sort, own.sorted),
        (tab.table.turn, own.turned),
    ):
        list_after(change(handler, tab.view, tab.view, **QUIETLY).success)
    list_after(tab.table.outdated(own.outdated, tab.view, tab.view, **QUIETLY).success)
    typed = tab.filter.input(own.filtered, [tab.filter, tab.view], tab.view, trigger_mode="always_last", **QUIETLY)
    list_after(typed.success)
    for done in _changes(tab, own):
        list_after(done.success)
    for event in (tab.forms.export, tab.table.export):
        event(own.exported, tab.view, [tab.download, tab.notice], **QUIETLY)
    list_after(_wire_review(tab, opened, documents, review).success)


def _changes(tab: Tab, own: ExamplesHandlers) -> list[Any]:
    """The events that change what there is."""
    decided = [tab.notice, tab.last]
    return [
        tab.upload.upload(own.imported, [tab.upload, tab.view], [tab.notice, tab.upload, tab.pending], **QUIETLY),
        tab.notice.anyway(own.imported_anyway, [tab.pending, tab.view], [tab.notice, tab.pending], **QUIETLY),
        tab.forms.write(own.written, tab.view, [tab.notice, tab.forms], **QUIETLY),
        tab.forms.draft(own.drafted, None, [tab.notice, tab.clock], **QUIETLY),
        tab.table.approve(own.approved, None, decided, **QUIETLY),
        tab.table.work(own.sent_back, None, decided, **QUIETLY),
        tab.table.reject(own.rejected, None, decided, **QUIETLY),
        tab.notice.undo(own.taken_back, tab.last, decided, **QUIETLY),
        tab.table.stop(own.stopped, None, tab.notice, **QUIETLY),
        tab.table.remove(own.removed, None, tab.notice, **QUIETLY),
    ]


def wire_opening(event: Callable[..., Any], tab: Tab, review: ReviewHandlers) -> None:
    """Let an event of another panel, which names an example, open it in review."""
    shown = event(review.opened, tab.view, [tab.now, tab.review], **QUIETLY)
    shown.success(review.checked, tab.now, tab.checks, trigger_mode="always_last", **QUIETLY)


def _wire_review(tab: Tab, opened: Drawer, documents: Handlers, review: ReviewHandlers) -> Any:
    """Join the review; what the checks say comes after each example. Returns the event that ends it."""
    shown, decided = [tab.now, tab.review], [tab.now, tab.review, tab.last]
    for event in (
        tab.table.review(review.begun, tab.view, shown, **QUIETLY),
        tab.table.open(review.opened, tab.view, shown, **QUIETLY),
        tab.review.step(review.stepped, tab.now, shown, **QUIETLY),
        tab.review.approve(review.approved, tab.now, decided, **QUIETLY),
        tab.review.work(review.sent_back, tab.now, decided, **QUIETLY),
        tab.review.reject(review.rejected, tab.now, decided, **QUIETLY),
        tab.review.undo(review.taken_back, [tab.now, tab.last], decided, **QUIETLY),
        tab.review.edit(review.edited, tab.now, shown, **QUIETLY),
    ):
        event.success(review.checked, tab.now, tab.checks, trigger_mode="always_last", **QUIETLY)
    tab.review.open(documents.opened, None, [opened.now, opened.shown], **QUIETLY)
    return tab.review.shut(review.closed, None, [tab.now, tab.review, tab.checks], **QUIETLY)
