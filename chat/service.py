"""What askers can do, whatever they do it through: page, command line, HTTP. No Gradio, no SQL."""

import time
from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from chat import rights
from chat.rag.answer import Answer, Citation, Event, Mode, Retrieved, Source, Token, Turn
from chat.rag.chain import Chain, Events, Question, checked
from chat.rights import Personal
from chat.store import cited, collections, conversations, documents, tables, traces
from chat.store.collections import CollectionSummary
from chat.store.conversations import ConversationSummary
from chat.store.documents import Passage
from chat.store.session import Sessions
from chat.store.tables import AnswerStatus

SAVE_EVERY_S = 0.5
"""How often, at most, a growing answer is written down."""


@dataclass(frozen=True)
class ShownMessage:
    """A message as it was kept, with all that belongs to it."""

    id: UUID
    role: str
    text: str
    status: AnswerStatus
    mode: Mode | None
    refused: bool
    quoted: bool
    searched: str
    citations: Sequence[Citation]
    retrieved: Sequence[Source]
    timings_ms: dict[str, float]


@dataclass(frozen=True)
class ShownConversation:
    """A conversation and its messages, oldest first."""

    id: UUID
    title: str
    updated_at: datetime
    messages: Sequence[ShownMessage]


@dataclass(frozen=True)
class Assistant(Personal):
    """The assistant, for one person: it answers from what that person may read, and knows that person's talks."""

    chain: Chain

    def ask(
        self,
        question: str,
        *,
        mode: Mode = Mode.RAG,
        collection: str | None = None,
        conversation_id: UUID | None = None,
    ) -> Events:
        """Answer as events, the last an `Answer`. In a conversation, the answer is kept as it grows.

        Closing the iterator stops the model; what was said is kept, as stopped.
        """
        if conversation_id is None:
            return self.answer(question, mode=mode, collection=collection)
        return self._converse(self._question(question, mode, collection), conversation_id)

    def answer(
        self, question: str, history: Sequence[Turn] = (), *, mode: Mode = Mode.RAG, collection: str | None = None
    ) -> Events:
        """Answer after turns that the caller brings along. Nothing is kept."""
        with self.sessions() as session:
            rights.active(session, self.person)
        return self.chain.stream(replace(self._question(question, mode, collection), history=history))

    def keep_trace(self, question: str, answer: Answer) -> UUID:
        """Keep how an answer outside of a conversation came about. Returns the trace's id."""
        with self.sessions.begin() as session:
            rights.active(session, self.person)
            trace = _trace(question, answer)
            traces.add(session, trace)
            return trace.id

    def search(self, query: str, *, collection: str | None = None, k: int = 10) -> list[Source]:
        """The `k` best passages, as `ask` would find them."""
        return self.chain.retriever.asked_by(self.person, collection).sources(checked(query), k)

    def start_conversation(self, question: str) -> UUID:
        with self.sessions.begin() as session:
            return conversations.start(session, rights.active(session, self.person).id, checked(question)).id

    def conversations(self, search: str = "") -> list[ConversationSummary]:
        """All conversations, or those in which `search` occurs; the latest first."""
        with self.sessions() as session:
            return conversations.summaries(session, rights.active(session, self.person).id, search)

    def conversation(self, conversation_id: UUID) -> ShownConversation:
        """A conversation with its messages, without passages that may not be read any more. Raises `NotFoundError`."""
        with self.sessions() as session:
            found = conversations.get(session, rights.active(session, self.person).id, conversation_id)
            kept = conversations.messages(session, conversation_id)
            seen = rights.overseen(session, self.person)
            closed = set[int]() if seen is None else cited.outside(session, seen, kept)
            messages = [_shown(message, closed) for message in kept]
            return ShownConversation(found.id, found.title, found.updated_at, messages)

    def rename_conversation(self, conversation_id: UUID, title: str) -> None:
        with self.sessions.begin() as session:
            conversations.rename(session, rights.active(session, self.person).id, conversation_id, title)

    def delete_conversation(self, conversation_id: UUID) -> None:
        with self.sessions.begin() as session:
            conversations.remove(session, rights.active(session, self.person).id, conversation_id)

    def passage(self, version_id: int, start: int, end: int) -> Passage:
        """The text of a version, and where in it the span is. Raises `NotFoundError` when it was deleted."""
        with self.sessions() as session:
            return documents.passage(session, rights.readable(session, self.person), version_id, start, end)

    def collections(self) -> list[CollectionSummary]:
        with self.sessions() as session:
            return collections.summaries(session, rights.roles(session, self.person))

    def starters(self, collection: str | None = None) -> list[str]:
        """Up to four questions to begin with."""
        with self.sessions() as session:
            return collections.starters(session, rights.readable(session, self.person, collection))

    def seal_abandoned(self) -> None:
        """Mark as stopped the answers whose process died while they grew."""
        with self.sessions.begin() as session:
            conversations.seal_abandoned(session)

    def _question(self, text: str, mode: Mode, collection: str | None) -> Question:
        return Question(checked(text), mode, collection, person=self.person)

    def _converse(self, question: Question, conversation_id: UUID) -> Events:
        """Answer in a conversation: its turns are the history, and its last message grows with the answer."""
        with self.sessions.begin() as session:
            conversations.get(session, rights.active(session, self.person).id, conversation_id)
            history = _turns(conversations.messages(session, conversation_id))
            message_id = conversations.add_turn(session, conversation_id, question.text, question.mode).id
        record = Record(self.sessions, message_id)
        try:
            with closing(self.chain.stream(replace(question, history=history))) as events:
                for event in events:
                    record.add(event, question.text)
                    yield event
        except GeneratorExit:
            record.seal(AnswerStatus.STOPPED)
            raise
        finally:
            record.seal(AnswerStatus.FAILED)


