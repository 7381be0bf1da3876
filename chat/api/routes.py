"""The assistant over HTTP: models, completions with citations and embeddings, as OpenAI's clients expect them; search;
health."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from chat.api.embeddings import EmbeddingRequest, embed
from chat.api.errors import OpenAIRoute, UnknownModelError
from chat.api.protocol import CompletionRequest, Envelope, Message, ModelName, model_list
from chat.api.searching import SearchRequest, results
from chat.api.streaming import stream
from chat.door.account import account
from chat.door.keys import Gate
from chat.models.chat import ModelConnection
from chat.rag.answer import Answer, Event, Turn
from chat.rag.chain import Events
from chat.service import Assistant
from chat.store.keys import Scope

Account = Annotated[str | None, Depends(account)]
Named = TypeVar("Named")


def router(assistant: Assistant, models: ModelConnection, gate: Gate) -> APIRouter:
    """The routes, over one assistant, for whom the gate lets in."""
    routes = APIRouter()
    routes.include_router(_openai(assistant, gate))

    @routes.get("/healthz")
    def health() -> dict[str, Any]:
        assistant.collections()
        return {"status": "ok", "model": "ready" if models.get_soon() else "starting"}

    return routes


def _openai(assistant: Assistant, gate: Gate) -> APIRouter:
    routes = APIRouter(prefix="/v1", route_class=OpenAIRoute)

    @routes.get("/models", dependencies=[Depends(gate.lets_in())])
    def list_models(account: Account) -> dict[str, Any]:
        return model_list(list(ModelName.all(assistant.for_account(account).ways().adapters)))

    @routes.post("/chat/completions", dependencies=[Depends(gate.lets_in(Scope.ASK))], response_model=None)
    def complete(request: CompletionRequest, account: Account) -> StreamingResponse | dict[str, Any]:
        return _complete(assistant.for_account(account), request)

    @routes.post("/search", dependencies=[Depends(gate.lets_in(Scope.SEARCH))])
    def search(request: SearchRequest, account: Account) -> dict[str, Any]:
        return results(request, assistant.for_account(account))

    @routes.post("/embeddings", dependencies=[Depends(gate.lets_in(Scope.EMBED))])
    def list_embeddings(request: EmbeddingRequest, account: Account) -> dict[str, Any]:
        embedder = assistant.for_account(account).chain.retriever.embedder.in_use()
        find(request.model, {embedder.name: embedder, ModelName.ASSISTANT: embedder})
        return embed(embedder, request)

    return routes


def _complete(assistant: Assistant, request: CompletionRequest) -> StreamingResponse | dict[str, Any]:
    model = find(request.model, ModelName.all(assistant.ways().adapters))
    question, turns = conversation(request.messages)
    events = assistant.answer(
        question, turns, mode=model.mode, adapter=model.adapter, collection=request.collection, tags=request.tags
    )
    # What fails before the first event still has its status code.
    first = next(events)
    if not request.stream:
        return Envelope(request.model).completion(last(first, events))
    pieces = stream(request, first, events, words=model.streams_words)
    # Closed also where the client has left: nothing else would free the model then.
    return StreamingResponse(pieces, media_type="text/event-stream", background=BackgroundTask(pieces.close))


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


def last(first: Event, events: Events) -> Answer:
    """The answer that ends the events."""
    *_, answer = (first, *events)
    assert isinstance(answer, Answer)
    return answer


def find(name: str, known: Mapping[str, Named]) -> Named:
    """What a model's name stands for. Raises `UnknownModelError`."""
    if name not in known:
        raise UnknownModelError(f"There is no model {name!r}. There are: {', '.join(known)}.")
    return known[name]
