"""What was kept of conversations, as those who had them see it."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from chat.rag.answer import Citation, Mode, Source, Turn
from chat.store import conversations, tables
from chat.store.adapters import Named
from chat.store.branches import Versions
from chat.store.feedback import Opinion
from chat.store.tables import AnswerStatus


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
    adapter: Named | None = None
    """The adapter that answered."""
    missed: str | None = None
    """Name of the adapter that should have answered, where it could not."""
    broke_off: bool = False
    """Whether the connection to the model broke in the middle of it."""
    hidden: bool = False
    """Whether its text is kept from who looks, since it rests on what they may not read."""
    problem: str = ""
    """Why there is no more of it, in words, where it failed."""
    versions: Versions | None = None
    """Where it stands among its versions."""
    used: int = 0
    """How many passages the model was given."""
    model: str = ""
    opinion: Opinion | None = None
    """What the person thought of it."""


@dataclass(frozen=True)
class ShownConversation:
    """A conversation and its messages, oldest first."""

    id: UUID
    title: str
    updated_at: datetime
    messages: Sequence[ShownMessage]


def turns(messages: Sequence[tables.Message]) -> list[Turn]:
    """Questions with the answers that followed them; refusals and what broke off tell the model nothing."""
    return [
        Turn(question.content, "" if answer.refused else answer.content)
        for question, answer in pairwise(messages)
        if (question.role, answer.role) == ("user", "assistant") and answer.content
    ]


def readable(messages: Sequence[tables.Message], closed: Set[int]) -> list[ShownMessage]:
    """The messages as somebody else reads them, to whom the documents in `closed` are: hidden where they speak of one.

    An answer that follows a hidden one is hidden too: the model knew what had been said.
    """
    shown, hidden = [], False
    for message in messages:
        hidden = hidden or bool(conversations.quoted([message]) & closed)
        whole = as_shown(message, closed, None)
        shown.append(_without_words(whole) if hidden and message.role == "assistant" else whole)
    return shown


def _without_words(answer: ShownMessage) -> ShownMessage:
    return replace(answer, text="", searched="", citations=(), retrieved=(), problem="", hidden=True)


def as_shown(
    message: tables.Message, closed: Set[int], opinion: Opinion | None, versions: Versions | None = None
) -> ShownMessage:
    """The message as it was kept, but for the passages of documents that are `closed` to who asks."""
    trace, receipt = message.trace, message.receipt or {}
    retrieved = trace.retrieved if trace else []
    return ShownMessage(
        id=message.id,
        role=message.role,
        text=message.content,
        status=AnswerStatus(message.status),
        mode=Mode(message.mode) if message.mode else None,
        refused=message.refused,
        quoted=bool(receipt.get("quoted")),
        searched=trace.searched if trace else "",
        citations=[_shown_citation(kept) for kept in message.citations if kept.document_id not in closed],
        retrieved=[Source(**source) for source in retrieved if source["document_id"] not in closed],
        timings_ms=trace.timings_ms if trace else {},
        adapter=Named(**receipt["adapter"]) if receipt.get("adapter") else None,
        missed=receipt["missed"]["adapter"]["name"] if receipt.get("missed") else None,
        broke_off=bool(receipt.get("broke_off")) and not receipt.get("quoted"),
        versions=versions,
        used=len(receipt.get("passages") or ()),
        model=receipt.get("model") or "",
        problem=receipt.get("problem", ""),
        opinion=opinion,
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
