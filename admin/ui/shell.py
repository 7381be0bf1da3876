"""The admin page: a header with the state of the workers, the tabs, and the drawer in which documents open.

A new tab is a module with `draw` and `wire`; it finds its room here, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.evaluation import report
from admin.service.adapters import Adapters
from admin.service.bench import Bench
from admin.service.checks import Checks
from admin.service.editing import Editing
from admin.service.evaluations import Evaluations
from admin.service.examples import Examples
from admin.service.jobs import Jobs
from admin.service.library import Library
from admin.service.members import Membership
from admin.service.people import People
from admin.service.question_sets import QuestionSets
from admin.service.snapshots import Snapshots
from admin.service.sources import Sources
from admin.service.training import Training
from admin.service.triage import Triage
from admin.ui import (
    adapters,
    adapters_words,
    documents,
    drawer,
    evaluation,
    evaluation_words,
    examples,
    examples_words,
    freezing,
    jobs,
    members,
    people,
    people_words,
    retrieval,
    sources,
    sources_words,
    training,
    training_words,
    triage,
    triage_words,
    web_page,
    weighing,
    words,
)
from admin.ui.adapters_handlers import AdaptersHandlers
from admin.ui.checks_handlers import ChecksHandlers
from admin.ui.editing_handlers import EditingHandlers
from admin.ui.evaluation_handlers import EvaluationHandlers
from admin.ui.examples_handlers import ExamplesHandlers
from admin.ui.handlers import Handlers
from admin.ui.jobs_handlers import JobsHandlers
from admin.ui.markup import QUIETLY, asset
from admin.ui.members import MembersHandlers
from admin.ui.people_handlers import PeopleHandlers
from admin.ui.review_handlers import ReviewHandlers
from admin.ui.snapshots_handlers import SnapshotsHandlers
from admin.ui.sources_handlers import SourcesHandlers
from admin.ui.training_handlers import TrainingHandlers
from admin.ui.triage_handlers import TriageHandlers
from admin.ui.weighing import WeighingHandlers
from chat.door.keys import Keys
from chat.ui import kit
from chat.ui.edge import guarded

STYLES = (
    "admin.css",
    "members.css",
    "sources.css",
    "jobs.css",
    "adapters.css",
    "examples.css",
    "snapshots.css",
    "training.css",
    "evaluation.css",
    "triage.css",
    "people.css",
)


def head() -> str:
    """What goes into the page's head: the look that both apps share, and what only this one has."""
    style = "".join(map(asset, STYLES)) + report.stylesheet()
    return f"{kit.head()}\n<style>{style}</style>\n<script>{asset('admin.js')}</script>"


@dataclass(frozen=True)
class Services:
    """What the page works with."""

    library: Library
    editing: Editing
    bench: Bench
    membership: Membership
    sources: Sources
    jobs: Jobs
    adapters: Adapters
    examples: Examples
    checks: Checks
    snapshots: Snapshots
    training: Training
    question_sets: QuestionSets
    evaluations: Evaluations
    triage: Triage
    people: People
    keys: Keys


@dataclass(frozen=True)
class _Page:
    """The page's components: each tab with its place, and what opens over them."""

    blocks: gr.Blocks
    queue: gr.HTML
    documents: documents.Tab
    retrieval: retrieval.Tab
    sources: sources.Tab
    feedback: triage.Tab
    examples: examples.Tab
    freezing: freezing.Tabs
    training: training.Tab
    evaluation: evaluation.Tab
    adapters: adapters.Tab
    jobs: jobs.Tab
    people: people.Tab
    places: Mapping[str, gr.Tab]
    opened: drawer.Drawer
    circle: gr.HTML
    weighed: gr.HTML

    def shown(self, tab: str) -> list[Any]:
        """The events at which a tab comes into view."""
        return [self.blocks.load, self.places[tab].select]


def build(services: Services, chat_port: int) -> gr.Blocks:
    """The page over these services, ready to be mounted."""
    blocks = gr.Blocks(title=words.TITLE, fill_width=True, analytics_enabled=False)
    with blocks:
        page = _draw(blocks, chat_port)
        handlers = Handlers(services.library, services.bench)
        _wire_documents(page, services, handlers)
        _wire_lessons(page, services, handlers)
        jobs.wire(page.jobs, page.opened, [page.places[words.JOBS].select], handlers, JobsHandlers(services.jobs))
        people.wire(
            page.people, [page.places[people_words.PEOPLE].select], PeopleHandlers(services.people, services.keys)
        )
        page.queue.look(handlers.queue, None, page.queue, **QUIETLY)
    return guarded(blocks)


