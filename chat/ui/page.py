"""The chat page: `draw` makes its components, `wire` joins them to the handlers, `build` does both."""

from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr
from gradio.events import api

from chat.ui import comparing, words
from chat.ui.answering import Answering, Answers
from chat.ui.answering import Service as AnsweringService
from chat.ui.answering import Talks as AnsweringTalks
from chat.ui.comparing_handlers import Comparing
from chat.ui.comparing_handlers import Service as ComparingService
from chat.ui.edge import guarded
from chat.ui.handlers import STARTERS, Handlers, welcome
from chat.ui.handlers import Service as ChattingService
from chat.ui.kit import AT_ONCE, QUIETLY, asset, chooser, icon_button
from chat.ui.sharing import Sharing
from chat.ui.sharing import Talks as SharingTalks
from chat.ui.ways import USUAL

FOLLOWERS = 200
"""How many pages may look at growing answers at the same time."""
FOLLOWING: dict[str, Any] = QUIETLY | {"concurrency_limit": None, "trigger_mode": "always_last"}
"""How a page follows answers: one after the other, and with as many others as there are, since that costs little."""


@dataclass(frozen=True)
class Page:
    """The components that take part in events."""

    blocks: gr.Blocks
    conversation: gr.Textbox
    watch: gr.HTML
    talk: gr.HTML
    sharing: gr.HTML
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


class Talks(AnsweringTalks, SharingTalks, Protocol):
    """What the page needs of a person's conversations."""


class Service(ChattingService, ComparingService, AnsweringService, Protocol):
    """What the page needs of the assistant."""


def build(service: Service, answers: Answers, talks: Talks) -> gr.Blocks:
    """The page over these services, ready to be mounted."""
    page = draw()
    with page.blocks:
        wire(page, Handlers(service), Answering(service, answers, talks))
        _sharing(page, Sharing(talks))
        comparing.wire(page.compare, Comparing(service), page.blocks, page.collection)
    # Whoever follows an answer counts as at work, and by default no more than 40 may be.
    page.blocks.max_threads = FOLLOWERS
    page.blocks.queue()
    return guarded(page.blocks)


def draw() -> Page:
    """The page's components, in reading order."""
    with gr.Blocks(title=words.PRODUCT, fill_width=True, fill_height=True, analytics_enabled=False) as blocks:
        conversation = gr.Textbox(visible="hidden", elem_id="conversation", label=words.CONVERSATIONS)
        talk, sharing = _with_messages()
        watch = gr.HTML("", visible="hidden", elem_id="watch", js_on_load=asset("watch.js"), apply_default_css=False)
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
        blocks, conversation, watch, talk, sharing, new_chat, search, conversations, greeting, starters,
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
    switches = (
        icon_button("share", words.SHARE)
        + icon_button("compare", words.COMPARE)
        + icon_button("appearance", words.APPEARANCE)
    )
    return f'{icon_button("menu", words.SIDEBAR)}<span class="name">{words.PRODUCT}</span>{switches}'


def _with_messages() -> tuple[gr.HTML, gr.HTML]:
    """What sends what is done with a message, and with a conversation; nothing of them is seen."""
    unseen: dict[str, Any] = {"visible": "hidden", "apply_default_css": False}
    talk = gr.HTML(
        "", elem_id="talk", js_on_load=asset("talk.js"), **unseen,
        words={
            "title": words.EDIT_TITLE, "hint": words.EDIT_HINT, "question": words.QUESTION,
            "send": words.SEND, "cancel": words.CANCEL,
        },
    )  # fmt: skip
    sharing = gr.HTML(
        "", elem_id="sharing", js_on_load=asset("sharing.js"), **unseen,
        words={
            "title": words.SHARE, "hint": words.SHARE_HINT, "link": words.SHARE_LINK, "publish": words.SHARE_PUBLISH,
            "copy": words.SHARE_COPY, "revoke": words.SHARE_REVOKE, "taken": words.SHARE_TAKEN,
            "keep": words.KEEP_COPY, "close": words.CLOSE,
        },
    )  # fmt: skip
    return talk, sharing


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


