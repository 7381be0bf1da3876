"""Every address and every event of both apps, as they run, called as nobody and as everybody there may be.

What there is, is read off the running apps. An address or an event that is new is put into the tables below, with who
may use it, or the tests fail. What a person may see of what, tests/rights/test_matrix.py says of the services; here it
is seen that nothing stands between them and the outside but the door, and that no way around it exists.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.routing import Mount

from admin.app import Parts as AdminParts
from admin.app import build as build_admin
from admin.curation.embedders import Changeover
from admin.service.people import People
from chat.app import Parts as ChatParts
from chat.app import build as build_chat
from chat.door.entrance import Entrance
from chat.door.keys import Gate
from chat.door.pages import needed
from chat.door.passwords import Passwords
from chat.service import Assistant
from chat.settings import Settings
from chat.store.session import Sessions
from chat.store.tables import Base, UserRole
from tests.api.conftest import listening
from tests.conftest import OWNER
from tests.door.conftest import PASSWORD, QUICK
from tests.rag.library import Library as Shelf
from tests.rag.library import Speaker, make_chain, models
from tests.rights.conftest import ASKED, MARKS, SECRET, World
from tests.rights.events import REFUSED, RULED, SHOWN

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),
]
APPS = ("chat", "admin")
CALLERS = {"the-asker": "asker", "the-curator": "curator", "the-trainer": "trainer", "the-approver": "approver"}
"""People who are no members of the closed collection; `owner` and `the-suspended` are the others who call."""
EVERYBODY = {
    "GET /healthz", "GET /login", "POST /login", "POST /logout", "GET /closed", "GET /invitation/{token}",
    "POST /invitation/{token}", "GET /static/{path:path}", "GET /assets/{path:path}", "GET /favicon.ico",
    "GET /robots.txt", "GET /logout",
}  # fmt: skip
"""What is for who has not signed in too. Files below /static and /assets are Gradio's own."""
PROGRAMS = {"GET /v1/models", "POST /v1/chat/completions", "POST /v1/embeddings", "POST /v1/search"}
"""Where a key is asked for."""
FORMS = {"POST /login", "POST /logout", "POST /account"}
"""What is typed into them decides, which tests/door looks at."""
SIGNED_IN = {
    "GET /", "GET /account", "POST /account", "GET /config", "GET /theme.css", "GET /openapi.json",
    "GET /gradio_api/info", "GET /gradio_api/app_id", "GET /gradio_api/startup-events", "GET /gradio_api/theme.css",
    "POST /gradio_api/queue/join", "GET /gradio_api/queue/data", "POST /gradio_api/cancel", "POST /gradio_api/reset",
    "GET /gradio_api/upload_progress", "POST /gradio_api/upload", "GET /gradio_api/heartbeat/{session_hash}",
    "GET /shared/{share_id}", "GET /conversations/{conversation_id}.{kind}", "GET /gradio_api/file={path:path}",
    "GET /gradio_api/file/{path:path}", "GET /gradio_api/file={path_or_url:path}",
}  # fmt: skip
CLOSED = {
    "POST /gradio_api/call/{api_name}", "POST /gradio_api/call/v2/{api_name}",
    "GET /gradio_api/call/{api_name}/{event_id}", "GET /gradio_api/call/v2/{api_name}/{event_id}",
    "GET /gradio_api/user", "GET /gradio_api/login_check", "GET /gradio_api/token", "GET /gradio_api/dev/reload",
    "GET /gradio_api/runs", "POST /gradio_api/run-history/connect", "GET /gradio_api/run-history/buckets",
    "GET /gradio_api/run-history/records", "GET /gradio_api/openapi.json", "GET /gradio_api/deep_link",
    "GET /gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}",
    "GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}", "GET /gradio_api/proxy={url_path:path}",
    "POST /gradio_api/stream/{event_id}", "POST /gradio_api/stream/{event_id}/close",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file", "POST /gradio_api/api/{api_name}",
    "POST /gradio_api/run/{api_name}", "POST /gradio_api/component_server", "GET /gradio_api/queue/status",
    "POST /gradio_api/process_recording", "POST /gradio_api/vibe-edit", "POST /gradio_api/undo-vibe-edit",
    "GET /gradio_api/vibe-code", "POST /gradio_api/vibe-code", "POST /gradio_api/vibe-starter-queries",
    "GET /monitoring", "GET /monitoring/summary", "GET /monitoring/{key}", "GET /svelte/{path:path}",
    "GET /pwa_icon", "GET /pwa_icon/{size}", "GET /manifest.json",
}  # fmt: skip
"""What Gradio offers and no page needs."""


