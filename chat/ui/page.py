"""The chat page: `draw` makes its components, `wire` joins them to the handlers, `build` does both."""

from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr
from gradio.events import api

from chat.ui import comparing, words
from chat.ui.comparing_handlers import Comparing
from chat.ui.comparing_handlers import Service as ComparingService
from chat.ui.edge import guarded
from chat.ui.handlers import STARTERS, Handlers, welcome
from chat.ui.handlers import Service as ChattingService
from chat.ui.kit import AT_ONCE, QUIETLY, asset, chooser, icon_button
from chat.ui.ways import USUAL


@dataclass(frozen=True)
class Page:
    """The components that take part in events."""

    blocks: gr.Blocks
    conversation: gr.Textbox
    asked: gr.State
    new_chat: gr.Button
    search: gr.Textbox
    conversations: gr.HTML
    greeting: gr.HTML
    starters: list[gr.Button]
    chat: gr.Chatbot
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    mode: gr.Radio
    way: gr.HTML
    collection: gr.HTML
    opinion: gr.HTML
    compare: comparing.Comparison
    passage: gr.HTML


class Service(ChattingService, ComparingService, Protocol):
    """What the page needs of the assistant."""


def build(service: Service) -> gr.Blocks:
    """The page over this service, ready to be mounted."""
    page = draw()
    with page.blocks:
        wire(page, Handlers(service))
        comparing.wire(page.compare, Comparing(service), page.blocks, page.collection)
    return guarded(page.blocks)


def draw() -> Page:
    """The page's components, in reading order."""
    with gr.Blocks(title=words.PRODUCT, fill_width=True, fill_height=True, analytics_enabled=False) as blocks:
        conversation = gr.Textbox(visible="hidden", elem_id="conversation", label=words.CONVERSATIONS)
        asked = gr.State("")
        with gr.Column(elem_id="sidebar"):
            new_chat, search, conversations = _sidebar()
        with gr.Column(elem_id="main"):
            gr.HTML(_bar(), elem_id="bar", apply_default_css=False)
            with gr.Column(elem_id="welcome"):
                greeting = gr.HTML(welcome(), elem_id="greeting", apply_default_css=False)
                with gr.Row(elem_id="starters"):
                    starters = [gr.Button(visible=False, elem_classes="starter") for _ in range(STARTERS)]
            chat = _thread()
            with gr.Column(elem_id="composer"):
                question, send, stop, mode, way, collection = _composer()
            compare = comparing.draw()
        opinion = _opinion()
        passage = gr.HTML("", elem_id="passage", js_on_load=asset("passage.js"), apply_default_css=False)
    return Page(
        blocks, conversation, asked, new_chat, search, conversations, greeting, starters,
        chat, question, send, stop, mode, way, collection, opinion, compare, passage,
    )  # fmt: skip


def _sidebar() -> tuple[gr.Button, gr.Textbox, gr.HTML]:
    new_chat = gr.Button(words.NEW_CHAT, elem_id="new-chat")
    search = gr.Textbox(
        placeholder=words.SEARCH, label=words.SEARCH, show_label=False, container=False, elem_id="search"
    )
    conversations = gr.HTML(
        "", elem_id="conversations", js_on_load=asset("conversations.js"), apply_default_css=False,
        words={
            "rename": words.RENAME, "delete": words.DELETE, "cancel": words.CANCEL,
            "question": words.DELETE_TITLE, "warning": words.DELETE_WARNING,
        },
    )  # fmt: skip
    return new_chat, search, conversations


def _bar() -> str:
    """The bar above the thread: the sidebar's switch, the name, the way to compare, light or dark."""
    switches = icon_button("compare", words.COMPARE) + icon_button("appearance", words.APPEARANCE)
    return f'{icon_button("menu", words.SIDEBAR)}<span class="name">{words.PRODUCT}</span>{switches}'


def _thread() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat", show_label=False, container=False, height="100%", layout="bubble", buttons=[],
        sanitize_html=True, allow_tags=False, latex_delimiters=[], feedback_options=None,
    )  # fmt: skip


def _opinion() -> gr.HTML:
    """What asks why an answer was bad, and sends what is thought of it."""
    return gr.HTML(
        "", elem_id="opinion", js_on_load=asset("opinion.js"), apply_default_css=False, reasons=words.REASONS,
        words={
            "title": words.WHAT_WAS_WRONG, "kept": words.RATED, "comment": words.COMMENT, "keep": words.KEEP,
            "correction": words.CORRECTION, "later": words.LATER, "back": words.TAKE_BACK,
        },
    )  # fmt: skip


