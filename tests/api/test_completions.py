"""Completions, as OpenAI's own client gets them from a real server."""

import time

import httpx
import openai
import pytest

from chat.models.chat import ModelConnection
from chat.rag.abstain import REFUSAL
from chat.settings import Settings
from tests.api.conftest import ASKED, SAID, asked, official, serve
from tests.models.unreliable import WORDS, unreliable
from tests.rag.library import Library, Speaker, texts


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["assistant", "assistant:base", "assistant:rag"]


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
    with pytest.raises(openai.BadRequestError, match="messages"):
        complete(question=None)  # type: ignore[arg-type]


def test_only_the_named_collection_is_asked(client: openai.OpenAI, library: Library) -> None:
    library.add("tea.md", "# Tea\n\nTea is served at four.\n", "kitchen")
    completion = client.chat.completions.create(
        model="assistant", messages=asked(), extra_body={"collection": "kitchen"}
    )
    assert "22:15" not in str(completion.choices[0].message.content)


def test_without_a_model_it_quotes_and_the_model_alone_is_an_error(library: Library) -> None:
    with serve(library, None) as address, official(address) as client:
        completion = client.chat.completions.create(model="assistant", messages=asked())
        assert "22:15" in str(completion.choices[0].message.content)
        about = completion.model_dump()["apprentice"]
        assert (about["quoted"], about["refused"], about["adapter"]) == (True, False, None)
        assert completion.usage is None
        with pytest.raises(openai.InternalServerError, match="does not answer") as failed:
            client.chat.completions.create(model="assistant:base", messages=asked())
        assert (failed.value.status_code, failed.value.code) == (503, "model_unavailable")


@pytest.mark.parametrize("stream", [True, False])
def test_a_busy_model_is_told_with_when_to_come_again(library: Library, stream: bool) -> None:
    with unreliable() as remote:
        remote.turns = ["429 17"]
        way = ModelConnection(Settings(model=remote.address))
        told = pytest.raises(openai.InternalServerError, match=r"Try again in 17 s\.")
        with serve(library, way) as address, official(address) as client, told as failed:
            client.chat.completions.create(model="assistant:base", messages=asked(), stream=stream)
        assert (failed.value.status_code, failed.value.response.headers["Retry-After"]) == (503, "17")


def test_an_answer_that_breaks_off_says_so_and_keeps_what_was_said(library: Library) -> None:
    with unreliable() as remote:
        remote.turns = ["reset"] * 2
        with serve(library, ModelConnection(Settings(model=remote.address))) as address, official(address) as client:
            whole = client.chat.completions.create(model="assistant:base", messages=asked())
            parts = list(client.chat.completions.create(model="assistant:base", messages=asked(), stream=True))
    assert whole.choices[0].message.content == "".join(WORDS)
    assert whole.choices[0].finish_reason == "length"
    assert whole.model_dump()["apprentice"]["broke_off"]
    assert "".join(part.choices[0].delta.content or "" for part in parts) == "".join(WORDS)
    assert parts[-1].choices[0].finish_reason == "length"


def test_a_model_that_says_the_same_again_is_heard_once(client: openai.OpenAI, model: Speaker) -> None:
    model.answers[:] = ["It closes. It closes. It closes. It closes."]
    stream = client.chat.completions.create(model="assistant:base", messages=asked(), stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert said == "It closes. It closes."


def test_every_refusal_has_the_shape_of_openai(address: str) -> None:
    def error(body: object) -> tuple[int, dict[str, str]]:
        reply = httpx.post(f"{address}/v1/chat/completions", json=body)
        return reply.status_code, reply.json()["error"]

    status, refused = error({"model": "gpt", "messages": asked()})
    assert (status, refused["code"], refused["type"]) == (404, "model_not_found", "invalid_request_error")
    status, refused = error({"messages": []})
    assert (status, refused["code"], refused["param"]) == (400, "invalid_body", "messages")
    status, refused = error({"messages": [{"role": "tool", "content": "x"}]})
    assert (status, refused["param"]) == (400, "messages.0.role")
    status, refused = error("nothing like it")
    assert (status, refused["code"]) == (400, "invalid_body")
    reply = httpx.post(f"{address}/v1/chat/completions", content=b"{", headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_body")


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
