"""What the page does when something is clicked: plain functions over the service, each safe to call with any input.

The invariant: every argument may have been written by a stranger. Ids are validated here and looked up by the service,
which knows whose they are; what was said before always comes from the service, never from the page.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from html import escape
from itertools import chain
from typing import Any, Protocol, Self, cast
from uuid import UUID

import gradio as gr

from chat.errors import InvalidInputError, NotFoundError
from chat.rag.answer import Answer, Citation, Event, Mode, Retrieved, Source, Token
from chat.ui import passage, words
from chat.ui.edge import told
from chat.ui.sidebar import ConversationSummary, conversation_list
from chat.ui.thread import ChatMessage, ShownMessage, answer, growing, question, thread, working
from chat.ui.ways import USUAL, Ways, choice, for_asking

STARTERS = 4
"""Questions that an empty page offers, at most."""
FRAME_S = 1 / 15
"""An answer is redrawn at most this often."""
FOLLOW_S = 0.2
"""How often to look whether an answer that is written elsewhere, or being stopped, has gone on."""


class Conversation(Protocol):
    """A conversation and what was said in it."""

    @property
    def id(self) -> UUID: ...
    @property
    def title(self) -> str: ...
    @property
    def messages(self) -> Sequence[ShownMessage]: ...


class Collection(Protocol):
    """A body of documents that can be asked."""

    @property
    def name(self) -> str: ...
    @property
    def greeting(self) -> str: ...


class Service(Protocol):
    """What the page needs of the assistant."""

    def for_account(self, name: str | None) -> Self: ...
    def ask(
        self,
        question: str,
        *,
        mode: Mode | None = ...,
        adapter: str | None = ...,
        collection: str | None = ...,
        conversation_id: UUID | None = ...,
    ) -> Generator[Event, None, None]: ...
    def ways(self, collection: str | None = ...) -> Ways: ...
    def rate(
        self, message_id: UUID, rating: int, reasons: Sequence[str] = ..., comment: str = ..., correction: str = ...
    ) -> None: ...
    def unrate(self, message_id: UUID) -> None: ...
    def start_conversation(self, question: str) -> UUID: ...
    def conversations(self, search: str = ...) -> Sequence[ConversationSummary]: ...
    def conversation(self, conversation_id: UUID) -> Conversation: ...
    def rename_conversation(self, conversation_id: UUID, title: str) -> None: ...
    def delete_conversation(self, conversation_id: UUID) -> None: ...
    def passage(self, version_id: int, start: int, end: int) -> passage.Passage: ...
    def collections(self) -> Sequence[Collection]: ...
    def starters(self, collection: str | None) -> Sequence[str]: ...


@dataclass(frozen=True)
class Handlers:
    """The page's handlers over one service. Each may be called by anybody with anything."""

    service: Service

    @told
    def begin(
        self, text: str, conversation_id: str, mode: str, way: str = ""
    ) -> tuple[str, str, str, list[ChatMessage]]:
        """Show the question at once: the emptied input, the question, its conversation's id, and the thread."""
        asked = _text(text).strip()
        if not asked:
            raise InvalidInputError(words.TYPE_FIRST)
        chosen = choice(way or mode).mode
        doing = working(words.THINKING if chosen and not chosen.retrieves else words.SEARCHING)
        said = self.service.conversation(_id(conversation_id)).messages if conversation_id else []
        current = conversation_id or str(self.service.start_conversation(asked))
        return "", asked, current, [*thread(said), question(asked), doing]

    @told
    def reply(
        self, asked: str, conversation_id: str, mode: str, collection: str, way: str = ""
    ) -> Generator[list[ChatMessage], None, None]:
        """The thread again and again while the answer grows, then as it is kept. Closing this stops the model."""
        current = _id(conversation_id)
        said = [*thread(self.service.conversation(current).messages), question(asked)]
        chosen, scope = choice(way or mode), _text(collection) or None
        with closing(
            self.service.ask(asked, mode=chosen.mode, adapter=chosen.adapter, collection=scope, conversation_id=current)
        ) as events:
            for message in frames(events):
                yield [*said, message]
        yield thread(self.service.conversation(current).messages)

    @told
    def ask_once(self, text: str, way: str, collection: str) -> tuple[str, list[dict[str, Any]]]:
        """The answer to a question that belongs to no conversation, and its citations."""
        chosen = choice(way)
        *_, last = self.service.ask(text, mode=chosen.mode, adapter=chosen.adapter, collection=collection or None)
        whole = cast("Answer", last)
        return whole.text, [asdict(citation) for citation in whole.citations]

    @told
    def followed(self, conversation_id: str) -> Generator[tuple[str, list[ChatMessage]], None, None]:
        """A conversation's id and thread, until no answer in it is being written; both empty without an id."""
        writing = bool(conversation_id)
        if not writing:
            yield "", []
        while writing:
            conversation = self.service.conversation(_id(conversation_id))
            yield str(conversation.id), thread(conversation.messages)
            writing = any(message.status == "streaming" for message in conversation.messages)
            if writing:
                time.sleep(FOLLOW_S)

    @told
    def arrived(self, conversation_id: str) -> Generator[tuple[Any, Any], None, None]:
        """As `followed`; but a page whose address names no conversation is left as it is.

        Whoever asks at once has a conversation before this is called: emptying the page would take it away again.
        """
        if conversation_id:
            yield from self.followed(conversation_id)
        else:
            yield gr.skip(), gr.skip()

    @told
    def opened(self, event: gr.EventData) -> Generator[tuple[str, list[ChatMessage]], None, None]:
        """The conversation that was picked from the list."""
        yield from self.followed(_sent(event, "id"))

    @told
    def rated(self, conversation_id: str, event: gr.EventData) -> Any:
        """Keep what somebody thinks of an answer, or take it back; then the thread, unless an answer grows in it."""
        message_id, rating = _id(_sent(event, "id"), words.BAD_RATING), _sent(event, "rating")
        if rating == "0":
            self.service.unrate(message_id)
        else:
            reasons = [reason for reason in _sent(event, "reasons").split("|") if reason]
            value = {"1": 1, "-1": -1}.get(rating, 0)
            self.service.rate(message_id, value, reasons, _sent(event, "comment"), _sent(event, "correction"))
        messages = self.service.conversation(_id(conversation_id)).messages
        return gr.skip() if any(message.status == "streaming" for message in messages) else thread(messages)

    @told
    def ways(self, collection: str) -> tuple[Any, Any]:
        """The plain choice where there is no adapter, and the list where there is one."""
        there = self.service.ways(_text(collection) or None)
        listed = bool(there.adapters)
        return gr.update(visible=not listed), gr.HTML(
            choices=for_asking(there), value=USUAL if listed else "", visible=listed
        )

    @told
    def listed(self, search: str, conversation_id: str) -> str:
        """The list of conversations in which `search` occurs, as HTML."""
        sought = _text(search).strip()
        return conversation_list(self.service.conversations(sought), conversation_id, bool(sought))

    @told
    def renamed(self, event: gr.EventData) -> None:
        """Give a conversation another title; an empty one changes nothing."""
        conversation_id, title = _id(_sent(event, "id")), _sent(event, "title")
        if title.strip():
            self.service.rename_conversation(conversation_id, title)

    @told
    def removed(self, conversation_id: str, event: gr.EventData) -> str:
        """Delete a conversation. Returns the id of the one that is open then: none, if it was this one."""
        gone = _id(_sent(event, "id"))
        self.service.delete_conversation(gone)
        return "" if str(gone) == conversation_id else conversation_id

    @told
    def passage_opened(self, conversation_id: str, event: gr.EventData) -> str:
        """The passage that was clicked, in its document, as HTML."""
        version_id, start, end = _span(_sent(event, "passage"))
        try:
            return passage.opened(self.service.passage(version_id, start, end))
        except NotFoundError:
            messages = self.service.conversation(_id(conversation_id)).messages
            kept: Iterator[Citation | Source] = chain.from_iterable((*m.citations, *m.retrieved) for m in messages)
            return passage.deleted(next((each for each in kept if _is_at(each, version_id, start, end)), None))

    @told
    def collections(self) -> Any:
        """The choice of collections; not shown where there is none to make."""
        names = [collection.name for collection in self.service.collections()]
        choices = [("", words.ALL_COLLECTIONS), *((name, name) for name in names)]
        return gr.HTML(choices=choices, visible=len(names) > 1)

    @told
    def greeting(self, collection: str) -> str:
        """What an empty page says, as HTML."""
        found = [each.greeting for each in self.service.collections() if each.name == collection or not collection]
        return welcome(found[0] if len(found) == 1 and found[0] else words.GREETING)

    @told
    def starters(self, collection: str) -> list[Any]:
        """Questions to begin with, one for each of the `STARTERS` buttons; a button without one is not shown."""
        texts = list(self.service.starters(_text(collection) or None))[:STARTERS]
        left_over = [gr.update(visible=False)] * (STARTERS - len(texts))
        return [gr.update(value=text, visible=True) for text in texts] + left_over


