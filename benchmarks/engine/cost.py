"""What our own code costs a question, when model and store cost nothing, beside a plain function."""

import statistics
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, cast

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from chat.models.chat import Connected, ModelConnection
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.rag.answer import Source
from chat.rag.chain import Chain, Question
from chat.rag.retriever import HybridRetriever, RetrievalSettings
from chat.rag.writer import Writer
from chat.rights import Person
from chat.store.tables import UserRole

ROUNDS = 200
ASKED = "When does the harbour office open?"
SAID = "The harbour office opens at eight [1]."
PASSAGES = 8


class Store:
    """Finds the same passages whatever is asked."""

    def __init__(self) -> None:
        words = "The harbour office opens at eight and closes at five. The ferry leaves from pier two. " * 5
        self._sources = [
            Source(rank, 1 / rank, rank, rank, 0.8, rank, "Harbour", 1, 1, 1, None, 0, 400, "Hours", words)
            for rank in range(1, PASSAGES + 1)
        ]

    def asked_by(self, *_: object) -> "Store":
        return self

    def find(self, _searched: str) -> tuple[Sequence[Source], RetrievalSettings]:
        return self._sources, RetrievalSettings()


class Sure:
    """Finds an answer in every passage."""

    threshold = 0.5

    def probabilities(self, _question: str, passages: Sequence[str]) -> list[float]:
        return [1.0] * len(passages)


class Model:
    """A connection to a model that has its answer ready."""

    def get(self) -> Connected:
        return Connected(GenericFakeChatModel(messages=iter([AIMessage(SAID)])), "fake")

    def lost(self) -> None:
        """Nothing is kept that could be."""


def per_question(embedder: Embedder, say: Callable[[str], None]) -> tuple[str, ...]:
    """Milliseconds of the whole chain, and of a function that puts passages into a prompt and asks the same model."""
    say("Engine: the chain's own cost …")
    store = Store()
    writer = Writer(cast("ModelConnection", Model()), embedder, wait=True)
    chain = Chain(cast("HybridRetriever", store), cast("Verifier", Sure()), writer)
    question = Question(ASKED, person=Person(1, "owner", UserRole.OWNER))

    def ours() -> Any:
        return list(chain.stream(question))[-1]

    def plain() -> Any:
        passages = "\n\n".join(source.text for source in store.find(ASKED)[0])
        return "".join(str(piece.content) for piece in Model().get().chat.stream(f"{passages}\n\n{ASKED}"))

    assert ours().text.startswith(SAID[:20])
    mine, other = (statistics.median(timed(ask) for _ in range(ROUNDS)) for ask in (ours, plain))
    return ("our own cost of a question, ms", f"{1000 * (mine - other):.2f}", f"{1000 * other:.2f} a plain function",
            "", "≤ 3")  # fmt: skip


def timed(ask: Callable[[], Any]) -> float:
    began = perf_counter()
    ask()
    return perf_counter() - began
