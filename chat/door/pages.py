"""What of Gradio's own addresses is open, and whose page each of its sessions is.

Gradio 6.31 offers more than a page needs: a proxy, recordings, statistics, an editor, and every handler once more under
its name. And who knows the name that a browser gave its session may read along: it is made of the account too, here.
"""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/gradio_api/"
NEEDED = (
    "info", "app_id", "startup-events", "theme.css", "queue/join", "queue/data", "run/predict", "cancel", "reset",
    "upload", "upload_progress",
)  # fmt: skip
NEEDED_BELOW = ("heartbeat/", "file")
"""`file` leads to a refusal of our own."""
CLOSED = ("/monitoring", "/svelte/", "/pwa_icon", "/manifest.json")
HASH = "session_hash"


class Pages:
    """Middleware of both apps, behind the guard."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif not needed(scope["path"]):
            await JSONResponse({"detail": "There is nothing here."}, 404)(scope, receive, send)
        elif scope["path"].startswith(API):
            await self.app(*await _own(scope, receive), send)
        else:
            await self.app(scope, receive, send)


def needed(path: str) -> bool:
    """Whether a page needs what Gradio has at this address."""
    if not path.startswith(API):
        return not path.startswith(CLOSED)
    way = path.removeprefix(API)
    return way in NEEDED or way.startswith(NEEDED_BELOW)


async def _own(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """The request as it came, in a session that only this account can name."""
    account = scope.get("state", {}).get("account")
    way, _, name = scope["path"].removeprefix(API).partition("/")
    if way == "heartbeat":
        path = f"{API}heartbeat/{_named(name, account)}"
        return {**scope, "path": path, "raw_path": path.encode()}, receive
    if scope["method"] == "POST" and Headers(scope=scope).get("content-type", "").startswith("application/json"):
        return scope, _replay(_claimed(await _body(receive), account), receive)
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    claimed = [(key, _named(value, account) if key == HASH else value) for key, value in query]
    return {**scope, "query_string": urlencode(claimed).encode()}, receive


def _named(name: str, account: str | None) -> str:
    return f"{name}:{account}"


def _claimed(body: bytes, account: str | None) -> bytes:
    try:
        sent: Any = json.loads(body)
    except ValueError:
        return body
    if not isinstance(sent, dict) or not isinstance(sent.get(HASH), str):
        return body
    return json.dumps(sent | {HASH: _named(sent[HASH], account)}).encode()


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """What gives the body once, and then what else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
