"""An answer as it grows: written by a thread of this process, kept, and followed and stopped from any process.

The invariant: the row says how far an answer is. A thread that writes need not be looked at, and whoever looks need
not be in its process: closing a page, losing a connection, opening the conversation elsewhere change nothing in it.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

from chat.errors import AppError, BusyError
from chat.service import Assistant, Begun, Choice, Talks
from chat.store.notices import About, Listener, Notice
from chat.store.tables import AnswerStatus

FRAME_S = 1 / 15
"""How often, at most, a follower is shown an answer that this process writes."""
REDRAWN = 40_000
"""Characters that a page is given to draw in a second: every frame is the whole text, and a phone draws slowly."""
PATIENCE = 3
"""A follower who takes long over what is shown gets the next only after so many times as long: the others wait too."""
LOOK_S = 0.8
"""How often a follower reads an answer of another process, if no notice comes."""
OBEYED_S = 2.0
"""How long a process may take to stop an answer, before it is taken for dead and the answer sealed as it stands."""
MOST = 200
"""Answers that one process writes at the same time."""
ENDING_S = 5.0
"""How long the end of the process waits for threads that were told to stop."""


@dataclass(frozen=True)
class Growth:
    """How far an answer is. `found`: the documents were searched, as far as this process can know."""

    text: str = ""
    found: bool = False
    ended: bool = False


def frame_s(text: str) -> float:
    """How long a follower looks at that much of an answer, before there is more of it."""
    return max(FRAME_S, len(text) / REDRAWN)


@dataclass(eq=False)
class Follower:
    """Somebody who looks at an answer; woken, from any thread, when there may be more of it."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    event: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        with suppress(RuntimeError):  # its loop was closed while it slept: there is nobody left to wake
            self.loop.call_soon_threadsafe(self.event.set)

    async def sleep(self, longest_s: float) -> None:
        """Sleep until woken, but no longer than that."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), longest_s)
        self.event.clear()


class Desk:
    """The answers that this process writes, a thread each, and who follows any answer from here.

    All followers share one connection, on which the other processes' notices come.
    """

    def __init__(self, conninfo: str) -> None:
        self._lock = threading.Lock()
        self._written: dict[UUID, tuple[Begun, threading.Thread]] = {}
        self._followers: defaultdict[UUID, set[Follower]] = defaultdict(set)
        self._listener = Listener(conninfo, self._heard, self._wake_all)
        self._closed = False

    def open(self) -> None:
        """Begin to hear what other processes say. Without it, answers go on, and are looked at every `LOOK_S`."""
        self._listener.start()

    def close(self) -> None:
        """Stop what is being written, keeping what was said."""
        with self._lock:
            self._closed = True
            written = list(self._written.values())
        for begun, _ in written:
            begun.record.seal(AnswerStatus.STOPPED)
        until = time.monotonic() + ENDING_S
        for _, thread in written:
            thread.join(max(0.0, until - time.monotonic()))
        self._listener.close()

    def admit(self) -> None:
        """Raises `BusyError` where so much is being written that one more would only slow down all of it."""
        if self._closed or len(self._written) >= MOST:
            raise BusyError(
                "So many answers are being written that yours would have to wait. Ask again in a minute.", 60
            )

    def write(self, begun: Begun) -> None:
        """Write an answer to its end, in a thread of its own."""
        message_id = begun.record.message_id
        thread = threading.Thread(target=self._write, args=(begun,), name=f"answer {message_id}", daemon=True)
        with self._lock:
            self._written[message_id] = begun, thread
        thread.start()

    def stop(self, message_id: UUID) -> bool:
        """Stop an answer, if this process writes it: nothing is added to it any more, and the model soon is free."""
        begun = self._begun(message_id)
        if begun is not None:
            begun.record.seal(AnswerStatus.STOPPED)
            self._wake(message_id)
        return begun is not None

    def growth(self, message_id: UUID) -> Growth | None:
        """How far an answer is that this process writes; None for any other, and one that ended."""
        begun = self._begun(message_id)
        if begun is None or begun.record.sealed:
            return None
        return Growth(begun.record.said, begun.record.found)

    @contextmanager
    def following(self, message_id: UUID) -> Iterator[Follower]:
        """A follower of that answer, who is woken when there may be more of it."""
        follower = Follower()
        with self._lock:
            self._followers[message_id].add(follower)
        try:
            yield follower
        finally:
            with self._lock:
                self._followers[message_id].discard(follower)
                if not self._followers[message_id]:
                    del self._followers[message_id]

    def _write(self, begun: Begun) -> None:
        """What failed in a way that a person can cure stands in the row; anything else is a thread's loud end."""
        message_id = begun.record.message_id
        try:
            with closing(begun.events) as events, suppress(AppError):
                for _ in events:
                    pass
        finally:
            with self._lock:
                del self._written[message_id]
            self._wake(message_id)

    def _begun(self, message_id: UUID) -> Begun | None:
        with self._lock:
            begun, _ = self._written.get(message_id, (None, None))
        return begun

    def _heard(self, notice: Notice) -> None:
        match notice.about:
            case About.STOP:
                self.stop(notice.message_id)
            case About.GREW if self._begun(notice.message_id) is None:
                self._wake(notice.message_id)

    def _wake(self, message_id: UUID) -> None:
        with self._lock:
            followers = list(self._followers.get(message_id, ()))
        for follower in followers:
            follower.wake()

    def _wake_all(self) -> None:
        with self._lock:
            followed = list(self._followers)
        for message_id in followed:
            self._wake(message_id)


