"""The Retrieval tab: what a question finds, and why."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.curation.bench import MOST
from admin.ui import words
from admin.ui.drawer import Drawer
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, choice, empty, live_html

AT_ONCE = 4
"""How many questions may be tried at the same time."""
NOTHING_ASKED = empty(words.RETRIEVAL_EMPTY, words.RETRIEVAL_EMPTY_HINT)


@dataclass(frozen=True)
class Tab:
    """The components that take part in events."""

    question: gr.Textbox
    collection: gr.HTML
    passages: gr.Number
    search: gr.Button
    findings: gr.HTML


def draw() -> Tab:
    """The tab's components, in reading order."""
    with gr.Row(elem_id="probe"):
        question = gr.Textbox(
            placeholder=words.QUESTION_PLACEHOLDER, label=words.QUESTION, show_label=False, container=False,
            elem_id="probe-question",
        )  # fmt: skip
        collection = choice("probe-collection", words.COLLECTION)
        passages = gr.Number(10, label=words.PASSAGES, precision=0, minimum=1, maximum=MOST, elem_id="probe-k")
        search = gr.Button(words.SEARCH, variant="primary", elem_id="probe-search")
    return Tab(question, collection, passages, search, live_html(NOTHING_ASKED, "findings", "", "open"))


def wire(tab: Tab, drawer: Drawer, shown_first: list[Any], handlers: Handlers) -> None:
    """Join the components to the handlers. `shown_first` are the events at which the tab comes into view."""
    for event in shown_first:
        event(handlers.choices, None, tab.collection, **QUIETLY)
    asked = [tab.question, tab.collection, tab.passages]
    for event in (tab.question.submit, tab.search.click):
        begun = event(handlers.probing, None, tab.findings, queue=False, **QUIETLY)
        found = begun.success(handlers.probed, asked, tab.findings, concurrency_limit=AT_ONCE, **QUIETLY)
        found.failure(lambda: NOTHING_ASKED, None, tab.findings, **QUIETLY)
    tab.findings.open(handlers.opened, None, [drawer.now, drawer.shown], **QUIETLY)
