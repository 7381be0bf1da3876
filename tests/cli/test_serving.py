"""Keys, and adapters on a remote model server, from the command line."""

import pytest

from chat.store import adapters as registry
from chat.store.adapters import New
from chat.store.database import Database
from tests.cli.conftest import Run
from tests.models.unreliable import unreliable


def test_a_key_is_made_listed_and_ended(run: Run) -> None:
    made = run("admin", "keys", "add", "--user", "owner", "--name", "notebook", "--scope", "ask", "--json").document
    assert made["key"].startswith("apprentice-")
    assert (made["user"], made["name"], made["scopes"]) == ("owner", "notebook", ["ask"])
    [listed] = run("admin", "keys", "list", "--json").document["keys"]
    assert "key" not in listed
    assert (listed["id"], listed["used_at"], listed["revoked_at"]) == (made["id"], None, None)
    assert made["key"] not in run("admin", "keys", "list").out
    assert run("admin", "keys", "revoke", made["id"], "--json").document == {"key": made["id"], "revoked": True}
    assert run("admin", "keys", "list", "--json").document["keys"][0]["revoked_at"]


def test_a_key_for_nobody_or_nothing_is_refused(run: Run) -> None:
    assert run("admin", "keys", "add", "--user", "nobody", "--name", "x").status == 1
    assert run("admin", "keys", "add", "--user", "owner", "--name", "x", "--scope", "rule").status == 2
    assert run("admin", "keys", "revoke", 99).status == 1
    assert "There are no keys" in run("admin", "keys", "list").out


@pytest.fixture
def registered(database: Database) -> str:
    with database.sessions.begin() as session:
        registry.add(session, New("one", "f" * 64, "small", None, rank=4, bytes=1, origin="import"), None)
    return "one"


def test_what_a_model_server_cannot_load_is_told(
    run: Run, registered: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with unreliable() as server:
        server.turns = ["404", "500"]
        monkeypatch.setenv("APPRENTICE_MODEL", server.address)
        synced = run("admin", "adapters", "sync")
        assert synced.status == 1
        assert "one: " in synced.out
        assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" in synced.out
        assert run("admin", "adapters", "sync", "--json").document["failed"].keys() == {"one"}
        findings = run("admin", "doctor", "--json").document["findings"]
        [found] = [each for each in findings if each["part"] == "Adapters at the model server"]
        assert (found["well"], found["found"]) == (False, "1 differ from the registry")
        assert "adapters sync" in found["cure"]


def test_the_engine_of_this_machine_needs_no_sync(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_MODEL", "bundled")
    assert run("admin", "adapters", "sync", "--json").document == {"remote": False}
