"""The assistant over HTTP, as OpenAI's clients expect it: models, chat completions with citations, and health."""

import json
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import chain, pairwise
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from chat.door.account import account
from chat.errors import AppError
from chat.models.chat import ModelConnection
from chat.rag.answer import Answer, Event, Mode, Token, Turn
from chat.rag.chain import Events
from chat.service import Assistant

Account = Annotated[str | None, Depends(account)]
MODELS = {"assistant": Mode.RAG, "assistant:rag": Mode.RAG, "assistant:base": Mode.BASE}


class Message(BaseModel):
    """One message of the request."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")


class Completion(BaseModel):
    """What is asked. Fields that OpenAI knows and we do not are ignored."""

    model: str = "assistant"
    messages: list[Message]
    stream: bool = False
    collection: str | None = None


def router(assistant: Assistant, models: ModelConnection) -> APIRouter:
    """The routes, over one assistant."""
    routes = APIRouter()

    @routes.get("/healthz")
    def health() -> dict[str, Any]:
        assistant.collections()
        return {"status": "ok", "model": "ready" if models.get_soon() else "starting"}

    @routes.get("/v1/models")
    def list_models() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [{"id": name, "object": "model", "owned_by": "apprentice"} for name in MODELS],
        }

    @routes.post("/v1/chat/completions", response_model=None)
    def complete(request: Completion, account: Account) -> StreamingResponse | JSONResponse:
        if request.model not in MODELS:
            return failure(404, f"There is no model {request.model!r}. There are: {', '.join(MODELS)}.")
        try:
            events = assistant.for_account(account).answer(
                *conversation(request.messages), mode=MODELS[request.model], collection=request.collection
            )
            first = next(events)
        except AppError as error:
            return failure(400, str(error))
        if request.stream:
            pieces = stream(request.model, first, events)
            # Closed also where the client has left: nothing else would free the model then.
            ended = BackgroundTask(pieces.close)
            return StreamingResponse(pieces, media_type="text/event-stream", background=ended)
        answer = [event for event in (first, *events) if isinstance(event, Answer)][-1]
        return JSONResponse(completion(request.model, answer))

    return routes


def conversation(messages: Sequence[Message]) -> tuple[str, list[Turn]]:
    """The last question, and the turns before it."""
    said = [message for message in messages if message.role in ("user", "assistant")]
    question = said[-1].text if said and said[-1].role == "user" else ""
    turns = [
        Turn(asked.text, answered.text)
        for asked, answered in pairwise(said)
        if (asked.role, answered.role) == ("user", "assistant")
    ]
    return question, turns


def completion(model: str, answer: Answer) -> dict[str, Any]:
    """A whole answer in OpenAI's shape, its citations as annotations."""
    message = {"role": "assistant", "content": answer.text, "annotations": annotations(answer)}
    return envelope(model, "chat.completion") | {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def stream(model: str, first: Event, events: Events) -> Generator[str, None, None]:
    """The answer as server-sent events.

    An answer from documents is sent once it is settled: what a small model said at first may be replaced, and a
    client cannot take back what it got. Until then comment lines keep the connection alive.
    """
    opened = envelope(model, "chat.completion.chunk")
    said = ""
    with closing(events):
        for event in chain((first,), events):
            match event:
                case Token(text) if MODELS[model] is Mode.BASE:
                    said += text
                    yield chunk(opened, {"content": text})
                case Answer():
                    yield chunk(opened, {"role": "assistant", "content": event.text.removeprefix(said.strip())})
                    yield chunk(opened, {"annotations": annotations(event)})
                    yield chunk(opened, {}, "stop")
                case _:
                    yield ": at work\n\n"
    yield "data: [DONE]\n\n"


def chunk(opened: dict[str, Any], delta: dict[str, Any], finish_reason: str | None = None) -> str:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return f"data: {json.dumps(opened | {'choices': [choice]})}\n\n"


def annotations(answer: Answer) -> list[dict[str, Any]]:
    """The citations, each with its place in a document version."""
    return [{"type": "citation", "citation": asdict(citation)} for citation in answer.citations]


def envelope(model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def failure(status: int, message: str) -> JSONResponse:
    """An error in OpenAI's shape."""
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error", "code": None}}, status)
