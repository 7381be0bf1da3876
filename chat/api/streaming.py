"""An answer as server-sent events."""

import json
from collections.abc import Generator
from contextlib import closing
from itertools import chain
from typing import Any

from chat.api.errors import body
from chat.api.protocol import CompletionRequest, Envelope, about, annotations, finish_reason
from chat.errors import AppError
from chat.rag.answer import Answer, Event, Token
from chat.rag.chain import Events

AT_WORK = ": at work\n\n"


def stream(request: CompletionRequest, first: Event, events: Events, *, words: bool) -> Generator[str, None, None]:
    """The answer as it grows; `words`: as they come.

    An answer from documents is sent once it is settled: what a small model said at first may be replaced, and a
    client cannot take back what it got. Until then comment lines keep the connection alive.
    """
    envelope, said = Envelope(request.model), ""
    with closing(events):
        try:
            for event in chain((first,), events):
                match event:
                    case Token(text) if words:
                        said += text
                        yield _sse(envelope.chunk({"role": "assistant", "content": text}))
                    case Answer():
                        yield from _end(envelope, event, said, include_usage=request.include_usage)
                    case _:
                        yield AT_WORK
        except AppError as error:
            yield _sse(body(error))
            return
    yield "data: [DONE]\n\n"


def _end(envelope: Envelope, answer: Answer, said: str, *, include_usage: bool) -> Generator[str, None, None]:
    """What of the answer was not sent yet, and what belongs to it."""
    # What a model said again and again is kept once: of that, everything was sent.
    rest = "" if said.strip().startswith(answer.text) else answer.text.removeprefix(said.strip())
    yield _sse(envelope.chunk({"role": "assistant", "content": rest}))
    yield _sse(envelope.chunk({"annotations": annotations(answer)}))
    yield _sse(envelope.chunk({}, finish_reason(answer), apprentice=about(answer)))
    if include_usage:
        yield _sse(envelope.usage_chunk(answer))


def _sse(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