@dataclass(frozen=True)
class Live:
    """The answers of one person's conversations as they grow, whichever process writes them."""

    assistant: Assistant
    desk: Desk

    def for_account(self, name: str | None) -> Self:
        """The same for who signed in under that name; unchanged for None, where there are no accounts."""
        return replace(self, assistant=self.assistant.for_account(name))

    @property
    def talks(self) -> Talks:
        """That person's conversations."""
        return Talks(self.assistant.sessions, person=self.assistant.person)

    def begin(
        self,
        question: str,
        choice: Choice,
        *,
        collection: str | None = None,
        conversation_id: UUID | None = None,
        instead_of: UUID | None = None,
    ) -> UUID:
        """Begin an answer, which goes on whoever looks. Returns its conversation's id.

        Raises as `Assistant.begin`, and `BusyError`.
        """
        self.desk.admit()
        begun = self.assistant.begin(
            question, choice, collection=collection, conversation_id=conversation_id, instead_of=instead_of
        )
        self.desk.write(begun)
        return begun.conversation_id

    def stop(self, conversation_id: UUID) -> None:
        """Stop what is being written in a conversation, wherever that is; what was said is kept.

        Returns when it has stopped. What a process was to stop that does not answer is sealed as it stands.
        Raises `NotFoundError`.
        """
        elsewhere = [each for each in self.talks.growing(conversation_id) if not self.desk.stop(each)]
        for message_id in elsewhere:
            self.talks.ask_to_stop(message_id)
        until = time.monotonic() + OBEYED_S
        while elsewhere and self.talks.growing(conversation_id) and time.monotonic() < until:
            time.sleep(0.05)
        for message_id in elsewhere:
            self.talks.seal_as_it_stands(message_id)

    async def follow(self, message_id: UUID) -> AsyncGenerator[Growth, None]:
        """How far an answer is, again and again, until it has ended. Raises `NotFoundError`.

        Leaving this does nothing to the answer. Of one that another process writes, there is news about twice a second.
        """
        await asyncio.to_thread(self._kept, message_id)
        shown: Growth | None = None
        with self.desk.following(message_id) as follower:
            while shown is None or not shown.ended:
                growth = self.desk.growth(message_id)
                pause = frame_s(growth.text) if growth else LOOK_S
                if growth is None:
                    growth = await asyncio.to_thread(self._kept, message_id)
                began = time.monotonic()
                if growth != shown:
                    shown = growth
                    yield growth
                if not growth.ended:
                    busy = PATIENCE * (time.monotonic() - began)
                    await follower.sleep(max(pause, busy))

    def _kept(self, message_id: UUID) -> Growth:
        """How far it is by what was written down; who asks has to be who was answered."""
        kept = self.talks.kept(message_id)
        return Growth(kept.text, bool(kept.text), kept.status != AnswerStatus.STREAMING)
