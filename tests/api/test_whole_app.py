"""The whole chat app as it runs: its page's server, a real model server with a tiny model, an adapter, and clients."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from chat.app import assemble, build
from chat.engine import adapters as disk
from chat.engine.loading import load
from chat.settings import Settings
from chat.store import adapters as registry
from chat.store.adapters import New
from chat.store.database import Database
from tests.api.conftest import ASKED, SAID, asked, listening, official
from tests.engine.conftest import KEY, adapter, make_model, running
from tests.rag.library import Library

ONE = "assistant:one"


@pytest.fixture
def digest(database: Database, home: Path, tmp_path: Path) -> str:
    """An adapter `one`, registered and in its place."""
    folder = make_model(tmp_path / "models" / "tiny")
    config = json.loads((folder / "config.json").read_text()) | {"max_position_embeddings": 4096}
    (folder / "config.json").write_text(json.dumps(config))
    trained = adapter("one", folder, tmp_path, seed=5)
    card = disk.inspect(trained)
    shutil.copytree(trained, home / "adapters" / card.digest)
    with database.sessions.begin() as session:
        registry.add(session, New("one", card.digest, "tiny", None, rank=4, bytes=1, origin="import"), None)
    return card.digest


@pytest.fixture
def address(library: Library, digest: str, settings: Settings, tmp_path: Path) -> Iterator[str]:
    local = settings.model_copy(update={"model": str(tmp_path / "models" / "tiny"), "dtype": "float32"})
    with running(load(local), adapters=settings.home / "adapters") as url:
        remote = local.model_copy(update={"model": f"{url}/v1", "model_key": SecretStr(KEY)})
        parts = assemble(remote, wait_for_model=True)
        try:
            with listening(build(parts)) as address:
                yield address
        finally:
            parts.close()


@pytest.mark.slow
def test_every_way_to_be_answered_works_through_both_clients(address: str, digest: str) -> None:
    with official(address) as client:
        names = [model.id for model in client.models.list()]
        assert names == ["assistant", "assistant:base", "assistant:rag", ONE, f"{ONE}:alone"]
        cited(client)
        told_apart(client, digest)
        refused(client)
    chained(address)


def cited(client: openai.OpenAI) -> None:
    """The tiny model talks nonsense, which no document bears: what is answered are the document's words."""
    for name in ("assistant", "assistant:rag", ONE):
        reply = client.chat.completions.create(model=name, messages=asked())
        [annotation] = reply.choices[0].message.model_dump()["annotations"]
        assert annotation["citation"]["quote"] == SAID
        assert reply.usage is not None
        assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


def told_apart(client: openai.OpenAI, digest: str) -> None:
    """The model and its adapter say different things, streamed as whole."""
    said = {}
    for name, by in (("assistant:base", None), (f"{ONE}:alone", {"name": "one", "digest": digest})):
        whole = client.chat.completions.create(model=name, messages=asked())
        parts = list(
            client.chat.completions.create(
                model=name, messages=asked(), stream=True, stream_options={"include_usage": True}
            )
        )
        said[name] = whole.choices[0].message.content
        streamed = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
        assert streamed.strip() == said[name]
        assert parts[-1].usage == whole.usage
        assert whole.model_dump()["apprentice"]["adapter"] == by
    assert len(set(said.values())) == 2


def refused(client: openai.OpenAI) -> None:
    for name in ("assistant:two", "assistant:one:beside", f"assistant:{'0' * 64}"):
        with pytest.raises(openai.NotFoundError, match=f"There is no model '{name}'. There are: assistant, "):
            client.chat.completions.create(model=name, messages=asked())


def chained(address: str) -> None:
    """LangChain's model over ours."""
    model = ChatOpenAI(model=ONE, base_url=f"{address}/v1", api_key=SecretStr("none"))
    reply = model.invoke([HumanMessage("Hello"), AIMessage("Good morning."), HumanMessage(ASKED)])
    assert SAID in reply.text
    assert reply.usage_metadata is not None
    assert SAID in "".join(chunk.text for chunk in model.stream(ASKED))
