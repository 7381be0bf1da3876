"""What stands in front of both apps, and lets through who may come in: every request passes here, and is told whose.

The invariant: past this point a request has an account, or it is for one of the few addresses that are for everybody.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.door.cookies import token_in
from chat.door.entrance import Entrance, Visitor
from chat.door.origins import foreign, names_this_machine

FOR_EVERYBODY = ("/healthz", "/login", "/logout", "/closed", "/favicon.ico", "/robots.txt")
BELOW_FOR_EVERYBODY = ("/invitation/", "/sign-on/", "/assets/", "/static/", "/door/")
"""The files below /assets and /static are Gradio's own, the same in every installation."""
FOR_PROGRAMS = "/v1/"
"""Where a key may stand in for a session: who comes without either is asked for one there."""
LOOKED_AGAIN_S = 2.0
"""How often it is looked, while a reply goes on, whether the session still does."""
AT_ONCE = 8
"""Requests of one process that look into the database here at the same time."""

FOREIGN = "Another web site asked for this in your browser. It was not done."
ELSEWHERE = "Until somebody has an account, this answers only under this machine's own address, such as 127.0.0.1."
SIGN_IN = "Sign in first: you are not, or not any more."
NOT_YOURS = "This takes a curator. An owner can make you one."

Allowed = Callable[[str], bool]


class Guard:
    """Middleware of both apps. `allowed`: whether an account may use the app at all; absent, everybody may."""

    def __init__(self, app: ASGIApp, entrance: Entrance, allowed: Allowed | None = None) -> None:
        self.app = app
        self.entrance = entrance
        self.allowed = allowed
        self.room = CapacityLimiter(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            reply = await self._refusal(scope)
            await (reply(scope, receive, send) if reply else self._pass(scope, receive, send))

    async def _refusal(self, scope: Scope) -> Response | None:
        """What to say to who is not let through; None for who is, whose account the request then carries."""
        headers = Headers(scope=scope)
        if foreign(scope["method"], headers):
            return JSONResponse({"detail": FOREIGN}, 403)
        if for_everybody(scope["path"]):
            return None
        visitor: Visitor = await self._ask(self.entrance.visitor, token_in(headers, scope["scheme"]))
        scope.setdefault("state", {})["account"] = visitor.account
        if visitor.account is None:
            return None if scope["path"].startswith(FOR_PROGRAMS) else _turned_away(scope, headers)
        if not visitor.asked and not names_this_machine(headers):
            return JSONResponse({"detail": ELSEWHERE}, 421)
        if self.allowed and not await self._ask(self.allowed, visitor.account):
            return _to(scope, headers, "/closed") or JSONResponse({"detail": NOT_YOURS}, 403)
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = token_in(Headers(scope=scope), scope["scheme"])
        if token is None or for_everybody(scope["path"]):
            await self.app(scope, receive, send)
            return
        account = scope["state"]["account"]
        watched = Watched(receive, send, partial(self._still, token, account))
        await self.app(scope, watched.receive, watched.send)

    async def _still(self, token: str, account: str | None) -> bool:
        visitor: Visitor = await self._ask(self.entrance.visitor, token)
        return visitor.account == account

    async def _ask(self, question: Callable[[Any], Any], about: Any) -> Any:
        return await to_thread.run_sync(question, about, limiter=self.room)


class Watched:
    """A reply that goes on only as long as the session does: an answer stops where its reader is shut out."""

    def __init__(self, receive: Receive, send: Send, still: Callable[[], Any]) -> None:
        self._receive = receive
        self._send = send
        self._still = still
        self._streams = False
        self._looked = time.monotonic()
        self._over = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            self._streams = kind.startswith("text/event-stream")
        elif self._over:
            return
        elif self._streams and time.monotonic() - self._looked > LOOKED_AGAIN_S:
            self._looked = time.monotonic()
            self._over = not await self._still()
            message = {**message, "body": b"", "more_body": False} if self._over else message
        await self._send(message)

    async def receive(self) -> Message:
        return {"type": "http.disconnect"} if self._over else await self._receive()


def for_everybody(path: str) -> bool:
    """Whether an address is for who has not signed in, too."""
    return path in FOR_EVERYBODY or path.startswith(BELOW_FOR_EVERYBODY)


def _turned_away(scope: Scope, headers: Headers) -> Response:
    wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    way = "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}"
    return _to(scope, headers, way) or JSONResponse({"detail": SIGN_IN}, 401)


def _to(scope: Scope, headers: Headers, way: str) -> Response | None:
    """The way to another page, for who looks at one; None for what a script or a program asks for."""
    looks = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
    return RedirectResponse(way, 303, headers={"Cache-Control": "no-store"}) if looks else None