@dataclass(frozen=True)
class House:
    """Both apps as they run, the addresses they listen on, and everybody's cookie."""

    world: World
    apps: dict[str, FastAPI]
    addresses: dict[str, str]
    cookies: dict[str, dict[str, str]]

    def client(self, app: str, caller: str | None) -> httpx.AsyncClient:
        cookies = self.cookies[caller] if caller else None
        return httpx.AsyncClient(base_url=self.addresses[app], cookies=cookies, timeout=30)


@pytest.fixture(scope="module")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    from tests.rights.conftest import copied

    with copied(request.getfixturevalue("server"), request.getfixturevalue("made")) as world, ExitStack() as stack:
        people = People(world.database.sessions, person=OWNER, passwords=Passwords(QUICK))
        people.set_password("owner", PASSWORD)
        for name, role in (*CALLERS.items(), ("the-suspended", "owner")):
            people.add_person(name, UserRole(role), PASSWORD)
        apps = {"chat": chat(world), "admin": admin(world)}
        addresses = {name: stack.enter_context(listening(app)) for name, app in apps.items()}
        names = ("owner", *CALLERS, "the-suspended")
        house = House(world, apps, addresses, {name: signed_in(addresses["chat"], name) for name in names})
        people.set_disabled("the-suspended", disabled=True)
        yield house


def chat(world: World) -> FastAPI:
    sessions, shelf = world.database.sessions, Shelf(world.database, world.ingestion, world.home)
    way = models(Speaker(answers=[SECRET]))
    assistant = Assistant(sessions, make_chain(shelf, way), person=OWNER)
    return build_chat(ChatParts(world.database, way, assistant, Gate(sessions), door(sessions)))


def admin(world: World) -> FastAPI:
    settings = Settings(home=world.home, database_url=world.database.conninfo)
    changeover = Changeover(world.database.sessions, world.ingestion.embedder)
    return build_admin(AdminParts(settings, world.database, world.ingestion, changeover))


def door(sessions: Sessions) -> Entrance:
    return Entrance(sessions, local=True, passwords=Passwords(QUICK))


def signed_in(address: str, name: str) -> dict[str, str]:
    reply = httpx.post(f"{address}/login", data={"name": name, "password": PASSWORD})
    assert reply.status_code == 303, name
    return {"apprentice": reply.cookies["apprentice"]}


def page_of(app: FastAPI) -> gr.Blocks:
    mounted = next(route.app for route in app.routes if isinstance(route, Mount))
    blocks: gr.Blocks = mounted.get_blocks()
    return blocks


def ways(app: Any) -> Iterator[str]:
    """Every method and address of an app and of what is mounted in it."""
    for route in app.routes:
        inner = getattr(route, "original_router", None) or (route.app if isinstance(route, Mount) else None)
        if inner is not None:
            yield from ways(inner)
            continue
        for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
            yield f"{method} {route.path.rstrip('/') or '/'}"


@pytest.mark.parametrize("app", APPS)
def test_every_address_is_listed(house: House, app: str) -> None:
    listed = EVERYBODY | PROGRAMS | SIGNED_IN | CLOSED
    assert set(ways(house.apps[app])) - listed == set()
    for way in CLOSED | SIGNED_IN:
        path = way.split()[1]
        assert needed(path) is (way in SIGNED_IN), way


