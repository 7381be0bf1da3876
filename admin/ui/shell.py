"""The admin page: a header with the state of the workers, the tabs, and the drawer in which documents open.

A new tab is a module with `draw` and `wire`; it finds its room in `build`, and nowhere else.
"""

import gradio as gr

from admin.service.bench import Bench
from admin.service.editing import Editing
from admin.service.jobs import Jobs
from admin.service.library import Library
from admin.service.members import Membership
from admin.service.sources import Sources
from admin.ui import documents, drawer, jobs, members, retrieval, sources, sources_words, web_page, weighing, words
from admin.ui.editing_handlers import EditingHandlers
from admin.ui.handlers import Handlers
from admin.ui.jobs_handlers import JobsHandlers
from admin.ui.markup import QUIETLY, asset
from admin.ui.members import MembersHandlers
from admin.ui.sources_handlers import SourcesHandlers
from admin.ui.weighing import WeighingHandlers
from chat.ui import kit


def head() -> str:
    """What goes into the page's head: the look that both apps share, and what only this one has."""
    style = asset("admin.css") + asset("members.css") + asset("sources.css") + asset("jobs.css")
    return f"{kit.head()}\n<style>{style}</style>\n<script>{asset('admin.js')}</script>"


def build(
    library: Library, editing: Editing, bench: Bench, membership: Membership, kept: Sources, work: Jobs, chat_port: int
) -> gr.Blocks:
    """The page over these services, ready to be mounted."""
    handlers, changes = Handlers(library, bench), EditingHandlers(library, editing)
    page = gr.Blocks(title=words.TITLE, fill_width=True, analytics_enabled=False)
    with page:
        gr.HTML(_bar(chat_port), elem_id="bar", apply_default_css=False)
        queue = gr.HTML("", elem_id="queue", js_on_load=asset("queue.js"), apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(words.DOCUMENTS):
                documents_tab = documents.draw()
            with gr.Tab(words.RETRIEVAL) as retrieval_place:
                retrieval_tab = retrieval.draw()
            with gr.Tab(sources_words.SOURCES) as sources_place:
                sources_tab = sources.draw()
            with gr.Tab(words.JOBS) as jobs_place:
                jobs_tab = jobs.draw()
        opened, circle, weighed = drawer.draw(), members.draw(), weighing.draw()
        documents.wire(documents_tab, opened, page, queue, handlers, changes)
        retrieval.wire(retrieval_tab, opened, [page.load, retrieval_place.select], handlers)
        keeping = SourcesHandlers(kept, library)
        sources.wire(sources_tab, [page.load, sources_place.select], keeping)
        web_page.wire(documents_tab.page, documents_tab.view, documents_tab.notice, documents_tab.clock, keeping)
        jobs.wire(jobs_tab, opened, [jobs_place.select], handlers, JobsHandlers(work))
        drawer.wire(opened, handlers, changes)
        weighing.wire(weighed, [documents_tab.table.weigh, opened.shown.weigh], WeighingHandlers(bench))
        for done in members.wire(circle, documents_tab.collections.members, MembersHandlers(membership)):
            done.success(handlers.listed, documents_tab.view, documents_tab.shown, **QUIETLY)
        queue.look(handlers.queue, None, queue, **QUIETLY)
    return page


def _bar(chat_port: int) -> str:
    """The bar at the top: the name, the way to the chat, the switch between light and dark."""
    chat = f'<a class="chat" href="http://127.0.0.1:{chat_port}" data-port="{chat_port}">{words.CHAT}</a>'
    name = f'<span class="name">{words.PRODUCT} <small>{words.PLACE}</small></span>'
    return name + chat + kit.icon_button("appearance", words.APPEARANCE)
