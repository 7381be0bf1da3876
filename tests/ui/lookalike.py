"""An assistant over three documents in memory: what the page needs, with a pen as slow as it is told to be."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from chat.errors import InvalidInputError, ModelError, NotFoundError
from chat.live import Growth, frame_s
from chat.rag.answer import Answer, Citation, Event, Missed, Mode, Retrieved, Source, Token
from chat.service import Beside, Choice, Ways
from chat.service.comparing import beside
from chat.store import feedback
from chat.store.adapters import Named
from chat.store.feedback import Opinion
from chat.store.votes import Ballot, Winner
from tests.ui.invented import HOSTILE, TEXTS
from tests.ui.kept import Body, Kept, Place, Talk

TIMES = {"retrieve": 38.0, "first_token": 410.0, "total": 2430.0}


def source(rank: int, version_id: int, first: str, last: str, section: str = "", page: int | None = None) -> Source:
    """The passage of that document from `first` to `last`."""
    document, text = TEXTS[version_id]
    start = text.index(first)
    end = text.index(last, start) + len(last)
    return Source(
        rank, 1 / rank, rank, rank, 0.7, 10 + rank, document, version_id, 1, version_id, page, start, end, section,
        text[start:end],
    )  # fmt: skip


def citation(marker: int, found: Source) -> Citation:
    return Citation(
        marker, found.document, found.document_id, found.version, found.version_id, found.chunk_id, found.page,
        found.start, found.end, found.text,
    )  # fmt: skip


FOUND = (
    source(1, 1, "Each foot passenger", "not counted.", "What you may bring"),
    source(2, 1, "Anything found", "Saturday.", "Lost property", page=3),
    source(3, 2, "When a sailing", "30 days.", "Cancellations", page=2),
    source(4, 3, "Dogs travel", "lounge."),
)


def answer_to(question: str, mode: Mode = Mode.RAG, adapter: str | None = None) -> Answer:
    """A word in the question chooses the answer; the adapter `broken` never gives it."""
    whole = Answer("", False, False, mode, "small", question, (), FOUND, TIMES, {})
    if adapter == "broken":
        whole = replace(whole, missed=Missed(Named(adapter, "b" * 64), "its bytes differ"))
    elif adapter is not None:
        whole = replace(whole, adapter=Named(adapter, "a" * 64))
    if not mode.retrieves:
        return replace(whole, text="Ferries usually allow **some luggage**.", searched="", retrieved=())
    if "moon" in question:
        return replace(whole, text="The documents do not say.", refused=True, searched="sailings to the moon")
    if "dog" in question:
        return replace(whole, text=f"{FOUND[3].text} [1]", quoted=True, citations=(citation(1, FOUND[3]),))
    if "long" in question:
        return replace(whole, text=" ".join(f"Sentence {n} of a long answer goes on for a while." for n in range(400)))
    return replace(whole, text=HOSTILE, citations=(citation(1, FOUND[0]), citation(2, FOUND[1])))


class LookAlike:
    """The assistant. `spoken` counts the tokens it made, `freed` the answers that were closed before their end."""

    def __init__(self, token_s: float = 0.0) -> None:
        self.token_s = token_s
        self.talks: dict[UUID, Talk] = {}
        self.bodies = [Body("crew-handbook", "Ask the crew handbook"), Body("passengers", "")]
        self.deleted_versions: set[int] = set()
        self.adapters: list[str] = []
        self.votes: list[tuple[Ballot, Winner]] = []
        self.spoken = 0
        self.freed = threading.Event()
        self.stops: dict[UUID, threading.Event] = {}
        self.links: dict[UUID, UUID] = {}

    def for_account(self, name: str | None) -> "LookAlike":
        return self

    def ask(
        self,
        question: str,
        *,
        mode: Mode | None = None,
        adapter: str | None = None,
        collection: str | None = None,
        conversation_id: UUID | None = None,
    ) -> Generator[Event, None, None]:
        serving = self.adapters[0] if self.adapters else None
        if mode is None:
            mode = Mode.RAG_ADAPTER if serving or adapter else Mode.RAG
        answer = answer_to(question, mode, (adapter or serving) if mode.adapts else None)
        with self._kept(question, mode, conversation_id) as keep:
            if "broken" in question:
                raise ModelError("The model does not answer. Type `python -m admin doctor` to see why. <b>&</b>")
            if mode.retrieves:
                yield Retrieved(answer.searched, answer.retrieved)
            said = ""
            for word in re.findall(r"\S+\s*", answer.text):
                time.sleep(self.token_s)
                self.spoken += 1
                said += word
                keep(text=said)
                yield Token(word)
            keep(
                text=answer.text, status="complete", refused=answer.refused, quoted=answer.quoted,
                searched=answer.searched, citations=tuple(answer.citations), retrieved=tuple(answer.retrieved),
                timings_ms=answer.timings_ms, adapter=answer.adapter,
                missed=answer.missed.adapter.name if answer.missed else None,
                used=min(3, len(answer.retrieved)), model=answer.model,
            )  # fmt: skip
            yield answer

    def begin(
        self,
        question: str,
        choice: Choice,
        *,
        collection: str | None = None,
        conversation_id: UUID | None = None,
        instead_of: UUID | None = None,
    ) -> UUID:
        """Begin an answer, which a thread writes to its end or until it is stopped."""
        current = conversation_id or self.start_conversation(question)
        events = self.ask(question, mode=choice.mode, adapter=choice.adapter, conversation_id=current)
        try:
            next(events)
        except ModelError:
            return current
        self.stops[current] = threading.Event()
        threading.Thread(target=self._write, args=(events, self.stops[current]), daemon=True).start()
        return current

    def _write(self, events: Generator[Event, None, None], stop: threading.Event) -> None:
        for _ in events:
            if stop.is_set():
                events.close()

    def stop(self, conversation_id: UUID) -> None:
        self.conversation(conversation_id)
        if conversation_id in self.stops:
            self.stops[conversation_id].set()

    async def follow(self, message_id: UUID) -> AsyncGenerator[Growth, None]:
        while True:
            messages = [message for talk in self.talks.values() for message in talk.messages]
            kept = next(message for message in messages if message.id == message_id)
            yield Growth(kept.text, bool(kept.text), kept.status != "streaming")
            if kept.status != "streaming":
                return
            await asyncio.sleep(frame_s(kept.text))

    def show_version(self, message_id: UUID) -> None:
        """There are no versions here."""

    def branch(self, message_id: UUID) -> UUID:
        raise NotFoundError("This message does not exist (any more).")

    def link(self, conversation_id: UUID) -> UUID | None:
        return self.links.get(self.conversation(conversation_id).id)

    def share(self, conversation_id: UUID) -> UUID:
        return self.links.setdefault(self.conversation(conversation_id).id, uuid4())

    def unshare(self, conversation_id: UUID) -> int:
        return int(self.links.pop(conversation_id, None) is not None)

    def compare(self, question: str, first: Choice, second: Choice, *, collection: str | None = None) -> Beside:
        if first == second:
            raise InvalidInputError("Choose two different ways to answer.")
        return beside([self.ask(question, mode=each.mode, adapter=each.adapter) for each in (first, second)])

    def vote(self, ballot: Ballot, winner: Winner, *, collection: str | None = None) -> None:
        self.votes.append((ballot, winner))

    def ways(self, collection: str | None = None) -> Ways:
        return Ways(self.adapters, self.adapters[0] if self.adapters else None)

    def rate(
        self, message_id: UUID, rating: int, reasons: Sequence[str] = (), comment: str = "", correction: str = ""
    ) -> None:
        self._think(message_id, feedback.opinion(rating, reasons, comment, correction))

    def unrate(self, message_id: UUID) -> None:
        self._think(message_id, None)

    def _think(self, message_id: UUID, opinion: Opinion | None) -> None:
        for talk in self.talks.values():
            for at, message in enumerate(talk.messages):
                if message.id == message_id:
                    talk.messages[at] = replace(message, opinion=opinion)
                    return
        raise NotFoundError("This answer does not exist (any more).")

    @contextmanager
    def _kept(self, question: str, mode: Mode, conversation_id: UUID | None) -> Iterator[object]:
        messages = self.conversation(conversation_id).messages if conversation_id else []
        messages += [Kept("user", question), Kept("assistant", "", "streaming", mode)]
        at = len(messages) - 1

        def keep(**changes: object) -> None:
            messages[at] = replace(messages[at], **changes)

        try:
            yield keep
        except GeneratorExit:
            self.freed.set()
            keep(status="stopped")
            raise
        except ModelError as error:
            keep(status="failed", problem=str(error))
            raise

    def start_conversation(self, question: str) -> UUID:
        talk = Talk(uuid4(), question[:80], datetime.now(UTC))
        self.talks[talk.id] = talk
        return talk.id

    def conversations(self, search: str = "") -> list[Talk]:
        found = [talk for talk in self.talks.values() if search.strip().lower() in talk.title.lower()]
        return sorted(found, key=lambda talk: talk.updated_at, reverse=True)

    def conversation(self, conversation_id: UUID) -> Talk:
        if conversation_id not in self.talks:
            raise NotFoundError("This conversation does not exist (any more).")
        return self.talks[conversation_id]

    def rename_conversation(self, conversation_id: UUID, title: str) -> None:
        self.conversation(conversation_id).title = title

    def delete_conversation(self, conversation_id: UUID) -> None:
        self.talks.pop(conversation_id, None)

    def passage(self, version_id: int, start: int, end: int) -> Place:
        if version_id not in TEXTS or version_id in self.deleted_versions:
            raise NotFoundError("This document was deleted since.")
        document, text = TEXTS[version_id]
        return Place(document, 1, version_id != 2, 3 if version_id == 1 else None, start, end, text)

    def collections(self) -> list[Body]:
        return self.bodies

    def starters(self, collection: str | None) -> list[str]:
        return [
            "How much luggage may I bring on board?",
            "What happens when a sailing is cancelled?",
            "May my dog travel with me?",
            "Where do I ask for lost property?",
        ]

    def with_history(self) -> "LookAlike":
        """Some conversations of the last days."""
        titles = {
            "Refund after a cancelled sailing": 0,
            "Which certificates does a deckhand need?": 0,
            "Bicycles on the morning ferry": 1,
            "Parental leave for office staff": 1,
            "Allergens in the quay kitchen": 4,
            "Group travel for a school of 43, with two teachers and a wheelchair": 9,
        }
        for title, days in titles.items():
            talk = self.conversation(self.start_conversation(title))
            list(self.ask(title, conversation_id=talk.id))
            talk.updated_at -= timedelta(days=days)
        return self