@pytest.mark.parametrize("caller", [None, "the-suspended", *CALLERS, "owner"])
@pytest.mark.parametrize("app", APPS)
async def test_who_gets_through_to_which_address(house: House, app: str, caller: str | None) -> None:
    async with house.client(app, caller) as client:
        for way in sorted(set(ways(house.apps[app])) - FORMS):
            got = await status(client, way)
            if way in EVERYBODY:
                assert got not in (401, 500), way
            elif (way in PROGRAMS and caller in (None, "the-suspended")) or caller in (None, "the-suspended"):
                assert got == 401, way
            elif app == "admin" and caller == "the-asker":
                assert got == 403, way
            elif way in CLOSED:
                assert got == 404, way
            else:
                assert got not in (401, 500), way


async def status(client: httpx.AsyncClient, way: str) -> int:
    """What is replied to a call without anything in it. A reply that goes on is not waited for."""
    method, path = way.split()
    path = re.sub(r"{.*?}", "x", path)
    async with client.stream(method, path, json={} if method == "POST" else None) as reply:
        return reply.status_code


@dataclass(frozen=True)
class Call:
    """An event that was sent: which handler it was for, and what came back."""

    handler: str
    succeeded: bool
    said: str


def handlers(blocks: gr.Blocks) -> dict[str, Any]:
    """An event for each handler of a page, by its name; what only scripts do has none."""
    return {named(fn): fn for fn in reversed(blocks.fns.values()) if fn.fn is not None}


def named(fn: Any) -> str:
    return getattr(fn.fn, "__qualname__", type(fn.fn).__name__)


def stories(world: World) -> list[dict[str, str]]:
    """What an event may name: things of the closed collection, each under every word that a page uses for one."""
    ids = [world.document, world.example, world.source, world.job, world.question, world.answer, "1"]
    fixed = {
        "name": "vault", "collection": "vault", "text": "nest", "number": "1", "chunk": str(world.chunk),
        "role": "owner", "open": "1", "user": "reader", "question": ASKED, "answer": "There.", "reason": "wrong",
        "ordinal": "0", "at": "5", "tag": "bird", "add": "bird", "act": "remove", "asked": "1", "first": "0",
        "ask": "on", "kind": "urls", "places": "https://127.0.0.1:9/", "wanted": "1", "to": "vault", "drop": "1",
    }  # fmt: skip
    names = ("id", "ids", "document", "version", "message", "example", "source", "job", "cite", "run")
    return [fixed | dict.fromkeys(names, str(each)) for each in ids]


def given(fn: Any, story: dict[str, str]) -> list[Any]:
    """A value for each component that the handler takes something from."""
    usual = {"textbox": story["id"], "checkbox": False, "number": 5, "slider": 5, "radio": "rag:", "html": "vault"}
    return [usual.get(each.get_block_name()) for each in fn.inputs]


async def call_all(house: House, app: str, caller: str, story: dict[str, str]) -> list[Call]:
    """Send an event for every handler at once, as one session of that caller, and wait for what comes back."""
    blocks = page_of(house.apps[app])
    async with house.client(app, caller) as client:
        sent: dict[str, str] = {}
        for name, fn in handlers(blocks).items():
            body = {"data": given(fn, story), "event_data": story, "fn_index": fn._id, "session_hash": "a-session"}
            joined = await client.post("/gradio_api/queue/join", json=body)
            assert joined.status_code == 200, (name, joined.text)
            sent[joined.json()["event_id"]] = name
        return [call async for call in ended(client, sent, "a-session")]


async def ended(client: httpx.AsyncClient, sent: dict[str, str], session: str) -> AsyncIterator[Call]:
    """What comes back for the events that were sent, by id, in that session."""
    said: dict[str, str] = dict.fromkeys(sent, "")
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as events:
        async for line in events.aiter_lines():
            event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if event.get("event_id") in said:
                said[event["event_id"]] += json.dumps(event.get("output"), ensure_ascii=False)
            if event.get("msg") == "process_completed":
                yield Call(sent[event["event_id"]], event["success"], said[event["event_id"]])
            if event.get("msg") == "close_stream":
                return


