"""A small library to ask from, made as a worker makes it, and models that say what a test wants them to say."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import sqlalchemy as sa
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from admin.curation.documents.ingesting import Ingestion, Submission, submit
from admin.curation.formats.parser import Parser
from chat.models.chat import Connected, ModelConnection
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.rag.answer import Source
from chat.rag.chain import Chain
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Writer
from chat.settings import Settings
from chat.store import versions
from chat.store.database import Database
from chat.store.versions import VersionState
from tests.conftest import OWNER

NOWHERE = "http://127.0.0.1:9/v1"
"""Where no model server listens."""


@dataclass(frozen=True)
class Library:
    """Documents of one database. `add` does what `submit` and then a worker do."""

    database: Database
    ingestion: Ingestion
    incoming: Path

    def submit(self, name: str, content: str | bytes, collection: str = "default") -> Submission:
        data = content.encode() if isinstance(content, str) else content
        path = self.incoming / hashlib.sha256(data).hexdigest()[:16]
        path.write_bytes(data)
        with self.database.sessions.begin() as session:
            return submit(session, self.ingestion.home, path, collection, name=name, source=name)

    def add(self, name: str, content: str | bytes, collection: str = "default") -> Submission:
        done = self.submit(name, content, collection)
        self.ingestion.process(done.version_id)
        return done

    def state(self, version_id: int) -> VersionState:
        with self.database.sessions() as session:
            return versions.states(session, [version_id])[0]

    def scalar(self, statement: str, **values: Any) -> Any:
        """One value, straight from the tables."""
        with self.database.engine.connect() as connection:
            return connection.execute(sa.text(statement), values).scalar_one()


def make_library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    incoming = home / "incoming"
    incoming.mkdir(exist_ok=True)
    return Library(database, Ingestion(database.sessions, embedder, parser, home), incoming)


class Speaker(BaseChatModel):
    """Says `answers` in turn, a word at a time; `breaks_after` so many words the connection is lost."""

    answers: list[str]
    breaks_after: int | None = None
    _spoken: int = PrivateAttr(0)
    _prompts: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _freed: bool = PrivateAttr(False)

    @property
    def _llm_type(self) -> str:
        return "speaker"

    @property
    def prompts(self) -> list[list[BaseMessage]]:
        """Every prompt that it got."""
        return self._prompts

    @property
    def spoken(self) -> int:
        """Words that it had to come up with."""
        return self._spoken

    @property
    def freed(self) -> bool:
        """Whether its last stream was closed, at its end or before."""
        return self._freed

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(str(chunk.message.content) for chunk in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self._prompts.append(list(messages))
        self._freed = False
        answer = self.answers[(len(self._prompts) - 1) % len(self.answers)]
        try:
            for count, word in enumerate(answer.split(" ")):
                if count == self.breaks_after:
                    raise openai.OpenAIError("connection lost")
                self._spoken += 1
                yield ChatGenerationChunk(message=AIMessageChunk(content=word if count == 0 else f" {word}"))
        finally:
            self._freed = True


@dataclass
class Models(ModelConnection):
    """The way to a model that a test brings along; once that is lost, there is none."""

    losses: int = field(default=0)

    def lost(self) -> None:
        self.losses += 1
        super().lost()


def models(chat: BaseChatModel | None, name: str = "fake") -> Models:
    """A connection to `chat`, or to no model at all."""
    connected = None if chat is None else Connected(chat, name)
    return Models(Settings(model=NOWHERE), _connected=connected)


def texts(messages: Sequence[BaseMessage]) -> list[str]:
    return [str(message.content) for message in messages]


class Trusting(Verifier):
    """Lets every question through whose passages are near: what comes after is what most tests are about."""

    def probabilities(self, question: str, passages: Sequence[str]) -> list[float]:
        return [1.0] * len(passages)


def make_chain(library: Library, way: ModelConnection, *, verifier: Verifier | None = None, wait: bool = True) -> Chain:
    """The chain over all the library's documents."""
    embedder = library.ingestion.embedder
    retriever = HybridRetriever(sessions=library.database.sessions, embedder=embedder, person=OWNER)
    return Chain(retriever=retriever, verifier=verifier or Trusting(), writer=Writer(way, embedder, wait=wait))


def source(text: str, **fields: Any) -> Source:
    """A passage that begins at character 100 of its document, unless `fields` say otherwise."""
    start = fields.pop("start", 100)
    known: dict[str, Any] = {
        "rank": 1,
        "score": 1.0,
        "dense_rank": 1,
        "keyword_rank": 1,
        "similarity": 0.9,
        "chunk_id": 1,
        "document": "Rules",
        "document_id": 1,
        "version": 1,
        "version_id": 1,
        "page": None,
        "section": "",
    }
    return Source(**known | fields, start=start, end=start + len(text), text=text)
