"""What passes between the chain and whoever asked: the events of an answer as it grows, and the answer itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chat.store.adapters import Named


class Mode(StrEnum):
    """What helps the model answer: passages of the documents, an adapter, both or neither."""

    BASE = "base"
    RAG = "rag"
    ADAPTER = "adapter"
    RAG_ADAPTER = "rag+adapter"

    @property
    def retrieves(self) -> bool:
        """Whether the model gets passages, and the answer cites them."""
        return self in (Mode.RAG, Mode.RAG_ADAPTER)

    @property
    def adapts(self) -> bool:
        """Whether the model answers with an adapter."""
        return self in (Mode.ADAPTER, Mode.RAG_ADAPTER)


@dataclass(frozen=True)
class Turn:
    """A question of this conversation and the answer that was given."""

    question: str
    answer: str


@dataclass(frozen=True)
class Source:
    """A passage that retrieval found. `start` and `end` are character offsets into the text of that version."""

    rank: int
    score: float
    dense_rank: int | None
    keyword_rank: int | None
    similarity: float | None
    """Cosine similarity to what was searched, where the dense arm found it."""
    chunk_id: int
    document: str
    document_id: int
    version: int
    version_id: int
    page: int | None
    start: int
    end: int
    section: str
    text: str
    text_rank: float | None = None
    """What the keyword arm scored it, where it found it."""


@dataclass(frozen=True)
class Citation:
    """A marker `[n]` in an answer and the exact span that bears it: `quote` is the version's text[start:end]."""

    marker: int
    document: str
    document_id: int
    version: int
    version_id: int
    chunk_id: int
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class Retrieved:
    """Event: what was searched for, and found."""

    searched: str
    sources: Sequence[Source]


@dataclass(frozen=True)
class Token:
    """Event: the answer goes on with `text`."""

    text: str


@dataclass(frozen=True)
class Missed:
    """An adapter that was asked for and did not answer: what did, answered without it."""

    adapter: Named
    reason: str
    """For who looks after adapters; it may name files."""


@dataclass(frozen=True)
class Answer:
    """Event, the last one: the whole answer. `text` stands for what was streamed, also where it differs."""

    text: str
    refused: bool
    quoted: bool
    """Whether the answer is made of the documents' own sentences, since no model's answer could be used."""
    mode: Mode
    """What was asked for; whether an adapter did answer, `adapter` says."""
    model: str
    searched: str
    citations: Sequence[Citation]
    retrieved: Sequence[Source]
    timings_ms: dict[str, float]
    receipt: dict[str, Any]
    adapter: Named | None = None
    """The adapter that the model answered with; None where it had none, and where no model was asked."""
    missed: Missed | None = None
    """The adapter that should have answered, where it could not."""

    @property
    def broke_off(self) -> bool:
        """Whether the connection to the model broke in the middle of what is shown."""
        return bool(self.receipt.get("broke_off")) and not self.quoted


Event = Retrieved | Token | Answer