@dataclass
class Record:
    """The row of an answer while it grows. It is sealed once: what comes after that changes nothing."""

    sessions: Sessions
    message_id: UUID
    said: str = ""
    saved_at: float = field(default_factory=time.monotonic)
    sealed: bool = False

    def add(self, event: Event, question: str) -> None:
        """Take in an event; write down what was said if that is due."""
        match event:
            case Token(text):
                self.said += text
                if time.monotonic() - self.saved_at >= SAVE_EVERY_S:
                    with self.sessions.begin() as session:
                        conversations.grow(session, self.message_id, self.said)
                    self.saved_at = time.monotonic()
            case Answer():
                self.said = event.text
                self.seal(AnswerStatus.COMPLETE, question, event)
            case Retrieved():
                pass

    def seal(self, status: AnswerStatus, question: str = "", answer: Answer | None = None) -> None:
        """End the answer with what was said, and with the evidence where it came to its end."""
        if self.sealed:
            return
        self.sealed = True
        found = {source.document_id for source in answer.retrieved} if answer else set[int]()
        with self.sessions.begin() as session:
            homes = cited.collections_of(session, found)
            conversations.seal(
                session,
                self.message_id,
                content=self.said,
                status=status,
                refused=answer.refused if answer else False,
                receipt=_kept_receipt(answer, homes) if answer else None,
                citations=[_kept_citation(self.message_id, citation) for citation in answer.citations]
                if answer
                else (),
                trace=_trace(question, answer, self.message_id) if answer else None,
            )


def _kept_receipt(answer: Answer, homes: Mapping[int, int]) -> dict[str, Any]:
    """The receipt, with the documents' collections: what is deleted later is still shown to nobody but its readers."""
    return answer.receipt | {"quoted": answer.quoted, "collections": {str(key): home for key, home in homes.items()}}


def _turns(messages: Sequence[tables.Message]) -> list[Turn]:
    """Questions with the answers that followed them; refusals and what broke off tell the model nothing."""
    return [
        Turn(question.content, "" if answer.refused else answer.content)
        for question, answer in pairwise(messages)
        if (question.role, answer.role) == ("user", "assistant") and answer.content
    ]


def _trace(question: str, answer: Answer, message_id: UUID | None = None) -> tables.Trace:
    return tables.Trace(
        message_id=message_id,
        question=question,
        searched=answer.searched,
        settings=answer.receipt,
        retrieved=[asdict(source) for source in answer.retrieved],
        timings_ms=answer.timings_ms,
    )


def _kept_citation(message_id: UUID, citation: Citation) -> tables.Citation:
    fields = asdict(citation)
    start, end = fields.pop("start"), fields.pop("end")
    return tables.Citation(message_id=message_id, start_char=start, end_char=end, **fields)


def _shown(message: tables.Message, closed: Set[int]) -> ShownMessage:
    """The message as it was kept, but for the passages of documents that are `closed` to who asks."""
    trace = message.trace
    retrieved = trace.retrieved if trace else []
    return ShownMessage(
        id=message.id,
        role=message.role,
        text=message.content,
        status=AnswerStatus(message.status),
        mode=Mode(message.mode) if message.mode else None,
        refused=message.refused,
        quoted=bool((message.receipt or {}).get("quoted")),
        searched=trace.searched if trace else "",
        citations=[_shown_citation(kept) for kept in message.citations if kept.document_id not in closed],
        retrieved=[Source(**source) for source in retrieved if source["document_id"] not in closed],
        timings_ms=trace.timings_ms if trace else {},
    )


def _shown_citation(kept: tables.Citation) -> Citation:
    return Citation(
        marker=kept.marker,
        document=kept.document,
        document_id=kept.document_id,
        version=kept.version,
        version_id=kept.version_id or 0,
        chunk_id=kept.chunk_id,
        page=kept.page,
        start=kept.start_char,
        end=kept.end_char,
        quote=kept.quote,
    )
