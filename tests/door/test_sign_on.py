"""Signing in with the organisation's own sign-on, against a real provider on this machine."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from admin.service.people import People
from chat.door.entrance import Entrance
from chat.door.guard import Guard
from chat.door.sign_on import Provider as Client
from chat.settings import Settings
from chat.store.tables import UserRole
from chat.ui.entrance import routers
from tests.api.conftest import listening
from tests.door.conftest import PASSWORD
from tests.door.provider import CLIENT, SECRET, Provider

KIM = "kim@co.example"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = Provider()
    with listening(provider.app()) as address:
        provider.issuer = address
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """One that gets nothing wrong yet."""
    fresh = Provider(issuer=running.issuer, key=running.key)
    running.claims, running.wrong, running.algorithm, running.stranger = (
        fresh.claims, fresh.wrong, fresh.algorithm, fresh.stranger,
    )  # fmt: skip
    return running


@pytest.fixture
def known(people: People) -> People:
    """An owner, and Kim, who has no password."""
    people.set_password("owner", PASSWORD)
    people.add_person(KIM, UserRole.CURATOR)
    return people


def browser(entrance: Entrance, provider: Provider, *, joins: bool = False) -> TestClient:
    """A browser before an app that has this sign-on."""
    settings = Settings(oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET, oidc_joins=joins)
    client = Client.of(settings)
    assert client is not None
    app = FastAPI()
    app.add_middleware(Guard, entrance=entrance)
    for routes in routers(entrance, client):
        app.include_router(routes)
    app.get("/who")(lambda: "in")
    return TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)


def through(client: TestClient, way: str = "/who", **changed: str) -> httpx.Response:
    """From the button to the provider and back; `changed` are what somebody makes of the reply."""
    led = client.get("/sign-on/begin", params={"next": way})
    reply = httpx.get(led.headers["location"]).headers["location"]
    back = httpx.URL(reply)
    return client.get("/sign-on/return", params={**dict(back.params), **changed})


def test_who_is_known_there_is_let_in_here(entrance: Entrance, known: People, provider: Provider) -> None:
    client = browser(entrance, provider)
    assert 'href="/sign-on/begin?next=%2Fwho"' in client.get("/login?next=/who").text
    done = through(client)
    assert (done.status_code, done.headers["location"]) == (303, "/who")
    assert entrance.visitor(client.cookies["apprentice"]).account == KIM
    assert "apprentice-sign-on" not in client.cookies
    provider.claims = {"sub": "s-1", "email": "other@co.example"}
    assert through(client).status_code == 303, "known by the subject from then on, whatever the address is"
    assert entrance.visitor(client.cookies["apprentice"]).account == KIM


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1},
        {"exp": None}, {"sub": None}, {"azp": "another"},
    ],
    ids=str,
)  # fmt: skip
def test_a_statement_that_is_not_for_us_and_now_is_worth_nothing(
    entrance: Entrance, known: People, provider: Provider, wrong: dict[str, Any]
) -> None:
    provider.wrong = wrong
    client = browser(entrance, provider)
    assert through(client).status_code == 401
    assert "apprentice" not in client.cookies


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_what_the_provider_did_not_sign_is_worth_nothing(
    entrance: Entrance, known: People, provider: Provider, algorithm: str
) -> None:
    provider.algorithm = algorithm
    assert through(browser(entrance, provider)).status_code == 401


def test_what_somebody_else_signed_is_worth_nothing(entrance: Entrance, known: People, provider: Provider) -> None:
    provider.stranger = True
    assert through(browser(entrance, provider)).status_code == 401


@pytest.mark.parametrize("changed", [{"state": "x"}, {"code": "x"}, {"code": ""}, {"iss": "https://evil.example"}])
def test_a_reply_that_was_tampered_with_is_worth_nothing(
    entrance: Entrance, known: People, provider: Provider, changed: dict[str, str]
) -> None:
    client = browser(entrance, provider)
    assert through(client, **changed).status_code == 401
    assert "apprentice" not in client.cookies


def test_a_reply_is_worth_nothing_in_another_browser(entrance: Entrance, known: People, provider: Provider) -> None:
    """Nobody is signed in as somebody else by a link."""
    one, other = browser(entrance, provider), browser(entrance, provider)
    reply = httpx.get(one.get("/sign-on/begin").headers["location"]).headers["location"]
    assert other.get("/sign-on/return", params=dict(httpx.URL(reply).params)).status_code == 401
    other.get("/sign-on/begin")
    assert other.get("/sign-on/return", params=dict(httpx.URL(reply).params)).status_code == 401
    assert one.get("/sign-on/return", params=dict(httpx.URL(reply).params)).status_code == 303
    assert one.get("/sign-on/return", params=dict(httpx.URL(reply).params)).status_code == 401, "once"


def test_the_address_counts_only_where_it_was_verified(entrance: Entrance, known: People, provider: Provider) -> None:
    for unverified in (False, None, "true"):
        provider.wrong = {"email_verified": unverified}
        said = through(browser(entrance, provider))
        assert (said.status_code, "no account for you" in said.text) == (401, True)


def test_who_has_no_account_gets_one_only_where_that_is_set(
    entrance: Entrance, known: People, provider: Provider
) -> None:
    provider.claims = {"sub": "s-2", "email": "new@co.example"}
    said = through(browser(entrance, provider))
    assert (said.status_code, "no account for new@co.example" in said.text) == (401, True)
    client = browser(entrance, provider, joins=True)
    assert through(client).status_code == 303
    assert entrance.person("new@co.example").role == UserRole.ASKER


def test_who_is_suspended_stays_out(entrance: Entrance, known: People, provider: Provider) -> None:
    client = browser(entrance, provider, joins=True)
    for _ in range(2):
        known.set_disabled(KIM, disabled=True)
        assert through(client).status_code == 401
        known.set_disabled(KIM, disabled=False)
        assert through(client).status_code == 303


def test_it_never_leads_on_to_elsewhere(entrance: Entrance, known: People, provider: Provider) -> None:
    assert through(browser(entrance, provider), way="https://evil.example/").headers["location"] == "/"


def test_a_provider_that_does_not_answer_is_said_in_words(entrance: Entrance, known: People) -> None:
    client = browser(entrance, Provider(issuer="http://127.0.0.1:9"))
    said = client.get("/sign-on/begin")
    assert (said.status_code, "did not work" in said.text) == (401, True)


def test_a_provider_that_claims_to_be_another_is_not_believed(
    entrance: Entrance, known: People, provider: Provider
) -> None:
    client = browser(entrance, replace(provider, issuer=f"{provider.issuer}/"))
    assert client.get("/sign-on/begin").status_code == 303
    other = browser(entrance, replace(provider, issuer=provider.issuer.replace("127.0.0.1", "localhost")))
    assert other.get("/sign-on/begin").status_code == 401
