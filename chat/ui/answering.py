"""What the page does to have a question answered, and to show an answer while it grows, wherever that is written.

The invariant: nothing that a page does or leaves undone touches an answer, but Stop.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

import gradio as gr

from chat.errors import InvalidInputError
from chat.service import Choice
from chat.ui import words
from chat.ui.edge import told
from chat.ui.sent import identified, sent, text_of
from chat.ui.thread import ChatMessage, ShownMessage, frame, is_growing, thread
from chat.ui.ways import choice

TURN_S = 2.0
"""How long a page follows an answer before it has to ask for more."""
Shown = tuple[str, list[ChatMessage]]
"""A conversation's id and its thread."""


class Conversation(Protocol):
    """A conversation and what was said in it."""

    @property
    def id(self) -> UUID: ...
    @property
    def messages(self) -> Sequence[ShownMessage]: ...


class Service(Protocol):
    """What showing a conversation needs of the assistant."""

    def for_account(self, name: str | None) -> Self: ...
    def conversation(self, conversation_id: UUID) -> Conversation: ...


class Growth(Protocol):
    """How far an answer is."""

    @property
    def text(self) -> str: ...
    @property
    def found(self) -> bool: ...


class Answers(Protocol):
    """The answers, as they grow."""

    def for_account(self, name: str | None) -> Self: ...
    def begin(
        self,
        question: str,
        choice: Choice,
        *,
        collection: str | None = ...,
        conversation_id: UUID | None = ...,
        instead_of: UUID | None = ...,
    ) -> UUID: ...
    def stop(self, conversation_id: UUID) -> None: ...
    def follow(self, message_id: UUID) -> AsyncGenerator[Growth, None]: ...


class Talks(Protocol):
    """A person's conversations, as trees."""

    def for_account(self, name: str | None) -> Self: ...
    def show_version(self, message_id: UUID) -> None: ...
    def branch(self, message_id: UUID) -> UUID: ...


@dataclass(frozen=True)
class Answering:
    """The handlers of asking and following. Each may be called by anybody with anything."""

    service: Service
    answers: Answers
    talks: Talks

    @told
    def begin(
        self, text: str, conversation_id: str, mode: str, collection: str, way: str = ""
    ) -> tuple[str, str, list[ChatMessage]]:
        """Begin an answer, and show the question at once: the emptied input, the conversation's id, and the thread."""
        asked, chosen = text_of(text).strip(), choice(way or mode)
        if not asked:
            raise InvalidInputError(words.TYPE_FIRST)
        current = identified(conversation_id) if conversation_id else None
        current = self.answers.begin(asked, chosen, collection=text_of(collection) or None, conversation_id=current)
        return "", str(current), self._thread(current)

    @told
    def resent(
        self, conversation_id: str, mode: str, collection: str, way: str, event: gr.EventData
    ) -> tuple[str, list[ChatMessage]]:
        """Begin an answer to a question put in other words, or another one to the same question."""
        current, message_id = identified(conversation_id), identified(sent(event, "id"))
        scope, chosen = text_of(collection) or None, choice(way or mode)
        self.answers.begin(
            sent(event, "text"), chosen, collection=scope, conversation_id=current, instead_of=message_id
        )
        return str(current), self._thread(current)

    @told
    def turned(self, conversation_id: str, event: gr.EventData) -> list[ChatMessage]:
        """The conversation, with another version of a message and what follows that."""
        self.talks.show_version(identified(sent(event, "id")))
        return self._thread(identified(conversation_id))

    @told
    def forked(self, event: gr.EventData) -> Shown:
        """A conversation of its own, that begins with all that was said down to a message."""
        made = self.talks.branch(identified(sent(event, "id")))
        return str(made), self._thread(made)

    @told
    def stopped(self, conversation_id: str) -> None:
        """Stop what is being written in the conversation; whoever follows it sees that it ended."""
        if conversation_id:
            self.answers.stop(identified(conversation_id))

    @told
    def shown(self, conversation_id: str) -> Shown:
        """A conversation's id and its thread as far as it is; both empty without an id."""
        if not conversation_id:
            return "", []
        current = identified(conversation_id)
        return str(current), self._thread(current)

    @told
    def arrived(self, conversation_id: str) -> tuple[Any, Any]:
        """As `shown`; but a page whose address names no conversation is left as it is.

        Whoever asks at once has a conversation before this is called: emptying the page would take it away again.
        """
        return self.shown(conversation_id) if conversation_id else (gr.skip(), gr.skip())

    @told
    def opened(self, event: gr.EventData) -> Shown:
        """The conversation that was picked from the list."""
        return self.shown(sent(event, "id"))

    @told
    async def followed(self, conversation_id: str, event: gr.EventData) -> AsyncGenerator[Any, None]:
        """The thread of the conversation that a page shows, while an answer in it is being written; but not for long.

        A page asks again once it has drawn all that it was sent, so that a slow one never falls behind. It says which
        answer it shows last, and whole; where that is all there is, it is left as it is.
        """
        if not conversation_id:
            yield []
            return
        current, until = identified(conversation_id), time.monotonic() + TURN_S
        growing = True
        while growing and time.monotonic() < until:
            messages = (await asyncio.to_thread(self.service.conversation, current)).messages
            growing = any(map(is_growing, messages))
            yield gr.skip() if _last(messages) == sent(event, "last") else thread(messages, current)
            async with aclosing(self._frames(messages, current)) as frames:
                async for shown in frames:
                    yield shown
                    if time.monotonic() >= until:
                        return

    def _thread(self, conversation_id: UUID) -> list[ChatMessage]:
        return thread(self.service.conversation(conversation_id).messages, conversation_id)

    async def _frames(self, messages: Sequence[ShownMessage], within: UUID) -> AsyncGenerator[list[ChatMessage], None]:
        """The thread again and again, while the first answer in it that is being written grows.

        To a page that has moved on, the last may come late: what it is `within` tells.
        """
        at = next((place for place, message in enumerate(messages) if is_growing(message)), None)
        if at is None:
            return
        before, after = thread(messages[:at], within), thread(messages[at + 1 :], within)
        async with aclosing(self.answers.follow(messages[at].id)) as growths:
            async for growth in growths:
                yield [*before, frame(growth.text, messages[at].mode, found=growth.found), *after]


def _last(messages: Sequence[ShownMessage]) -> str | None:
    """What a page says that shows all of these; None where no page can, since one of them still grows."""
    return str(messages[-1].id) if messages and not any(map(is_growing, messages)) else None
