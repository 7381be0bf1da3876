"""The engine's HTTP face. It holds no state of a request but the request's own ticket.

A client that goes away takes its request with it: the ticket is cancelled when the response ends, however it
ends.
"""

import asyncio
import json
import os
import secrets
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from chat.engine.generation import GenerationRequest
from chat.engine.loading import LoadedModel
from chat.engine.models import Models
from chat.engine.prompt import PromptEncoder
from chat.engine.protocol import ChatRequest, Envelope, ProtocolError
from chat.engine.scheduler import FAILED, Scheduler
from chat.engine.tickets import BusyError, Event, Outcome, Ticket
from chat.errors import InvalidInputError

Events = asyncio.Queue[Event]


class EngineServer(uvicorn.Server):
    """Runs the scheduler as long as itself. It ends the answers before the connections: every client is told."""

    def __init__(self, scheduler: Scheduler, loaded: LoadedModel, key: str) -> None:
        app = create_app(scheduler, loaded, key)
        super().__init__(
            uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        self._scheduler = scheduler

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._scheduler.start()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.to_thread(self._scheduler.stop)
        await super().shutdown(sockets)


def create_app(scheduler: Scheduler, loaded: LoadedModel, key: str) -> FastAPI:
    """Build the routes, for a scheduler that is started; all but `/healthz` ask for `key`."""
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(ProtocolError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(HTTPException, _refuse_route)
    models = Models(scheduler, loaded)
    routes = _Routes(scheduler, loaded, models)
    with_key = [Depends(_asks_for(key))]
    app.add_api_route("/healthz", routes.health)
    app.add_api_route("/v1/models", models.list, dependencies=with_key)
    app.add_api_route("/v1/load_lora_adapter", models.load, methods=["POST"], dependencies=with_key)
    app.add_api_route("/v1/unload_lora_adapter", models.unload, methods=["POST"], dependencies=with_key)
    app.add_api_route("/v1/chat/completions", routes.chat, methods=["POST"], dependencies=with_key, response_model=None)
    return app


def _asks_for(key: str) -> Callable[[Request], Awaitable[None]]:
    async def check(request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), key.encode()):
            raise ProtocolError(401, "The API key is missing or wrong.", code="invalid_api_key")

    return check


class _Routes:
    """The handlers, and what they share."""

    def __init__(self, scheduler: Scheduler, loaded: LoadedModel, models: Models) -> None:
        self._scheduler = scheduler
        self._loaded = loaded
        self._models = models
        self._prompts = PromptEncoder(loaded.tokenizer)

    async def health(self) -> dict[str, Any]:
        people = self._scheduler.people()
        return {"status": "ok", "model": self._loaded.id, "pid": os.getpid(), "people": people}

    async def chat(self, body: ChatRequest, request: Request) -> StreamingResponse | dict[str, Any]:
        generation = self._read(body, await self._models.adapter(body.model))
        events = Events()
        loop = asyncio.get_running_loop()

        def deliver(event: Event) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
                loop.call_soon_threadsafe(events.put_nowait, event)

        try:
            ticket = self._scheduler.submit(generation, deliver)
        except BusyError as busy:
            raise ProtocolError(429, str(busy), "engine_busy", retry_after_s=busy.retry_after_s) from busy
        answered_by = f"{self._loaded.revision[:16]}-{generation.adapter or 'base'}"
        envelope = Envelope(f"chatcmpl-{uuid.uuid4().hex}", body.model, answered_by)
        if body.stream:
            return _Streamed(_stream(envelope, events, include_usage=body.include_usage), ticket)
        async with _cancelled_with(request, ticket):
            pieces, outcome = await _collect(events)
        _raise_if_unfinished(outcome)
        return envelope.completion("".join(pieces), outcome)

    def _read(self, body: ChatRequest, adapter: str | None) -> GenerationRequest:
        """Check what the schema cannot, and turn messages into tokens."""
        try:
            prompt = self._prompts.encode([message.for_template() for message in body.messages])
        except InvalidInputError as error:
            raise ProtocolError(400, str(error), "invalid_messages", "messages") from error
        room = self._loaded.context_length - len(prompt)
        max_tokens = body.max_completion_tokens or body.max_tokens or max(room, 1)
        if max_tokens > room:
            message = (
                f"The context is {self._loaded.context_length} tokens long. "
                f"The messages take {len(prompt)} and the answer may take {max_tokens}. "
                "Shorten the messages or lower max_tokens."
            )
            raise ProtocolError(400, message, "context_length_exceeded", "messages")
        return GenerationRequest(
            prompt=tuple(prompt),
            max_tokens=max_tokens,
            temperature=1.0 if body.temperature is None else body.temperature,
            top_p=1.0 if body.top_p is None else body.top_p,
            seed=body.seed,
            stop=body.stop_strings,
            adapter=adapter,
            priority=body.priority,
        )


class _Streamed(StreamingResponse):
    """Starlette ends it when the client goes away, be it before the first piece; its ticket ends with it."""

    def __init__(self, pieces: AsyncIterator[str], ticket: Ticket) -> None:
        super().__init__(pieces, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._ticket = ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ticket.cancel()


async def _stream(envelope: Envelope, events: Events, *, include_usage: bool) -> AsyncIterator[str]:
    try:
        yield _sse(envelope.chunk({"role": "assistant", "content": ""}))
        while isinstance(event := await events.get(), str):
            yield _sse(envelope.chunk({"content": event}))
        _raise_if_unfinished(event)
        yield _sse(envelope.chunk({}, finish_reason=event.reason))
        if include_usage:
            yield _sse(envelope.usage_chunk(event))
        yield "data: [DONE]\n\n"
    except ProtocolError as error:
        yield _sse(error.body)


def _sse(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


async def _collect(events: Events) -> tuple[list[str], Outcome]:
    pieces = []
    while isinstance(event := await events.get(), str):
        pieces.append(event)
    return pieces, event


@asynccontextmanager
async def _cancelled_with(request: Request, ticket: Ticket) -> AsyncIterator[None]:
    """Cancel the ticket as soon as the client is gone; while nothing is sent, only listening tells."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        ticket.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        ticket.cancel()


def _raise_if_unfinished(outcome: Outcome) -> None:
    if outcome.reason == "error":
        raise ProtocolError(500, outcome.error or FAILED, "generation_failed")
    if outcome.reason == "cancelled":
        raise ProtocolError(503, "The engine stopped before the answer was finished.", "engine_stopped")


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProtocolError)
    return JSONResponse(error.body, error.status, error.headers)


async def _refuse_body(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [(".".join(str(part) for part in each["loc"][1:]), each["msg"]) for each in error.errors()]
    words = "; ".join(f"{field}: {message}" for field, message in problems)
    return await _refuse(request, ProtocolError(400, words, "invalid_request", param=problems[0][0]))


async def _refuse_route(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}"
    return await _refuse(request, ProtocolError(error.status_code, message, "invalid_request"))
