"""Keys: shown once, for some things and not for others, and dead the moment their owner is."""

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
import sqlalchemy as sa

from chat.door.keys import PREFIX, Keys, NewKey, is_loopback
from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.rights import Person
from chat.store import users
from chat.store.database import Database
from chat.store.keys import Scope
from chat.store.tables import UserRole
from tests.api.conftest import asked, official
from tests.rag.library import Library

Change = Callable[[Keys, NewKey], object]


@pytest.fixture
def asker(database: Database) -> Person:
    with database.sessions.begin() as session:
        found = users.add(session, "kim", UserRole.ASKER)
        return Person(found.id, found.name, UserRole(found.role))


@pytest.fixture
def key(keys: Keys, asker: Person) -> NewKey:
    return keys.add("notebook", user="kim")


def rows(database: Database, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with database.engine.begin() as connection:
        result = connection.execute(sa.text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def disable(keys: Keys, _key: NewKey) -> None:
    with keys.sessions.begin() as session:
        users.set_disabled(session, "kim", disabled=True)


def every_way_in(address: str, secret: str) -> dict[str, int]:
    """The status that each path replies with to this key."""
    bodies: dict[str, dict[str, Any]] = {
        "chat/completions": {"messages": asked()},
        "search": {"query": "x"},
        "embeddings": {"model": "assistant", "input": "x"},
    }
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=f"{address}/v1/", headers=headers, timeout=60) as http:
        posted = {path: http.post(path, json=body).status_code for path, body in bodies.items()}
        return posted | {"models": http.get("models").status_code}


def test_only_the_hash_of_a_key_is_kept(key: NewKey, database: Database) -> None:
    assert key.secret.startswith(PREFIX)
    [(kept,)] = rows(database, "SELECT to_jsonb(api_keys)::text FROM api_keys")
    assert hashlib.sha256(key.secret.encode()).hexdigest() in kept
    assert key.secret not in kept
    assert key.secret[len(PREFIX) + 5 :] not in kept
    [(noted,)] = rows(database, "SELECT to_jsonb(audit)::text FROM audit WHERE action = 'add key'")
    assert key.secret[len(PREFIX) + 5 :] not in noted


def test_a_key_opens_a_closed_door_as_its_owner(closed_address: str, key: NewKey, library: Library) -> None:
    rows(library.database, "UPDATE collections SET open = false")
    with official(closed_address, key.secret) as client:
        assert "assistant" in [model.id for model in client.models.list()]
        reply = client.chat.completions.create(model="assistant", messages=asked())
        assert "22:15" not in str(reply.choices[0].message.content), "kim is no member"
    rows(library.database, "UPDATE collections SET open = true")
    assert every_way_in(closed_address, key.secret) == {
        "chat/completions": 200,
        "search": 200,
        "embeddings": 200,
        "models": 200,
    }


@pytest.mark.parametrize("secret", ["none", f"{PREFIX}{'x' * 43}", "sk-whatever", "ключ".encode().hex()])
def test_a_closed_door_stays_shut_to_everything_else(closed_address: str, key: NewKey, secret: str) -> None:
    with official(closed_address, secret) as client, pytest.raises(openai.AuthenticationError, match="key is wrong"):
        client.models.list()
    for headers in ({}, {"Authorization": key.secret}, {"X-Api-Key": key.secret}, {"Authorization": "Basic eDp5"}):
        reply = httpx.get(f"{closed_address}/v1/models", headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "invalid_api_key")
    assert httpx.get(f"{closed_address}/healthz").status_code == 200


@pytest.mark.parametrize("end", [disable, lambda keys, key: keys.revoke(key.id)], ids=["disabled", "revoked"])
@pytest.mark.parametrize("door", ["address", "closed_address"])
def test_a_key_is_dead_on_every_path_at_once(
    request: pytest.FixtureRequest, door: str, keys: Keys, key: NewKey, end: Change
) -> None:
    """Where no key is asked for, too: who sends one means to be that person."""
    address = request.getfixturevalue(door)
    assert set(every_way_in(address, key.secret).values()) == {200}
    end(keys, key)
    assert set(every_way_in(address, key.secret).values()) == {401}


def test_who_is_let_in_again_has_the_key_again(closed_address: str, keys: Keys, key: NewKey) -> None:
    disable(keys, key)
    with keys.sessions.begin() as session:
        users.set_disabled(session, "kim", disabled=False)
    assert every_way_in(closed_address, key.secret)["models"] == 200


def test_an_open_door_takes_what_clients_send_that_have_no_key(address: str) -> None:
    """OpenAI's client will not start without one, so people write anything."""
    with official(address, "not-needed") as client:
        assert client.models.list().data
    with official(address, f"{PREFIX}wrong") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_a_key_is_good_for_what_it_was_made_for(closed_address: str, keys: Keys, asker: Person) -> None:
    narrow = keys.add("vectors", [Scope.EMBED], "kim")
    assert every_way_in(closed_address, narrow.secret) == {
        "chat/completions": 403,
        "search": 403,
        "embeddings": 200,
        "models": 200,
    }
    refused = pytest.raises(openai.PermissionDeniedError, match="This key is for embed, not for ask")
    with official(closed_address, narrow.secret) as client, refused:
        client.chat.completions.create(model="assistant", messages=asked())


def test_use_is_noted_and_not_each_time(closed_address: str, key: NewKey, database: Database) -> None:
    used = "SELECT used_at FROM api_keys"
    assert rows(database, used) == [(None,)]
    every_way_in(closed_address, key.secret)
    first = rows(database, used)
    assert first != [(None,)]
    every_way_in(closed_address, key.secret)
    assert rows(database, used) == first
    rows(database, "UPDATE api_keys SET used_at = now() - interval '11 minutes'")
    every_way_in(closed_address, key.secret)
    assert rows(database, "SELECT used_at > now() - interval '1 minute' FROM api_keys") == [(True,)]


def test_people_have_their_own_keys_and_the_owner_everybody_s(keys: Keys, key: NewKey, asker: Person) -> None:
    mine = keys.for_person(asker)
    own = mine.add("phone")
    keys.add("owner's")
    assert [each.name for each in mine.listed()] == ["phone", "notebook"]
    assert [each.name for each in keys.listed()] == ["owner's", "phone", "notebook"]
    with pytest.raises(NotAllowedError):
        mine.add("for another", user="owner")
    with pytest.raises(NotFoundError, match="There is no key"):
        mine.revoke(keys.listed()[0].id)
    mine.revoke(own.id)
    assert [each.revoked_at is None for each in mine.listed()] == [False, True]


def test_a_key_needs_a_name_and_somebody_who_is_let_in(keys: Keys, key: NewKey) -> None:
    with pytest.raises(InvalidInputError, match="Give the key a name"):
        keys.add("  ")
    with pytest.raises(InvalidInputError, match="Say what the key is for"):
        keys.add("x", [])
    with pytest.raises(NotFoundError, match="nobody called"):
        keys.add("x", user="nobody")
    disable(keys, key)
    with pytest.raises(NotAllowedError, match="disabled"):
        keys.add("x", user="kim")


def test_making_and_ending_a_key_are_on_record(keys: Keys, key: NewKey, database: Database) -> None:
    keys.revoke(key.id)
    noted = rows(database, "SELECT action, person, subject FROM audit ORDER BY id")
    start = key.secret[: len(PREFIX) + 4]
    assert noted[-2:] == [("add key", "owner", start), ("revoke key", "owner", start)]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *((host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "10.0.0.4", "example.org")),
    ],
)
def test_the_door_is_open_on_the_loopback_address_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
