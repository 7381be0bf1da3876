"""What OpenAI's own client gets from a real server."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
import uvicorn
from fastapi import FastAPI
from langchain_core.language_models import BaseChatModel

from admin.curation.parser import Parser
from chat import api
from chat.models.embedder import Embedder
from chat.rag.abstain import REFUSAL
from chat.service import Assistant
from chat.store.database import Database
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, make_library, models, texts

GATE = "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n"
ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."


@pytest.fixture
def library(database: Database, embedder: Embedder, home: Path) -> Iterator[Library]:
    with Parser() as parser:
        library = make_library(database, embedder, parser, home)
        library.add("gate.md", GATE)
        yield library


@pytest.fixture
def model() -> Speaker:
    return Speaker(answers=[SAID])


def serve(library: Library, model: BaseChatModel | None) -> Iterator[str]:
    """The routes under a real server; its address."""
    way = models(model)
    app = FastAPI()
    app.include_router(api.router(Assistant(library.database.sessions, make_chain(library, way), person=OWNER), way))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def address(library: Library, model: Speaker) -> Iterator[str]:
    yield from serve(library, model)


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        yield client


def asked(question: str = ASKED) -> list[openai.types.chat.ChatCompletionMessageParam]:
    return [{"role": "user", "content": question}]


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["assistant", "assistant:rag", "assistant:base"]


def test_a_completion_carries_its_citations(client: openai.OpenAI, library: Library) -> None:
    completion = client.chat.completions.create(model="assistant", messages=asked())
    [choice] = completion.choices
    assert (choice.message.content, choice.finish_reason) == (f"{SAID} [1]", "stop")
    [annotation] = choice.message.model_dump()["annotations"]
    citation = annotation["citation"]
    text = library.scalar("SELECT text FROM contents")
    assert citation["marker"] == 1
    assert citation["quote"] == text[citation["start"] : citation["end"]] == SAID


def test_a_stream_holds_the_settled_answer_and_its_citations(client: openai.OpenAI) -> None:
    deltas = [
        chunk.choices[0] for chunk in client.chat.completions.create(model="assistant", messages=asked(), stream=True)
    ]
    assert "".join(delta.delta.content or "" for delta in deltas) == f"{SAID} [1]"
    annotations = [delta.delta.model_dump().get("annotations") for delta in deltas]
    assert sum(map(bool, annotations)) == 1
    assert [delta.finish_reason for delta in deltas] == [*[None] * (len(deltas) - 1), "stop"]


def test_the_model_alone_streams_word_by_word(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="assistant:base", messages=asked(), stream=True)
    pieces = [chunk.choices[0].delta.content for chunk in stream]
    said = [piece for piece in pieces if piece]
    assert "".join(said) == SAID
    assert len(said) == len(SAID.split())


def test_the_turns_before_are_the_history(client: openai.OpenAI, model: Speaker) -> None:
    question = "Which person keeps the key of the harbour gate at night?"
    client.chat.completions.create(
        model="assistant",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            *asked(),
            {"role": "assistant", "content": SAID},
            {"role": "user", "content": [{"type": "text", "text": question}]},
        ],
    )
    [prompt] = model.prompts
    assert texts(prompt)[1:] == [ASKED, SAID, question]
    assert not any("pirate" in text for text in texts(prompt))


def test_a_refusal_is_an_answer(client: openai.OpenAI, model: Speaker) -> None:
    model.answers[:] = ["The documents do not say."]
    completion = client.chat.completions.create(model="assistant", messages=asked())
    assert completion.choices[0].message.content == REFUSAL


@pytest.mark.parametrize("stream", [True, False])
def test_what_cannot_be_asked_is_an_error_in_words(client: openai.OpenAI, stream: bool) -> None:
    def complete(model: str = "assistant", question: str = ASKED, **body: str) -> None:
        reply = client.chat.completions.create(model=model, messages=asked(question), stream=stream, extra_body=body)
        list(reply)

    with pytest.raises(openai.NotFoundError, match="There is no model 'gpt'"):
        complete("gpt")
    with pytest.raises(openai.BadRequestError, match="The question is empty"):
        complete(question="  ")
    with pytest.raises(openai.BadRequestError, match="at most 20,000"):
        complete(question="x" * 1_000_000)
    with pytest.raises(openai.BadRequestError, match="no collection 'ports'"):
        complete(collection="ports")
    with pytest.raises(openai.UnprocessableEntityError):
        complete(question=None)  # type: ignore[arg-type]


def test_only_the_named_collection_is_asked(client: openai.OpenAI, library: Library) -> None:
    library.add("tea.md", "# Tea\n\nTea is served at four.\n", "kitchen")
    completion = client.chat.completions.create(
        model="assistant", messages=asked(), extra_body={"collection": "kitchen"}
    )
    assert "22:15" not in str(completion.choices[0].message.content)


def test_without_a_model_it_quotes_and_the_model_alone_is_an_error(library: Library) -> None:
    for address in serve(library, None):
        with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
            completion = client.chat.completions.create(model="assistant", messages=asked())
            assert "22:15" in str(completion.choices[0].message.content)
            with pytest.raises(openai.APIStatusError, match="does not answer"):
                client.chat.completions.create(model="assistant:base", messages=asked())


def test_health_says_whether_the_model_is_there(address: str) -> None:
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok", "model": "ready"}


def test_a_client_that_leaves_frees_the_model(client: openai.OpenAI, model: Speaker) -> None:
    """The next answer does not wait behind one that nobody reads."""
    model.answers[:] = ["word " * 100_000]
    with client.chat.completions.create(model="assistant:base", messages=asked(), stream=True) as stream:
        next(iter(stream))
    deadline = time.monotonic() + 10
    while not model.freed and time.monotonic() < deadline:
        time.sleep(0.02)
    assert model.freed
    assert model.spoken < 100_000