def kept(world: World) -> list[Any]:
    """What would change if anything of the closed collection, its members or the people did."""
    [vault] = rows(world, "SELECT id FROM collections WHERE name = 'vault'")[0]
    of_it = [name for name, table in Base.metadata.tables.items() if "collection_id" in table.columns]
    whole = ["users", "document_versions", "feedback", "source_items", "question_passages", "example_versions"]
    conditions = dict.fromkeys(whole, "true") | dict.fromkeys(of_it, f"t.collection_id = {vault}")
    conditions["collections"] = f"t.id = {vault}"
    shown = "SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {} t WHERE {}"
    return [(name, rows(world, shown.format(name, condition))) for name, condition in sorted(conditions.items())]


def rows(world: World, statement: str) -> list[Any]:
    with world.database.engine.connect() as connection:
        return list(connection.execute(sa.text(statement)))


@pytest.mark.parametrize("app", APPS)
def test_every_event_is_listed(house: House, app: str) -> None:
    assert set(handlers(page_of(house.apps[app]))) == {*SHOWN[app], *REFUSED[app], *RULED[app]}


@pytest.mark.parametrize("caller", [None, "the-suspended", "the-asker"])
@pytest.mark.parametrize("app", APPS)
async def test_no_event_is_for_who_is_not_let_in(house: House, app: str, caller: str | None) -> None:
    if (app, caller) == ("chat", "the-asker"):
        return
    async with house.client(app, caller) as client:
        for index in page_of(house.apps[app]).fns:
            body = {"data": [], "fn_index": index, "session_hash": "s"}
            refused = await client.post("/gradio_api/queue/join", json=body)
            assert refused.status_code == (403 if caller == "the-asker" else 401), index


@pytest.mark.parametrize(("app", "caller"), [("chat", "the-asker"), *(("admin", name) for name in list(CALLERS)[1:])])
async def test_no_event_gives_or_does_anything_where_one_is_no_member(house: House, app: str, caller: str) -> None:
    before = kept(house.world)
    told = stories(house.world)
    for story in told if app == "chat" else told[list(CALLERS).index(caller) - 1 :: 3]:
        for call in await call_all(house, app, caller, story):
            said = call.said.replace("vault", "").replace(ASKED, "")
            assert not any(mark in said for mark in MARKS), call
            assert not call.succeeded or call.handler not in REFUSED[app] | RULED[app], call
            assert call.handler not in RULED[app] or "takes an owner" in said, call
    assert kept(house.world) == before


async def test_a_session_is_read_by_nobody_else(house: House) -> None:
    """Whoever knows the name that a browser gave its session gets nothing of it, nor ends anything in it."""
    name, fn = next(iter(handlers(page_of(house.apps["admin"])).items()))
    story = stories(house.world)[0]
    body = {"data": given(fn, story), "event_data": story, "fn_index": fn._id, "session_hash": "known"}
    stop = {"session_hash": "known", "fn_index": fn._id, "event_id": "x"}
    async with house.client("admin", "owner") as owner:
        joined = (await owner.post("/gradio_api/queue/join", json=body)).json()
        overheard = ""
        with suppress(httpx.ReadError):  # Gradio breaks off, where it knows of no such session
            async with (
                house.client("admin", "the-curator") as other,
                other.stream("GET", "/gradio_api/queue/data", params={"session_hash": "known"}) as events,
            ):
                overheard = str([line async for line in events.aiter_lines()])
        assert "process_completed" not in overheard
        async with house.client("admin", "the-curator") as other:
            await other.post("/gradio_api/cancel", json=stop)
        [own] = [call async for call in ended(owner, {joined["event_id"]: name}, "known")]
        assert own.handler == name
