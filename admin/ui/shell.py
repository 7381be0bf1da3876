"""The admin page: a header with the state of the workers, the tabs, and the drawer in which documents open.

A new tab is a module with `draw` and `wire`; it finds its room in `build`, and nowhere else.
"""

import gradio as gr

from admin.curation.bench import Bench
from admin.service.library import Library
from admin.ui import documents, drawer, retrieval, words
from admin.ui.handlers import Handlers
from admin.ui.markup import QUIETLY, asset
from chat.ui import kit


def head() -> str:
    """What goes into the page's head: the look that both apps share, and what only this one has."""
    return f"{kit.head()}\n<style>{asset('admin.css')}</style>\n<script>{asset('admin.js')}</script>"


def build(library: Library, bench: Bench, chat_port: int) -> gr.Blocks:
    """The page over these services, ready to be mounted."""
    handlers = Handlers(library, bench)
    page = gr.Blocks(title=words.TITLE, fill_width=True, analytics_enabled=False)
    with page:
        gr.HTML(_bar(chat_port), elem_id="bar", apply_default_css=False)
        queue = gr.HTML("", elem_id="queue", js_on_load=asset("queue.js"), apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(words.DOCUMENTS):
                documents_tab = documents.draw()
            with gr.Tab(words.RETRIEVAL) as retrieval_place:
                retrieval_tab = retrieval.draw()
        opened = drawer.draw()
        documents.wire(documents_tab, opened, page, queue, handlers)
        retrieval.wire(retrieval_tab, opened, [page.load, retrieval_place.select], handlers)
        drawer.wire(opened, handlers)
        queue.look(handlers.queue, None, queue, **QUIETLY)
    return page


def _bar(chat_port: int) -> str:
    """The bar at the top: the name, the way to the chat, the switch between light and dark."""
    chat = f'<a class="chat" href="http://127.0.0.1:{chat_port}" data-port="{chat_port}">{words.CHAT}</a>'
    name = f'<span class="name">{words.PRODUCT} <small>{words.PLACE}</small></span>'
    return name + chat + kit.icon_button("appearance", words.APPEARANCE)
