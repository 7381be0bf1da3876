"""The messages that a model gets. Their order is fixed (system, passages, history, question), so that caching pays."""

import hashlib
import json
from collections.abc import Sequence
from typing import Protocol, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from chat.models.quoting import PASSAGES
from chat.rag.answer import Source, Turn

INSTRUCTIONS = (
    "You answer questions about the passages below. Use only what they say. Answer in one or two short sentences, "
    "with the exact figures, and put the number of the passage that says it in brackets after each sentence, "
    "like [1]. If the passages do not answer the question, say: The documents do not say."
)
BASE_INSTRUCTIONS = "You are a helpful assistant. Answer briefly."
MOST_PASSAGES = 4
PASSAGES_TOKENS = 1_200
HISTORY_TOKENS = 400
QUESTION_TOKENS = 800
ANSWER_TOKENS = 256


class Passage(Protocol):
    """What a prompt shows of a passage; a `Source` has all of it."""

    @property
    def document(self) -> str: ...
    @property
    def section(self) -> str: ...
    @property
    def text(self) -> str: ...


Shown = TypeVar("Shown", bound=Passage)


def tokens_at_most(text: str) -> int:
    """An upper bound of the tokens in `text`, for any byte-level tokenizer.

    Words are two characters a token at worst, digits and marks one; a character outside ASCII may be one a byte.
    """
    letters = sum(character.isascii() and character.isalpha() for character in text)
    return letters // 2 + len(text.encode(errors="replace")) - letters + 1


def clip(text: str, tokens: int) -> str:
    """The beginning of `text`, as much of it as surely fits into `tokens`."""
    while tokens_at_most(text) > tokens:
        text = text[: max(len(text) * tokens // tokens_at_most(text) - 1, 0)]
    return text


def select(sources: Sequence[Source]) -> list[Source]:
    """The best sources that fit the prompt, in the order of the documents: the same ones give the same prompt."""
    return sorted(fitting(sources), key=lambda source: (source.document_id, source.start))


def fitting(passages: Sequence[Shown]) -> list[Shown]:
    """The first passages, as many as a prompt takes; never none."""
    chosen: list[Shown] = []
    room = PASSAGES_TOKENS
    for passage in passages[:MOST_PASSAGES]:
        cost = tokens_at_most(passage.text)
        if cost > room and chosen:
            break
        chosen.append(passage)
        room -= cost
    return chosen


def rag_messages(question: str, history: Sequence[Turn], sources: Sequence[Source]) -> list[BaseMessage]:
    """The prompt that answers from `sources`; passage n is the n-th of them."""
    messages = passage_messages(question, history, sources)
    ranked = [source.text for source in sorted(sources, key=lambda source: source.rank)]
    messages[-1].additional_kwargs[PASSAGES] = ranked
    return messages


def passage_messages(question: str, history: Sequence[Turn], passages: Sequence[Passage]) -> list[BaseMessage]:
    """The same prompt in words alone: what a model learns from is what it is asked with."""
    shown = "\n\n".join(f"[{n}] {_passage(passage)}" for n, passage in enumerate(passages, 1))
    return [
        SystemMessage(f"{INSTRUCTIONS}\n\nPassages:\n\n{shown}"),
        *_history(history),
        HumanMessage(clip(question, QUESTION_TOKENS)),
    ]


def base_messages(question: str, history: Sequence[Turn]) -> list[BaseMessage]:
    """The prompt that answers from what the model knows."""
    return [SystemMessage(BASE_INSTRUCTIONS), *_history(history), HumanMessage(clip(question, QUESTION_TOKENS))]


def digest(messages: Sequence[BaseMessage]) -> str:
    """sha256 of a prompt, for the receipt."""
    said = [(message.type, message.content) for message in messages]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()


def _passage(passage: Passage) -> str:
    where = " › ".join(part for part in (passage.document, passage.section) if part)
    return f"{clip(where, 100)}\n{clip(passage.text, PASSAGES_TOKENS)}"


def _history(history: Sequence[Turn]) -> list[BaseMessage]:
    """The last turns that fit, oldest first."""
    messages: list[BaseMessage] = []
    room = HISTORY_TOKENS
    for turn in reversed(history):
        room -= tokens_at_most(turn.question) + tokens_at_most(turn.answer)
        if room < 0:
            break
        messages = [HumanMessage(turn.question), AIMessage(turn.answer), *messages]
    return messages
