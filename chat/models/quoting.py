"""Answers in the documents' own words: what speaks when no model can, or when a model said what no document bears.

Like any backend it is a LangChain chat model; it reads the passages that `rag.prompt` sends along with the question.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from chat import language

PASSAGES = "passages"
"""Key of the passages (texts, best first) in the question's `additional_kwargs`."""
MOST_SENTENCES = 2
CLOSE = 0.75
"""A second sentence is quoted where it scores at least so much of the first one's score."""
MEANING, WORDS, PLACE = 0.7, 0.3, 0.1
"""What a sentence's nearness in meaning, the words it shares with the question and its passage's rank are worth."""
NOT_PROSE = re.compile(r"\s*(#{1,6} |\|?\s*:?-{3,}|=+\s*$|`{3})|[^.!?]*:\s*$")
"""Headings, rules, and lines that only announce what comes next."""
LIST_MARKER = re.compile(r"^\s*([-*+>]|\d+[.)])\s+")


@dataclass(frozen=True)
class Quote:
    """A sentence of a passage: its span in that passage's text, and how well it fits the question."""

    passage: int
    start: int
    end: int
    score: float


def best_sentences(question: str, passages: Sequence[str], embedder: Embeddings) -> list[Quote]:
    """The one or two sentences nearest to the question in meaning and words, best first."""
    spans = [
        (place, start, end)
        for place, passage in enumerate(passages)
        for start, end in language.sentences(passage)
        if not NOT_PROSE.match(passage[start:end])
    ]
    if not spans:
        return []
    texts = [passages[place][start:end] for place, start, end in spans]
    vectors = np.array(embedder.embed_documents([question, *texts]))
    nearness = vectors[1:] @ vectors[0]
    shared = shared_words(question, texts)
    scores = [
        MEANING * near + WORDS * share + PLACE / (1 + place)
        for near, share, (place, _, _) in zip(nearness, shared, spans, strict=True)
    ]
    quotes = [Quote(*span, float(score)) for span, score in zip(spans, scores, strict=True)]
    ranked = sorted(quotes, key=lambda quote: -quote.score)[:MOST_SENTENCES]
    return [quote for quote in ranked if quote.score >= CLOSE * ranked[0].score]


def shared_words(question: str, texts: Sequence[str]) -> list[float]:
    """For each text, the share (0 to 1) of the question's telling words that it has; rare ones count for more."""
    wanted = set(language.content_words(question))
    found = [set(language.content_words(text)) & wanted for text in texts]
    counts = Counter(word for words in found for word in words)
    weight = {word: math.log(1 + len(texts) / count) for word, count in counts.items()}
    total = sum(weight.values()) or 1.0
    return [sum(weight[word] for word in words) / total for words in found]


def quotation(question: str, passages: Sequence[str], embedder: Embeddings) -> str:
    """The best sentences as an answer, each on a line of its own; empty where there is none."""
    quotes = sorted(best_sentences(question, passages, embedder), key=lambda quote: (quote.passage, quote.start))
    return "\n\n".join(LIST_MARKER.sub("", passages[quote.passage][quote.start : quote.end]) for quote in quotes)


class QuotingChatModel(BaseChatModel):
    """A chat model that writes nothing of its own: it quotes."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    embedder: Embeddings
    model_name: str = "quotes"

    @property
    def _llm_type(self) -> str:
        return "quoting"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._quote(messages)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for word in re.findall(r"\S+\s*|\s+", self._quote(messages)):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))

    def _quote(self, messages: Sequence[BaseMessage]) -> str:
        question = next(message for message in reversed(messages) if isinstance(message, HumanMessage))
        return quotation(str(question.content), question.additional_kwargs.get(PASSAGES, []), self.embedder)