def frames(events: Iterator[Event], clock: Callable[[], float] = time.monotonic) -> Iterator[ChatMessage]:
    """The answer as it grows, at most every `FRAME_S` seconds, and whole at the end."""
    text, drawn = "", -FRAME_S
    for event in events:
        match event:
            case Retrieved():
                yield working(words.READING)
            case Token():
                text += event.text
                if clock() - drawn >= FRAME_S:
                    drawn = clock()
                    yield growing(text)
            case Answer():
                yield answer(event)


def welcome(greeting: str = words.GREETING) -> str:
    """What an empty page says, as HTML."""
    return f"<h1>{escape(greeting)}</h1><p>{words.GREETING_HINT}</p>"


def _text(value: object) -> str:
    """What a component holds, if it is the text that it should be."""
    return value if isinstance(value, str) else ""


def _sent(event: gr.EventData, name: str) -> str:
    """What the page sent along with an event, or nothing."""
    return str(event._data.get(name, "")) if isinstance(event._data, dict) else ""


def _id(text: object, otherwise: str = words.BAD_LINK) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise NotFoundError(otherwise) from error


def _is_at(kept: Citation | Source, version_id: int, start: int, end: int) -> bool:
    return (kept.version_id, kept.start, kept.end) == (version_id, start, end)


def _span(text: str) -> tuple[int, int, int]:
    """The version's id, start and end that a passage's address names."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        raise InvalidInputError(words.BAD_PASSAGE)
    return int(parts[0]), int(parts[1]), int(parts[2])
