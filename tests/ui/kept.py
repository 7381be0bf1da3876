"""What a look-alike of the assistant keeps, in the shapes that the page expects."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from chat.rag.answer import Citation, Mode, Source
from chat.store.adapters import Named
from chat.store.branches import Versions
from chat.store.feedback import Opinion


@dataclass(frozen=True)
class Kept:
    role: str
    text: str
    status: str = "complete"
    mode: Mode | None = None
    refused: bool = False
    quoted: bool = False
    searched: str = ""
    citations: tuple[Citation, ...] = ()
    retrieved: tuple[Source, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    adapter: Named | None = None
    missed: str | None = None
    broke_off: bool = False
    opinion: Opinion | None = None
    problem: str = ""
    versions: Versions | None = None
    used: int = 0
    model: str = ""
    id: UUID = field(default_factory=uuid4)


@dataclass
class Talk:
    id: UUID
    title: str
    updated_at: datetime
    messages: list[Kept] = field(default_factory=list)


@dataclass(frozen=True)
class Body:
    name: str
    greeting: str


@dataclass(frozen=True)
class Place:
    document: str
    version: int
    newest: bool
    page: int | None
    start: int
    end: int
    text: str
