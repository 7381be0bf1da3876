"""What goes over the wire: OpenAI's chat completions. Fields of theirs that are not ours are ignored."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal
from uuid import uuid4

from pydantic import BaseModel, Field

from chat.rag.answer import Answer, Mode

OWNER = "apprentice"


class Message(BaseModel):
    """One message of the request."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")


class StreamOptions(BaseModel):
    include_usage: bool = False


class CompletionRequest(BaseModel):
    """The body of `POST /v1/chat/completions`."""

    model: str = "assistant"
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    collection: str | None = None
    """Which documents are asked; all that the asker may read without."""
    tags: list[str] = []
    """Only documents that have all of these are asked."""

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


@dataclass(frozen=True)
class ModelName:
    """The `model` of a request: in which mode to answer, and with which adapter; None is what serves."""

    ASSISTANT: ClassVar = "assistant"

    mode: Mode | None
    adapter: str | None = None

    @property
    def streams_words(self) -> bool:
        """Whether words go out as they come: what is not checked against documents is never taken back."""
        return self.mode is not None and not self.mode.retrieves

    @classmethod
    def all(cls, adapters: Sequence[str]) -> dict[str, "ModelName"]:
        """Every name that can be asked for."""
        names = {cls.ASSISTANT: cls(None), "assistant:base": cls(Mode.BASE), "assistant:rag": cls(Mode.RAG)}
        for adapter in adapters:
            names[f"assistant:{adapter}"] = cls(Mode.RAG_ADAPTER, adapter)
            names[f"assistant:{adapter}:alone"] = cls(Mode.ADAPTER, adapter)
        return names


def model_list(names: Sequence[str]) -> dict[str, Any]:
    """The reply of `GET /v1/models`."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": 0, "owned_by": OWNER} for name in names],
    }


class Envelope:
    """The fields that every part of one answer repeats."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "model": model}

    def completion(self, answer: Answer) -> dict[str, Any]:
        """The whole answer at once, its citations as annotations."""
        message = {"role": "assistant", "content": answer.text, "annotations": annotations(answer)}
        choice = {"index": 0, "message": message, "finish_reason": finish_reason(answer), "logprobs": None}
        counted = {"usage": usage(answer)} if usage(answer) else {}
        return {**self._head, "object": "chat.completion", "choices": [choice], **counted, OWNER: about(answer)}

    def chunk(self, delta: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
        """The next part of a streamed answer."""
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice], **more}

    def usage_chunk(self, answer: Answer) -> dict[str, Any]:
        """What a streamed answer took, where the client asks for it."""
        return {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": usage(answer)}


def annotations(answer: Answer) -> list[dict[str, Any]]:
    """The citations, each with its place in a document version."""
    return [{"type": "citation", "citation": asdict(citation)} for citation in answer.citations]


def about(answer: Answer) -> dict[str, Any]:
    """What OpenAI's fields have no room for."""
    return {
        "mode": answer.mode,
        "model": answer.model,
        "adapter": asdict(answer.adapter) if answer.adapter else None,
        "refused": answer.refused,
        "quoted": answer.quoted,
        "broke_off": answer.broke_off,
    }


def finish_reason(answer: Answer) -> str:
    """`length` is what the protocol has for an answer that ends before it is finished."""
    return "length" if answer.broke_off else "stop"


def usage(answer: Answer) -> dict[str, int] | None:
    """The tokens that the model server counted; None where no model was asked, or it did not tell."""
    counted: dict[str, int] | None = answer.receipt.get("usage")
    return counted and {**counted, "total_tokens": sum(counted.values())}