def _draw(blocks: gr.Blocks, chat_port: int) -> _Page:
    gr.HTML(_bar(chat_port), elem_id="bar", apply_default_css=False)
    queue = gr.HTML("", elem_id="queue", js_on_load=asset("queue.js"), apply_default_css=False)
    places: dict[str, gr.Tab] = {}

    def place(name: str) -> gr.Tab:
        return places.setdefault(name, gr.Tab(name))

    with gr.Tabs(elem_id="tabs"):
        with place(words.DOCUMENTS):
            documents_tab = documents.draw()
        with place(words.RETRIEVAL):
            retrieval_tab = retrieval.draw()
        with place(sources_words.SOURCES):
            sources_tab = sources.draw()
        with place(triage_words.FEEDBACK):
            feedback_tab = triage.draw()
        with place(examples_words.EXAMPLES), gr.Tabs(elem_id="examples-tabs"):
            with gr.Tab(examples_words.LIST):
                examples_tab = examples.draw()
            freezing_tabs = freezing.draw()
        with place(training_words.TRAINING):
            training_tab = training.draw()
        with place(evaluation_words.EVALUATION):
            evaluation_tab = evaluation.draw()
        with place(adapters_words.ADAPTERS):
            adapters_tab = adapters.draw()
        with place(words.JOBS):
            jobs_tab = jobs.draw()
        with place(people_words.PEOPLE):
            people_tab = people.draw(chat_port)
    return _Page(
        blocks, queue, documents_tab, retrieval_tab, sources_tab, feedback_tab, examples_tab, freezing_tabs,
        training_tab, evaluation_tab, adapters_tab, jobs_tab, people_tab, places,
        drawer.draw(), members.draw(), weighing.draw(),
    )  # fmt: skip


def _wire_documents(page: _Page, services: Services, handlers: Handlers) -> None:
    """What is known: documents, how they are found, where they come from, and what opens over them."""
    tab, opened, changes = page.documents, page.opened, EditingHandlers(services.library, services.editing)
    documents.wire(tab, opened, page.blocks, page.queue, handlers, changes)
    retrieval.wire(page.retrieval, opened, page.shown(words.RETRIEVAL), handlers)
    keeping = SourcesHandlers(services.sources, services.library)
    sources.wire(page.sources, page.shown(sources_words.SOURCES), keeping)
    web_page.wire(tab.page, tab.view, tab.notice, tab.clock, keeping)
    looking = TriageHandlers(services.triage)
    place, shown = page.places[triage_words.FEEDBACK], page.shown(triage_words.FEEDBACK)
    triage.wire(page.feedback, place, opened, shown, handlers, looking)
    drawer.wire(opened, handlers, changes)
    weighing.wire(page.weighed, [tab.table.weigh, opened.shown.weigh], WeighingHandlers(services.bench))
    for done in members.wire(page.circle, tab.collections.members, MembersHandlers(services.membership)):
        done.success(handlers.listed, tab.view, tab.shown, **QUIETLY)


def _wire_lessons(page: _Page, services: Services, handlers: Handlers) -> None:
    """What is learned: from examples through snapshots and runs to adapters, and how they are judged."""
    taught, checking = services.examples, services.checks
    own, reviewing = ExamplesHandlers(taught), ReviewHandlers(taught, checking)
    examples.wire(page.examples, page.opened, page.shown(examples_words.EXAMPLES), handlers, own, reviewing)
    freezing.wire(page.freezing, ChecksHandlers(checking, taught), SnapshotsHandlers(services.snapshots, taught))
    examples.wire_opening(page.freezing.checks.report.open, page.examples, reviewing)
    training.wire(page.training, page.shown(training_words.TRAINING), TrainingHandlers(services.training))
    judging = EvaluationHandlers(services.evaluations, services.question_sets)
    evaluation.wire(page.evaluation, page.shown(evaluation_words.EVALUATION), judging)
    adapters.wire(page.adapters, page.shown(adapters_words.ADAPTERS), AdaptersHandlers(services.adapters))


def _bar(chat_port: int) -> str:
    """The bar at the top: the name, the way to the chat, the switch between light and dark."""
    chat = f'<a class="chat" href="http://127.0.0.1:{chat_port}" data-port="{chat_port}">{words.CHAT}</a>'
    name = f'<span class="name">{words.PRODUCT} <small>{words.PLACE}</small></span>'
    return name + chat + kit.icon_button("appearance", words.APPEARANCE)