def _composer() -> tuple[gr.Textbox, gr.Button, gr.Button, gr.Radio, gr.HTML, gr.HTML]:
    with gr.Row(elem_id="asking"):
        question = gr.Textbox(
            placeholder=words.QUESTION_PLACEHOLDER, label=words.QUESTION, show_label=False, container=False,
            lines=1, max_lines=8, autofocus=True, elem_id="question",
        )  # fmt: skip
        send = gr.Button(words.SEND, variant="primary", elem_id="send")
        stop = gr.Button(words.STOP, elem_id="stop")
    with gr.Row(elem_id="choices"):
        modes = [(words.MODES["rag"], USUAL), (words.MODES["base"], "base")]
        mode = gr.Radio(modes, value=USUAL, label=words.MODE, container=False, elem_id="mode")
        way = chooser("way", words.MODE)
        collection = chooser("collection", words.COLLECTION)
        gr.HTML(
            "".join(f'<span class="{value}">{hint}</span>' for value, hint in words.MODE_HINTS.items()), elem_id="hint"
        )
    return question, send, stop, mode, way, collection


def wire(page: Page, handlers: Handlers) -> None:
    """Join the components to the handlers. The only place with events."""
    begun = [_beginning(page, handlers, trigger, source) for trigger, source in _ways_to_ask(page)]
    answering = [_answering(page, handlers, event) for event in begun]
    following = [
        _arriving(page, handlers),
        _moving(page, handlers, answering),
        _listing(page, handlers, begun, answering),
    ]
    for event in begun:
        event.success(None, cancels=following, **QUIETLY)
    freed = page.stop.click(None, cancels=[*answering, *following], **QUIETLY)
    freed.then(handlers.followed, page.conversation, [page.conversation, page.chat], **QUIETLY)
    # A thumb and the words that follow it come one soon after the other: each counts, in that order.
    in_order = QUIETLY | {"trigger_mode": "multiple", "concurrency_limit": 1}
    page.opinion.rate(handlers.rated, page.conversation, page.chat, **in_order)
    page.passage.cite(handlers.passage_opened, page.conversation, page.passage, **QUIETLY)

    def ask(
        question: str, mode: str = "", collection: str = "", adapter: str = "", request: gr.Request | None = None
    ) -> tuple[str, list[dict[str, Any]]]:
        """Ask a question; the answer's text and its citations come back."""
        return handlers.ask_once(question, f"{mode}:{adapter}" if adapter else mode, collection, request)

    api(ask, api_name="ask", concurrency_limit=AT_ONCE)


def _ways_to_ask(page: Page) -> list[tuple[Any, gr.Textbox | gr.Button]]:
    """Each event that asks, with the component that holds the question."""
    typed = [(page.question.submit, page.question), (page.send.click, page.question)]
    return [*typed, *((starter.click, starter) for starter in page.starters)]


def _beginning(page: Page, handlers: Handlers, trigger: Any, source: gr.Textbox | gr.Button) -> Any:
    shown = [page.question, page.asked, page.conversation, page.chat]
    return trigger(handlers.begin, [source, page.conversation, page.mode, page.way], shown, queue=False, **QUIETLY)


def _answering(page: Page, handlers: Handlers, begun: Any) -> Any:
    """The event that ends when the answer does, and that Stop ends earlier."""
    inputs = [page.asked, page.conversation, page.mode, page.collection, page.way]
    answered = begun.success(handlers.reply, inputs, page.chat, **QUIETLY)
    answered.failure(handlers.followed, page.conversation, [page.conversation, page.chat], **QUIETLY)
    return answered


def _arriving(page: Page, handlers: Handlers) -> Any:
    """What a page that is opened or loaded again begins with. Returns the event that shows its conversation."""
    page.blocks.load(handlers.collections, None, page.collection, **QUIETLY)
    for trigger in (page.blocks.load, page.collection.change):
        trigger(handlers.greeting, page.collection, page.greeting, **QUIETLY)
        trigger(handlers.starters, page.collection, page.starters, **QUIETLY)
        trigger(handlers.ways, page.collection, [page.mode, page.way], **QUIETLY)
    return page.blocks.load(
        handlers.arrived, page.conversation, [page.conversation, page.chat],
        js="apprentice.addressed", **QUIETLY,
    )  # fmt: skip


def _moving(page: Page, handlers: Handlers, answering: list[Any]) -> Any:
    """From one conversation to another, which stops an answer that is being written."""
    shown = [page.conversation, page.chat]
    away: dict[str, Any] = {"cancels": answering, "js": "apprentice.moved", **QUIETLY}
    page.new_chat.click(lambda: ("", []), None, shown, **away)
    page.conversation.change(None, page.conversation, None, js="apprentice.address", **QUIETLY)
    return page.conversations.open(handlers.opened, None, shown, **away)


def _listing(page: Page, handlers: Handlers, begun: list[Any], answering: list[Any]) -> Any:
    """What is done in the list of conversations, and all that changes it."""
    renamed = page.conversations.rename(handlers.renamed, None, None, **QUIETLY)
    removed = page.conversations.remove(
        handlers.removed, page.conversation, page.conversation, cancels=answering, **QUIETLY
    )
    shown = [page.conversation, page.chat]
    left = removed.success(handlers.followed, page.conversation, shown, **QUIETLY)
    changes = [page.blocks.load, page.conversation.change, page.search.change, renamed.success, removed.success]
    for change in [*changes, *(event.success for event in begun)]:
        change(
            handlers.listed, [page.search, page.conversation], page.conversations,
            trigger_mode="always_last", **QUIETLY,
        )  # fmt: skip
    return left
