"""The Retrieval tab: what a question finds, and why; how a collection is searched, and what other settings change."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.curation.bench.trace import MOST
from admin.ui import retrieval_words, words
from admin.ui.drawer import Drawer
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, asset, choice, empty, live_html
from admin.ui.retrieval_handlers import RetrievalHandlers

AT_ONCE = 4
"""How many questions may be tried at the same time."""
ONE: dict[str, Any] = {"concurrency_limit": 1}
"""Of events that ask all labelled questions: one at a time."""
NOTHING_ASKED = empty(words.RETRIEVAL_EMPTY, words.RETRIEVAL_EMPTY_HINT)


@dataclass(frozen=True)
class Tab:
    """The components that take part in events. `trial` are the settings that may be made live."""

    question: gr.Textbox
    collection: gr.HTML
    tag: gr.HTML
    draft: gr.HTML
    passages: gr.Number
    search: gr.Button
    findings: gr.HTML
    trial: gr.State
    tuning: gr.HTML
    outcome: gr.HTML
    labelled: gr.HTML
    load: gr.UploadButton


def draw() -> Tab:
    """The tab's components, in reading order."""
    with gr.Row(elem_id="probe"):
        question = gr.Textbox(
            placeholder=words.QUESTION_PLACEHOLDER, label=words.QUESTION, show_label=False, container=False,
            elem_id="probe-question",
        )  # fmt: skip
        collection = choice("probe-collection", words.COLLECTION)
        tag = choice("probe-tag", retrieval_words.TAG)
        draft = choice("probe-draft", retrieval_words.DRAFT)
        passages = gr.Number(10, label=words.PASSAGES, precision=0, minimum=1, maximum=MOST, elem_id="probe-k")
        search = gr.Button(words.SEARCH, variant="primary", elem_id="probe-search")
    return Tab(
        question, collection, tag, draft, passages, search,
        findings=live_html(NOTHING_ASKED, "findings", "", "open", "mark", "unanswered"),
        trial=gr.State(None),
        tuning=live_html("", "tuning", asset("tuning.js"), "one", "all", "fit", "back"),
        outcome=live_html("", "outcome", asset("notice.js"), "live", "stop"),
        labelled=live_html("", "labelled", "", "check", "forget", "ask"),
        load=gr.UploadButton(
            retrieval_words.IMPORT, file_types=[".jsonl", ".json"], visible=False, size="sm",
            elem_id="import-questions",
        ),
    )  # fmt: skip


def wire(tab: Tab, drawer: Drawer, shown_first: list[Any], handlers: Handlers) -> None:
    """Join the components to the handlers. `shown_first` are the events at which the tab comes into view."""
    bench = RetrievalHandlers(handlers.bench)
    shown = [tab.tuning, tab.labelled, tab.load]
    standing: dict[str, Any] = {"fn": bench.standing, "inputs": tab.collection, "outputs": shown, **QUIETLY}
    drafts = {"fn": bench.drafts, "inputs": [tab.collection, tab.draft], "outputs": tab.draft, **QUIETLY}
    tags = {"fn": bench.tags, "inputs": [tab.collection, tab.tag], "outputs": tab.tag, **QUIETLY}
    for event in shown_first:
        event(handlers.choices, None, tab.collection, **QUIETLY).then(**standing).then(**tags).then(**drafts)
    tab.collection.change(**tags)
    tab.collection.change(**drafts)
    tab.collection.change(**standing).then(lambda: "", None, tab.outcome, **QUIETLY)
    asked = [tab.question, tab.collection, tab.passages, tab.tag]
    _asking(tab, [*asked, tab.draft], handlers, bench)
    tab.findings.open(handlers.opened, None, [drawer.now, drawer.shown], **QUIETLY)
    marked = tab.findings.mark(bench.marked, None, None, **QUIETLY)
    marked.success(handlers.probed, [*asked, tab.draft], tab.findings, **QUIETLY).then(**standing)
    tab.findings.unanswered(bench.unanswered, tab.collection, tab.outcome, **QUIETLY).success(**standing)
    tab.tuning.one(bench.beside, asked, tab.outcome, concurrency_limit=AT_ONCE, **QUIETLY)
    events = ((tab.tuning.all, bench.compared), (tab.tuning.fit, bench.fitted), (tab.tuning.back, bench.going_back))
    asking = [_comparing(event, handler, tab, bench) for event, handler in events]
    asking.append(tab.labelled.check(bench.checked, tab.collection, [tab.labelled, tab.outcome], **ONE, **QUIETLY))
    tab.outcome.stop(bench.stopped, None, [tab.trial, tab.outcome], queue=False, cancels=asking, **QUIETLY)
    tab.load.upload(bench.imported, [tab.load, tab.collection], tab.outcome, **QUIETLY).success(**standing)
    tab.outcome.live(bench.made_live, tab.trial, tab.outcome, **QUIETLY).success(**standing)
    tab.labelled.forget(bench.forgotten, None, None, **QUIETLY).success(**standing)


def _asking(tab: Tab, asked: list[Any], handlers: Handlers, bench: RetrievalHandlers) -> None:
    """The ways to ask: Enter, the button, and a labelled question that is clicked."""
    chosen = tab.labelled.ask(bench.asked, None, tab.question, **QUIETLY)
    for event in (tab.question.submit, tab.search.click, chosen.success):
        begun = event(handlers.probing, None, tab.findings, queue=False, **QUIETLY)
        found = begun.success(handlers.probed, asked, tab.findings, concurrency_limit=AT_ONCE, **QUIETLY)
        found.failure(lambda: NOTHING_ASKED, None, tab.findings, **QUIETLY)


def _comparing(event: Any, handler: Any, tab: Tab, bench: RetrievalHandlers) -> Any:
    """All labelled questions are asked: what is going on is shown meanwhile, and taken away when it fails."""
    event(bench.working, None, tab.outcome, queue=False, **QUIETLY)
    done = event(handler, tab.collection, [tab.trial, tab.outcome], **ONE, **QUIETLY)
    done.failure(lambda: "", None, tab.outcome, **QUIETLY)
    return done
