"""What passes between the chain and whoever asked: the events of an answer as it grows, and the answer itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """What helps the model answer."""

    BASE = "base"
    RAG = "rag"


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
class Answer:
    """Event, the last one: the whole answer. `text` stands for what was streamed, also where it differs."""

    text: str
    refused: bool
    quoted: bool
    """Whether the answer is made of the documents' own sentences, since no model's answer could be used."""
    mode: Mode
    model: str
    searched: str
    citations: Sequence[Citation]
    retrieved: Sequence[Source]
    timings_ms: dict[str, float]
    receipt: dict[str, Any]


Event = Retrieved | Token | Answer
