"""What goes over the wire: OpenAI's chat completions, as vLLM speaks them.

Fields that are not listed are ignored, so that any client of the protocol can be used.
"""

import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chat.engine.tickets import Outcome

StopString = Annotated[str, Field(min_length=1)]
TokenCount = Annotated[int, Field(ge=1)]


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    def for_template(self) -> dict[str, str]:
        """The form that chat templates take."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: TokenCount | None = None
    max_completion_tokens: TokenCount | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: StopString | list[StopString] | None = None
    n: Literal[1] | None = None
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    """As in vLLM, lower goes first: 0 is a person who waits."""

    @property
    def stop_strings(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


class AdapterRequest(BaseModel):
    """The body of `POST /v1/load_lora_adapter`, and without a path of `/v1/unload_lora_adapter`."""

    lora_name: Annotated[str, Field(min_length=1, max_length=200)]
    lora_path: str | None = None


class Envelope:
    """The fields that every part of one answer repeats. `system_fingerprint` says what really answered."""

    def __init__(self, answer_id: str, model: str, system_fingerprint: str) -> None:
        self._head = {
            "id": answer_id,
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": system_fingerprint,
        }

    def completion(self, text: str, outcome: Outcome) -> dict[str, Any]:
        """The whole answer at once."""
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": outcome.reason, "logprobs": None}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": usage(outcome)}

    def chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
        """The next part of a streamed answer."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}

    def usage_chunk(self, outcome: Outcome) -> dict[str, Any]:
        """What a streamed answer took, where the client asks for it."""
        return {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": usage(outcome)}


def usage(outcome: Outcome) -> dict[str, Any]:
    return {
        "prompt_tokens": outcome.prompt_tokens,
        "completion_tokens": outcome.completion_tokens,
        "total_tokens": outcome.prompt_tokens + outcome.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": outcome.cached_tokens},
    }


class ProtocolError(Exception):
    """A refusal, in OpenAI's shape."""

    def __init__(
        self, status: int, message: str, code: str, param: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        kind = "invalid_request_error" if status < 429 else "server_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
