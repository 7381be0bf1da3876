"""What the model writes, as it writes it; quotations where there is no model to ask."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property

from langchain_core.messages import BaseMessage

from chat.errors import AdapterRefusedError, BusyError, ModelError
from chat.language import sentences
from chat.models.chat import Connected, ModelConnection
from chat.models.embedder import Embedder
from chat.models.quoting import QuotingChatModel
from chat.models.speech import Speech, Usage
from chat.rag.answer import Token
from chat.rag.prompt import ANSWER_TOKENS
from chat.store.adapters import Named

NO_MODEL = "There is no model to answer with it."
CANNOT = (
    "The adapter {} cannot answer at the moment. Choose another way to answer; "
    "an owner finds the reason with `python -m admin doctor`."
)


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
    broke_off: ModelError | None = None
    """Why it ended before its time, where it did."""
    missed: str | None = None
    """Why the adapter that was asked for did not write it, where it did not."""
    usage: Usage | None = None

    @property
    def began(self) -> bool:
        """Whether there is anything to keep: some words, or an end that the model chose."""
        return bool(self.text) or self.broke_off is None


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

    def write(self, messages: Sequence[BaseMessage], clock: Clock, adapter: Named | None = None) -> Writing:
        """Stream the model's answer; the quotations' where there is no model, or it fails before its first word.

        Where the adapter cannot answer, the model answers without it, and the draft says so.
        """
        connected = self.model()
        if adapter is None:
            return (yield from self._write_plainly(connected, messages, clock))
        missed = NO_MODEL
        if connected is not None:
            try:
                draft = yield from self._stream(connected.with_adapter(adapter.digest), messages, clock)
            except AdapterRefusedError as error:
                missed = str(error)
            else:
                if draft.began:
                    return draft
                connected, missed = None, str(draft.broke_off or NO_MODEL)
        plain = yield from self._write_plainly(connected, messages, clock)
        return replace(plain, missed=missed)

    def write_alone(self, messages: Sequence[BaseMessage], clock: Clock, adapter: Named | None = None) -> Writing:
        """Stream the model's answer where nothing can be quoted, and nothing else may stand in for the adapter.

        Raises `ModelError` when there is no model, or it fails before its first word.
        """
        connected = self.models.get()
        speaking = connected if adapter is None else connected.with_adapter(adapter.digest)
        try:
            draft = yield from self._stream(speaking, messages, clock)
        except AdapterRefusedError as error:
            raise AdapterRefusedError(CANNOT.format(adapter and adapter.name)) from error
        if draft.broke_off is not None and not draft.began:
            raise draft.broke_off
        return draft

    def _write_plainly(self, connected: Connected | None, messages: Sequence[BaseMessage], clock: Clock) -> Writing:
        if connected is not None:
            draft = yield from self._stream(connected, messages, clock)
            if draft.began:
                return draft
        return (yield from self._stream(self.quotes, messages, clock))

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
        """Stream one model. One that breaks off is forgotten, so that the next question finds it anew.

        Raises `AdapterRefusedError` where only its adapter cannot answer: the model is there, and is kept, as is one
        that is busy.
        """
        text = ""
        # Not piped into an output parser: closed early, such a sequence first reads its model to the end.
        speech = Speech(connected, messages, {"temperature": 0, "max_tokens": ANSWER_TOKENS})
        try:
            with closing(iter(speech)) as pieces:
                for piece in pieces:
                    clock.note("first_token")
                    text += piece
                    yield Token(piece)
                    if piece.rstrip().endswith((".", "!", "?", "]")) and loops(text):
                        return Draft(without_repeats(text), connected)
        except ModelError as error:
            if isinstance(error, AdapterRefusedError) and not text:
                raise
            if not isinstance(error, BusyError):
                self.models.lost()
            return Draft(text, connected, broke_off=error)
        return Draft(text, connected, usage=speech.usage)


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
