"""A remote model server is brought to the registry's state, over the endpoints that our engine shares with vLLM."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from admin.serving import Brought, Difference, Serving
from chat.engine import adapters as disk
from chat.engine.loading import LoadedModel
from chat.errors import ModelError
from chat.models.chat import ModelConnection
from chat.models.speech import Speech
from chat.settings import Settings
from chat.store import adapters as registry
from chat.store.adapters import New
from chat.store.database import Database
from tests.engine.conftest import KEY, Adapters, client, running
from tests.models.unreliable import unreliable


@pytest.fixture
def url(loaded: LoadedModel, home: Path) -> Iterator[str]:
    """A server that sees the adapters of this HOME."""
    with running(loaded, adapters=home / "adapters") as address:
        yield address


@pytest.fixture
def serving(database: Database, home: Path, url: str) -> Serving:
    return Serving(database.sessions, Settings(home=home, model=f"{url}/v1", model_key=SecretStr(KEY)))


@pytest.fixture
def digests(database: Database, adapters: Adapters, home: Path) -> dict[str, str]:
    """The adapters of the registry, by name: two that may be asked for, one that was retired."""
    found = {}
    for name, source in zip(("one", "two", "old"), adapters.names, strict=False):
        card = disk.inspect(adapters.root / source)
        shutil.copytree(adapters.root / source, home / "adapters" / card.digest)
        new = New(name, card.digest, "tiny", None, rank=card.rank, bytes=1, origin="import")
        with database.sessions.begin() as session:
            kept = registry.add(session, new, None)
            if name == "old":
                registry.retire(session, kept)
        found[name] = card.digest
    return found


def names(url: str) -> set[str]:
    with client(url) as http:
        return {model["id"] for model in http.get("/v1/models").json()["data"]}


def test_what_is_missing_is_loaded_by_its_digest_and_answers(serving: Serving, digests: dict[str, str]) -> None:
    assert serving.difference() == Difference(sorted([digests["one"], digests["two"]]), [], [])
    brought = serving.bring()
    assert (sorted(brought.loaded), brought.unloaded, brought.failed) == (["one", "two"], [], {})
    assert serving.difference().none
    connected = ModelConnection(serving.settings).get()
    said = {
        "".join(Speech(speaker, [("user", "When?")], {"max_tokens": 12, "temperature": 0}))  # type: ignore[list-item]
        for speaker in (connected, *(connected.with_adapter(digests[name]) for name in ("one", "two")))
    }
    assert len(said) == 3, "the model and each adapter answer as themselves"


def test_what_the_registry_has_not_is_unloaded(serving: Serving, digests: dict[str, str], url: str) -> None:
    folder = str(serving.settings.home / "adapters" / digests["old"])
    with client(url) as http:
        http.post("/v1/load_lora_adapter", json={"lora_name": digests["old"], "lora_path": folder})
        http.post("/v1/load_lora_adapter", json={"lora_name": "somebody-elses", "lora_path": folder})
    assert serving.bring().unloaded == [digests["old"]]
    assert names(url) == {"tiny", "somebody-elses", digests["one"], digests["two"]}


def test_the_second_time_nothing_is_changed(serving: Serving, digests: dict[str, str]) -> None:
    serving.bring()
    assert serving.bring() == Brought([], [], {})


def test_one_that_is_refused_is_told_and_keeps_no_other_away(serving: Serving, digests: dict[str, str]) -> None:
    (serving.settings.home / "adapters" / digests["one"] / disk.WEIGHTS).write_bytes(b"not an adapter")
    brought = serving.bring()
    assert brought.loaded == ["two"]
    assert set(brought.failed) == {"one"}
    assert "The model server refused" in brought.failed["one"]
    assert serving.difference() == Difference([digests["one"]], [], [])


def test_one_from_another_folder_is_exchanged(serving: Serving, digests: dict[str, str], url: str) -> None:
    root = serving.settings.home / "adapters"
    shutil.copytree(root / digests["one"], root / "copied")
    with client(url) as http:
        http.post("/v1/load_lora_adapter", json={"lora_name": digests["one"], "lora_path": str(root / "copied")})
    assert serving.difference().elsewhere == [digests["one"]]
    assert sorted(serving.bring().loaded) == ["one", "two"]
    assert serving.difference().none


def test_a_server_that_is_away_or_loads_none_is_told(database: Database, home: Path, digests: dict[str, str]) -> None:
    away = Serving(database.sessions, Settings(home=home, model="http://127.0.0.1:9/v1"))
    with pytest.raises(ModelError, match="does not answer"):
        away.bring()
    with unreliable() as fixed:
        fixed.turns = ["404"] * 2
        brought = Serving(database.sessions, Settings(home=home, model=fixed.address)).bring()
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" in brought.failed["one"]


def test_a_wrong_key_is_told(serving: Serving, url: str) -> None:
    wrong = Serving(serving.sessions, serving.settings.model_copy(update={"model_key": SecretStr("no")}))
    with pytest.raises(ModelError, match="The API key is missing or wrong"):
        wrong.difference()


def test_the_engine_of_this_machine_needs_nothing(database: Database, home: Path) -> None:
    assert not Serving(database.sessions, Settings(home=home)).remote
