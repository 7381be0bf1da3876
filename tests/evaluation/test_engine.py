"""Evaluations through a real engine with a tiny model: together, after people's questions, the same numbers twice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from chat.engine.adapters import digest
from chat.engine.scheduler import Scheduler
from chat.engine.server import EngineServer
from chat.models.chat import BATCH, Connected, ModelConnection
from chat.settings import Settings
from tests.engine.conftest import KEY, adapter, make_model, started
from tests.evaluation.conftest import QUESTIONS, bench_with, values
from tests.models.test_chat import Server
from tests.models.test_chat import server as model_server
from tests.rag.library import Library

__all__ = ["model_server"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that has room for passages, and an adapter of it."""
    root = tmp_path_factory.mktemp("evaluated")
    config = make_model(root / "tiny") / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": 8192}))
    made = adapter("formal", root / "tiny", root / "adapters", seed=5)
    made.rename(made.with_name(digest(made)))
    return root


@pytest.fixture(scope="module")
def way(folder: Path) -> Iterator[ModelConnection]:
    """A connection to a real engine, as work that nobody waits for has it."""
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    from chat.engine.loading import load

    loaded = load(Settings(home=folder, model=str(folder / "tiny"), dtype="float32"))
    with started(EngineServer(Scheduler(loaded, folder / "adapters"), loaded, KEY)) as url:
        chat = ChatOpenAI(base_url=f"{url}/v1", api_key=SecretStr(KEY), model=loaded.id, max_retries=0)
        chat = chat.model_copy(update={"extra_body": {"priority": BATCH}})
        settings = Settings(model=f"{url}/v1", model_key=SecretStr(KEY))
        yield ModelConnection(settings, BATCH, _connected=Connected(chat, loaded.id))


@pytest.fixture
def formal(library: Library, folder: Path) -> Library:
    """The library, with the adapter in the registry."""
    (made,) = (folder / "adapters").iterdir()
    with library.database.sessions.begin() as session:
        row = {"name": "formal", "digest": made.name, "base": "tiny", "rank": 4, "bytes": 1, "origin": "import"}
        columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        session.execute(sa.text(f"INSERT INTO adapters ({columns}) VALUES ({values})"), row)
    return library


def test_the_same_numbers_twice_however_the_batches_fall(formal: Library, way: ModelConnection) -> None:
    bench = bench_with(formal, way)
    arms, some = ("base", "adapter:formal", "oracle", "oracle+adapter:formal"), QUESTIONS[:2]
    first, again = bench.evaluate(*arms, file=some), bench.evaluate(*arms, file=some, anew=True)
    assert first.id != again.id
    for arm in first.arms:
        assert values(again, arm.name) == values(first, arm.name)
    drafts = [{key: (each.text, each.draft) for key, each in report.replies.items()} for report in (first, again)]
    assert drafts[0] == drafts[1]
    adapted = {key: said for key, said in drafts[0].items() if key[0] == "adapter:formal"}
    assert all(said != drafts[0]["base", position] for (_, position), said in adapted.items())


def test_what_nobody_waits_for_says_so_to_our_own_engine_only(model_server: Server) -> None:
    class Ours(ModelConnection):
        def _address(self) -> tuple[str, str]:
            return model_server.address, "key"

    for settings, told in ((Settings(), {"priority": BATCH}), (Settings(model=model_server.address), {})):
        assert list(Ours(settings, BATCH).get().chat.stream("When?"))
        assert {name: sent for name, sent in model_server.bodies[-1].items() if name == "priority"} == told
