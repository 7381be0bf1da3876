"""What the model writes, as it writes it; quotations where there is no model to ask."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

from langchain_core.messages import BaseMessage

from chat.errors import ModelError
from chat.language import sentences
from chat.models.chat import Connected, ModelConnection, model_errors
from chat.models.embedder import Embedder
from chat.models.quoting import QuotingChatModel
from chat.rag.answer import Token
from chat.rag.prompt import ANSWER_TOKENS


@dataclass
class Clock:
    """Milliseconds since the question came, noted by the name of what had happened by then."""

    start: float = field(default_factory=time.perf_counter)
    marks: dict[str, float] = field(default_factory=dict)

    def note(self, name: str) -> None:
        """Note the time; the first note of a name stands."""
        self.marks.setdefault(name, round((time.perf_counter() - self.start) * 1000, 1))


@dataclass(frozen=True)
class Draft:
    """What was written before anyone checked it."""

    text: str
    by: Connected
    broke_off: bool = False


Writing = Generator[Token, None, Draft]


@dataclass(frozen=True)
class Writer:
    """Writes with the model, the adapter being chosen per call."""

    models: ModelConnection
    embedder: Embedder
    wait: bool
    """Whether to wait for a model that is still starting; if not, quotations stand in meanwhile."""

    @cached_property
    def quotes(self) -> Connected:
        """What speaks where there is no model."""
        return Connected(QuotingChatModel(embedder=self.embedder), "quotes")

    def write(self, messages: Sequence[BaseMessage], clock: Clock) -> Writing:
        """Stream the model's answer; the quotations' where there is no model, or it fails before its first word."""
        connected = self.model()
        if connected is not None:
            draft = yield from self._stream(connected, messages, clock)
            if draft.text or not draft.broke_off:
                return draft
        return (yield from self._stream(self.quotes, messages, clock))

    def write_alone(self, messages: Sequence[BaseMessage], clock: Clock) -> Writing:
        """Stream the model's answer where nothing can be quoted. Raises `ModelError` when there is no model."""
        return (yield from self._stream(self.models.get(), messages, clock))

    def quotation(self, messages: Sequence[BaseMessage]) -> str:
        """The documents' own words in answer to a prompt."""
        return str(self.quotes.chat.invoke(list(messages)).content)

    def model(self) -> Connected | None:
        """The model, if there is one to be had."""
        if not self.wait:
            return self.models.get_soon()
        try:
            return self.models.get()
        except ModelError:
            return None

    def _stream(self, connected: Connected, messages: Sequence[BaseMessage], clock: Clock) -> Writing:
        """Stream one model. One that breaks off is forgotten, so that the next question finds it anew."""
        text = ""
        # Not piped into an output parser: closed early, such a sequence first reads its model to the end.
        model = connected.chat.bind(temperature=0, max_tokens=ANSWER_TOKENS)
        try:
            with model_errors(), closing(model.stream(list(messages))) as chunks:  # type: ignore[type-var]
                for piece in filter(None, (str(chunk.text) for chunk in chunks)):
                    clock.note("first_token")
                    text += piece
                    yield Token(piece)
                    if piece.rstrip().endswith((".", "!", "?", "]")) and loops(text):
                        return Draft(without_repeats(text), connected)
        except ModelError:
            self.models.lost()
            return Draft(text, connected, broke_off=True)
        return Draft(text, connected)


def loops(text: str) -> bool:
    """Whether a model has begun to say the same again, as small ones do until they are stopped."""
    said = [text[start:end] for start, end in sentences(text)]
    finished = said if text.rstrip().endswith((".", "!", "?")) else said[:-1]
    return len(finished) > len(set(finished))


def without_repeats(text: str) -> str:
    """The text with every sentence said once."""
    spans = sentences(text)
    first = {text[start:end]: end for start, end in reversed(spans)}
    return text[: max(first.values(), default=0)]
