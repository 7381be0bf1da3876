"""What every page at the door does: it is never kept, and leads on to where the person wanted to go."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from chat.door import cookies
from chat.door.entrance import Origin
from chat.errors import InvalidInputError
from chat.ui import entrance_view as view

KEPT_TO_THEMSELVES = {"Cache-Control": "no-store", "Content-Security-Policy": view.POLICY}


class EntranceRoute(APIRoute):
    """A route whose pages are never kept, and whose form is not read where it is too long."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                response = await handle(request)
            except InvalidInputError as error:
                response = HTMLResponse(view.notice("Too long", str(error)), 413)
            response.headers.update(KEPT_TO_THEMSELVES)
            return response

        return shown


def let_in(request: Request, token: str, way: str) -> Response:
    """On to where the person wanted to go, with the token in their browser."""
    response = RedirectResponse(way, 303)
    cookies.put(response, token, request.url.scheme)
    return response


def origin(request: Request) -> Origin:
    """Where the request comes from. Behind a proxy that uvicorn trusts, it is what the proxy says."""
    return Origin(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def inside(way: str) -> str:
    """The address to go on to, where it is one of this app; else its first page."""
    parts = urlsplit(way)
    foreign = parts.scheme or parts.netloc or not way.startswith("/") or way[1:2] in ("/", "\\")
    return "/" if foreign or not way.isprintable() or "\\" in way or parts.path == "/login" else way