def wire(page: Page, handlers: Handlers, answering: Answering) -> None:
    """Join the components to the handlers. The only place with events."""
    following = page.watch.look(answering.followed, page.conversation, page.chat, **FOLLOWING)
    following.success(None, None, None, js="apprentice.followed", **QUIETLY)
    begun = [_beginning(page, answering, trigger, source) for trigger, source in _ways_to_ask(page)]
    page.stop.click(answering.stopped, page.conversation, None, **QUIETLY)
    _arriving(page, handlers, answering)
    _moving(page, answering, following)
    _listing(page, handlers, answering, begun, following)
    _with_versions(page, answering, following)
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


def _thread_of(page: Page) -> list[Any]:
    """What shows a conversation."""
    return [page.conversation, page.chat]


def _beginning(page: Page, answering: Answering, trigger: Any, source: gr.Textbox | gr.Button) -> Any:
    inputs = [source, page.conversation, page.mode, page.collection, page.way]
    return trigger(answering.begin, inputs, [page.question, *_thread_of(page)], queue=False, **QUIETLY)


def _with_versions(page: Page, answering: Answering, following: Any) -> None:
    """A question in other words or another answer to it, the way through them, and on in a conversation of its own."""
    inputs = [page.conversation, page.mode, page.collection, page.way]
    page.talk.resend(answering.resent, inputs, _thread_of(page), queue=False, **QUIETLY)
    page.talk.turn(answering.turned, page.conversation, page.chat, cancels=following, **QUIETLY)
    page.talk.fork(answering.forked, None, _thread_of(page), cancels=following, **QUIETLY)


def _sharing(page: Page, sharing: Sharing) -> None:
    for event, handler in (
        (page.sharing.look, sharing.link),
        (page.sharing.publish, sharing.published),
        (page.sharing.revoke, sharing.revoked),
    ):
        event(handler, page.conversation, page.sharing, **QUIETLY)


def _arriving(page: Page, handlers: Handlers, answering: Answering) -> None:
    """What a page that is opened or loaded again begins with."""
    page.blocks.load(handlers.collections, None, page.collection, **QUIETLY)
    for trigger in (page.blocks.load, page.collection.change):
        trigger(handlers.greeting, page.collection, page.greeting, **QUIETLY)
        trigger(handlers.starters, page.collection, page.starters, **QUIETLY)
        trigger(handlers.ways, page.collection, [page.mode, page.way], **QUIETLY)
    page.blocks.load(answering.arrived, page.conversation, _thread_of(page), js="apprentice.addressed", **QUIETLY)


def _moving(page: Page, answering: Answering, following: Any) -> None:
    """From one conversation to another: the answer that was being written goes on, and is no longer looked at."""
    away: dict[str, Any] = {"cancels": following, "js": "apprentice.moved", **QUIETLY}
    page.new_chat.click(lambda: ("", []), None, _thread_of(page), **away)
    page.conversation.change(None, page.conversation, None, js="apprentice.address", **QUIETLY)
    page.conversations.open(answering.opened, None, _thread_of(page), **away)


def _listing(page: Page, handlers: Handlers, answering: Answering, begun: list[Any], following: Any) -> None:
    """What is done in the list of conversations, and all that changes it."""
    renamed = page.conversations.rename(handlers.renamed, None, None, **QUIETLY)
    removed = page.conversations.remove(
        handlers.removed, page.conversation, page.conversation, cancels=following, **QUIETLY
    )
    removed.success(answering.shown, page.conversation, _thread_of(page), **QUIETLY)
    changes = [page.blocks.load, page.conversation.change, page.search.change, renamed.success, removed.success]
    for change in [*changes, *(event.success for event in begun)]:
        change(
            handlers.listed, [page.search, page.conversation], page.conversations,
            trigger_mode="always_last", **QUIETLY,
        )  # fmt: skip
