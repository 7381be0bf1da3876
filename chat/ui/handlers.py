"""What the page does when something is clicked: plain functions over the service, each safe to call with any input.

The invariant: every argument may have been written by a stranger. Ids are validated here and looked up by the service,
which knows whose they are; what was said before always comes from the service, never from the page.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from itertools import chain
from typing import Any, Protocol, Self, cast
from uuid import UUID

import gradio as gr

from chat.errors import InvalidInputError, NotFoundError
from chat.rag.answer import Answer, Citation, Event, Mode, Source
from chat.ui import passage, words
from chat.ui.edge import told
from chat.ui.sent import identified, sent, text_of
from chat.ui.sidebar import ConversationSummary, conversation_list
from chat.ui.thread import ShownMessage, is_growing, thread
from chat.ui.ways import USUAL, Ways, choice, for_asking

STARTERS = 4
"""Questions that an empty page offers, at most."""


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
    def ask_once(self, text: str, way: str, collection: str) -> tuple[str, list[dict[str, Any]]]:
        """The answer to a question that belongs to no conversation, and its citations."""
        chosen = choice(way)
        *_, last = self.service.ask(text, mode=chosen.mode, adapter=chosen.adapter, collection=collection or None)
        whole = cast("Answer", last)
        return whole.text, [asdict(citation) for citation in whole.citations]

    @told
    def rated(self, conversation_id: str, event: gr.EventData) -> Any:
        """Keep what somebody thinks of an answer, or take it back; then the thread, unless an answer grows in it."""
        message_id, rating = identified(sent(event, "id"), words.BAD_RATING), sent(event, "rating")
        if rating == "0":
            self.service.unrate(message_id)
        else:
            reasons = [reason for reason in sent(event, "reasons").split("|") if reason]
            value = {"1": 1, "-1": -1}.get(rating, 0)
            self.service.rate(message_id, value, reasons, sent(event, "comment"), sent(event, "correction"))
        current = self.service.conversation(identified(conversation_id))
        return gr.skip() if any(map(is_growing, current.messages)) else thread(current.messages, current.id)

    @told
    def ways(self, collection: str) -> tuple[Any, Any]:
        """The plain choice where there is no adapter, and the list where there is one."""
        there = self.service.ways(text_of(collection) or None)
        listed = bool(there.adapters)
        return gr.update(visible=not listed), gr.HTML(
            choices=for_asking(there), value=USUAL if listed else "", visible=listed
        )

    @told
    def listed(self, search: str, conversation_id: str) -> str:
        """The list of conversations in which `search` occurs, as HTML."""
        sought = text_of(search).strip()
        return conversation_list(self.service.conversations(sought), conversation_id, bool(sought))

    @told
    def renamed(self, event: gr.EventData) -> None:
        """Give a conversation another title; an empty one changes nothing."""
        conversation_id, title = identified(sent(event, "id")), sent(event, "title")
        if title.strip():
            self.service.rename_conversation(conversation_id, title)

    @told
    def removed(self, conversation_id: str, event: gr.EventData) -> str:
        """Delete a conversation. Returns the id of the one that is open then: none, if it was this one."""
        gone = identified(sent(event, "id"))
        self.service.delete_conversation(gone)
        return "" if str(gone) == conversation_id else conversation_id

    @told
    def passage_opened(self, conversation_id: str, event: gr.EventData) -> str:
        """The passage that was clicked, in its document, as HTML."""
        version_id, start, end = _span(sent(event, "passage"))
        try:
            return passage.opened(self.service.passage(version_id, start, end))
        except NotFoundError:
            messages = self.service.conversation(identified(conversation_id)).messages
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
        texts = list(self.service.starters(text_of(collection) or None))[:STARTERS]
        left_over = [gr.update(visible=False)] * (STARTERS - len(texts))
        return [gr.update(value=text, visible=True) for text in texts] + left_over


def welcome(greeting: str = words.GREETING) -> str:
    """What an empty page says, as HTML."""
    return f"<h1>{escape(greeting)}</h1><p>{words.GREETING_HINT}</p>"


def _is_at(kept: Citation | Source, version_id: int, start: int, end: int) -> bool:
    return (kept.version_id, kept.start, kept.end) == (version_id, start, end)


def _span(text: str) -> tuple[int, int, int]:
    """The version's id, start and end that a passage's address names."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        raise InvalidInputError(words.BAD_PASSAGE)
    return int(parts[0]), int(parts[1]), int(parts[2])
