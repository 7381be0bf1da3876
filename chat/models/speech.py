"""What a model says, as it says it, whatever happens to the connection meanwhile.

A request is sent once more where that is safe: nothing was said yet, and it was the first try.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage

from chat.errors import BusyError, LostError
from chat.models.chat import Connected, model_errors

PATIENCE_S = 5.0
"""How long a person may be kept waiting where a busy server says when to come again."""


@dataclass(frozen=True)
class Usage:
    """Tokens that an answer took, as its server counted them."""

    prompt_tokens: int
    completion_tokens: int


@dataclass
class Speech:
    """The pieces of one answer, read once; then `usage`, where the server told it. Closing the iterator ends it."""

    connected: Connected
    messages: Sequence[BaseMessage]
    sampling: dict[str, Any]
    usage: Usage | None = None

    def __iter__(self) -> Generator[str, None, None]:
        """Raises `ModelError` where the answer ends before its time; what came until then was said."""
        said = False
        try:
            with closing(self._pieces()) as pieces:
                for piece in pieces:
                    said = True
                    yield piece
        except (BusyError, LostError) as error:
            wait = error.retry_after_s if isinstance(error, BusyError) else 0.0
            if said or wait > PATIENCE_S:
                raise
            time.sleep(wait)
            yield from self._pieces()

    def _pieces(self) -> Generator[str, None, None]:
        """One try, which is not over before the server has said why."""
        ended = not self.connected.tells_end
        with closing(self._chunks()) as chunks:
            for chunk in chunks:
                ended = ended or "finish_reason" in chunk.response_metadata
                if counted := chunk.usage_metadata:
                    self.usage = Usage(counted["input_tokens"], counted["output_tokens"])
                # A model may say NUL, which no database keeps and no page shows.
                if piece := str(chunk.text).replace("\x00", ""):
                    yield piece
        if not ended:
            raise LostError("The model broke off in the middle of its answer. Ask again.")

    def _chunks(self) -> Generator[AIMessageChunk, None, None]:
        stream: Iterator[AIMessageChunk] = self.connected.chat.stream(list(self.messages), **self.sampling)
        with closing(stream):  # type: ignore[type-var]
            while True:
                with model_errors(self.connected.adapter):
                    chunk = next(stream, None)
                if chunk is None:
                    return
                yield chunk
