"""Answers in the documents' own words: what speaks when no model can, or when a model said what no document bears.

Like any backend it is a LangChain chat model; it reads the passages that `rag.prompt` sends along with the question.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from chat import language

PASSAGES = "passages"
"""Key of the passages (texts, best first) in the question's `additional_kwargs`."""
MOST_SENTENCES = 2
CLOSE = 0.75
"""A second sentence is quoted where it scores at least so much of the first one's score."""
NOT_PROSE = re.compile(r"\s*(#{1,6} |\|?\s*:?-{3,}|=+\s*$|`{3})")
LIST_MARKER = re.compile(r"^\s*([-*+>]|\d+[.)])\s+")


@dataclass(frozen=True)
class Quote:
    """A sentence of a passage: its span in that passage's text, and how well it fits the question."""

    passage: int
    start: int
    end: int
    score: float


def best_sentences(question: str, passages: Sequence[str]) -> list[Quote]:
    """The one or two sentences that share the most telling words with the question, best first."""
    wanted = set(language.content_words(question))
    spans = [
        (place, start, end, set(language.content_words(passage[start:end])))
        for place, passage in enumerate(passages)
        for start, end in language.sentences(passage)
        if not NOT_PROSE.match(passage[start:end])
    ]
    seen = Counter(word for *_, words in spans for word in words & wanted)
    weight = {word: math.log(1 + len(spans) / count) for word, count in seen.items()}
    around = [set(language.content_words(passage)) & wanted for passage in passages]
    scored = [
        Quote(place, start, end, _score(words & wanted, around[place], weight) / (1 + 0.05 * place))
        for place, start, end, words in spans
        if len(words) > 1
    ]
    ranked = sorted(scored, key=lambda quote: -quote.score)[:MOST_SENTENCES]
    return [quote for quote in ranked if quote.score > 0 and quote.score >= CLOSE * ranked[0].score]


def _score(shared: set[str], around: set[str], weight: dict[str, float]) -> float:
    """Weight of the words shared by the sentence itself, and a little for those that the rest of the passage adds."""
    return sum(weight[word] for word in shared) + 0.3 * sum(weight.get(word, 0.0) for word in around - shared)


def quotation(question: str, passages: Sequence[str]) -> str:
    """The best sentences as an answer, each on a line of its own; empty where none fits."""
    quotes = sorted(best_sentences(question, passages), key=lambda quote: (quote.passage, quote.start))
    return "\n\n".join(LIST_MARKER.sub("", passages[quote.passage][quote.start : quote.end]) for quote in quotes)


class QuotingChatModel(BaseChatModel):
    """A chat model that needs no weights: it quotes."""

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
        return quotation(str(question.content), question.additional_kwargs.get(PASSAGES, []))
