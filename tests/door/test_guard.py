"""Who comes through the door over HTTP: pages, scripts, programs and other web sites."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from admin.service.people import People
from chat.door.account import account
from chat.door.entrance import Entrance
from chat.door.guard import Guard
from chat.door.headers import secure
from chat.ui.entrance import router
from chat.ui.let_in import inside
from tests.api.conftest import listening
from tests.door.conftest import PASSWORD

KIM = "the-asker"
PAGE = {"Accept": "text/html,*/*"}
EVIL = "https://evil.example"


@pytest.fixture
def app(entrance: Entrance) -> FastAPI:
    """An app that says who asks, behind the door."""
    app = FastAPI()
    app.add_middleware(Guard, entrance=entrance)
    app.middleware("http")(secure)
    app.include_router(router(entrance))

    @app.api_route("/who", methods=["GET", "POST"])
    @app.post("/gradio_api/queue/join")
    @app.get("/v1/models")
    def who(request: Request) -> str | None:
        return account(request)

    @app.get("/stream")
    def stream() -> StreamingResponse:
        def tokens() -> Iterator[str]:
            for number in range(200):
                yield f"data: {number}\n\n"
                time.sleep(0.05)

        return StreamingResponse(tokens(), media_type="text/event-stream")

    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)


def sign_in(client: TestClient, name: str = KIM, password: str = PASSWORD, way: str = "/") -> httpx.Response:
    return client.post("/login", data={"name": name, "password": password, "next": way})


def test_nobody_is_led_to_sign_in_and_on_to_where_they_wanted(client: TestClient, everybody: list[str]) -> None:
    led = client.get("/who?x=1", headers=PAGE)
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=%2Fwho%3Fx%3D1")
    page = client.get(led.headers["location"]).text
    assert 'value="/who?x=1"' in page
    on = sign_in(client, way="/who?x=1")
    assert (on.status_code, on.headers["location"]) == (303, "/who?x=1")
    assert client.get("/who").json() == KIM
    assert client.get("/login?next=/who").headers["location"] == "/who", "who is in need not sign in"


def test_what_scripts_and_programs_ask_for_is_refused_in_words(client: TestClient, everybody: list[str]) -> None:
    for said in (client.get("/who"), client.post("/gradio_api/queue/join", json={}), client.get("/stream")):
        assert (said.status_code, "Sign in" in said.json()["detail"]) == (401, True)
    assert client.get("/v1/models").json() is None, "there, a key is asked for"


def test_the_cookie_is_for_this_host_and_for_no_script(client: TestClient, everybody: list[str]) -> None:
    for base, name in (("http://127.0.0.1:7860", "apprentice="), ("https://chat.example", "__Host-apprentice=")):
        cookies = TestClient(client.app, base_url=base, follow_redirects=False)
        [token] = [each for each in sign_in(cookies).headers.get_list("set-cookie") if each.startswith(name)]
        said = token.lower()
        assert "httponly" in said
        assert "samesite=lax" in said
        assert "domain" not in said
        assert ("secure" in said) is base.startswith("https")
        assert cookies.get("/who").json() == KIM


def test_a_session_cannot_be_brought_along(client: TestClient, entrance: Entrance, everybody: list[str]) -> None:
    """What a browser has before is not what lets it in after."""
    client.cookies.set("apprentice", "chosen-by-somebody-else")
    sign_in(client)
    assert entrance.visitor("chosen-by-somebody-else").account is None
    assert client.get("/who").json() == KIM


def test_signing_out_ends_it_for_who_kept_the_cookie_too(client: TestClient, everybody: list[str]) -> None:
    sign_in(client)
    kept = client.cookies["apprentice"]
    assert client.post("/logout").headers["location"] == "/login"
    assert "apprentice" not in client.cookies
    client.cookies.set("apprentice", kept)
    assert client.get("/who").status_code == 401


def test_the_page_says_the_same_of_every_wrong_try_and_never_the_password(
    client: TestClient, everybody: list[str]
) -> None:
    refused = [sign_in(client, name, "a wrong one") for name in (KIM, "ghost")]
    assert {each.status_code for each in refused} == {401}
    one, other = (each.text.replace(KIM, "").replace("ghost", "") for each in refused)
    assert one == other
    assert "a wrong one" not in one
    for _ in range(10):
        last = sign_in(client, KIM, "a wrong one")
    assert (last.status_code, last.headers["retry-after"]) == (429, "900")


def test_names_are_shown_as_text(client: TestClient, everybody: list[str]) -> None:
    said = sign_in(client, '"><script>alert(1)</script>', "x").text
    assert "<script>alert" not in said
    assert "&lt;script&gt;alert" in said


@pytest.mark.parametrize(
    "way",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "evil", "", "/%0d%0aSet-Cookie", "/\t/evil.example",
     "javascript:alert(1)", "/\n/evil.example", "/login", "/login?next=/login"],
)  # fmt: skip
def test_the_way_on_never_leads_away(way: str) -> None:
    assert inside(way) in ("/", "/%0d%0aSet-Cookie")


@pytest.mark.parametrize("path", ["/login", "/logout", "/who", "/gradio_api/queue/join"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": EVIL, "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Origin": EVIL},
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:7861"},
    ],
)
def test_no_other_site_changes_anything(
    client: TestClient, everybody: list[str], path: str, headers: dict[str, str]
) -> None:
    sign_in(client)
    before = client.cookies["apprentice"]
    refused = client.post(path, headers=headers, data={"name": "the-owner", "password": PASSWORD})
    assert (refused.status_code, "Another web site" in refused.text) == (403, True)
    assert "access-control-allow-origin" not in refused.headers
    assert client.cookies["apprentice"] == before
    assert client.get("/who").json() == KIM


def test_no_other_site_does_so_without_accounts_either(client: TestClient) -> None:
    assert client.post("/who").json() == "owner"
    assert client.post("/who", headers={"Origin": EVIL}).status_code == 403
    own = {"Origin": "http://127.0.0.1:7860", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/who", headers=own).json() == "owner"
    led = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/who", headers=led).json() == "owner", "a link leads here"
    assert client.get("/who", headers={**led, "Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_without_accounts_a_name_that_only_points_here_is_not_answered(client: TestClient) -> None:
    for host in ("rebound.example", "rebound.example:7860", "192.0.2.1", "127.0.0.1.evil.example", ""):
        assert client.get("/who", headers={"Host": host}).status_code == 421, host
    for host in ("localhost", "localhost:7860", "127.0.0.1", "[::1]:7860", "127.0.0.2"):
        assert client.get("/who", headers={"Host": host}).json() == "owner", host


def test_who_is_let_in_nowhere_else_is_told_so(entrance: Entrance, everybody: list[str]) -> None:
    """The admin app is for those who look after something."""
    app = FastAPI()
    app.add_middleware(Guard, entrance=entrance, allowed=entrance.looks_after)
    app.include_router(router(entrance))
    app.get("/who")(lambda: "you")
    for name in everybody:
        client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
        sign_in(client, name)
        got, page = client.get("/who"), client.get("/who", headers=PAGE)
        if name == KIM:
            assert (got.status_code, page.headers["location"]) == (403, "/closed")
            assert "It takes a curator" in client.get("/closed").text
        else:
            assert got.json() == "you"


def test_an_invitation_is_a_page_that_lets_in_once(client: TestClient, people: People, everybody: list[str]) -> None:
    path = people.invite("kim").path
    assert "<b>kim</b>" in client.get(path).text
    differ = client.post(path, data={"password": "words of my own", "again": "other words"})
    assert (differ.status_code, "not the same" in differ.text) == (400, True)
    done = client.post(path, data={"password": "words of my own", "again": "words of my own"})
    assert (done.status_code, client.get("/who").json()) == (303, "kim")
    for spent in (client.get(path), client.post(path, data={"password": "x", "again": "x"})):
        assert (spent.status_code, "does not work any more" in spent.text) == (410, True)


def test_a_form_that_is_too_long_is_not_read(client: TestClient, everybody: list[str]) -> None:
    assert sign_in(client, password="x" * 10_000).status_code == 413


def test_pages_at_the_door_are_never_kept_nor_framed(client: TestClient, everybody: list[str]) -> None:
    for path in ("/login", "/closed", "/invitation/x"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_one_s_own_account(client: TestClient, everybody: list[str]) -> None:
    assert client.get("/account", headers=PAGE).headers["location"].startswith("/login")
    sign_in(client)
    assert f"<b>{KIM}</b>" in client.get("/account").text
    form = {"before": PASSWORD, "password": "some new words", "again": "some new words"}
    assert client.post("/account", data={**form, "before": "wrong"}).status_code == 401
    assert client.post("/account", data={**form, "again": "x"}).status_code == 400
    assert "is changed" in client.post("/account", data=form).text
    assert client.get("/who").json() == KIM


def test_an_answer_stops_when_who_reads_it_is_shut_out(app: FastAPI, people: People, everybody: list[str]) -> None:
    with listening(app) as address, httpx.Client(base_url=address) as client:
        client.post("/login", data={"name": KIM, "password": PASSWORD})
        shut = threading.Timer(0.5, lambda: people.set_disabled(KIM, disabled=True))
        shut.start()
        began = time.monotonic()
        with client.stream("GET", "/stream") as events:
            got = [json.loads(line[5:]) for line in events.iter_lines() if line.startswith("data:")]
        shut.join()
        assert got == list(range(len(got)))
        assert 5 < len(got) < 120, "10 seconds long, were it not cut off"
        assert time.monotonic() - began < 6
