"""The way to the organisation's own sign-on, and back."""

import json
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chat.door import cookies
from chat.door.entrance import Entrance
from chat.door.sign_on import FAILED, Begun, Provider
from chat.errors import AppError, SignInError
from chat.ui import entrance_view as view
from chat.ui.let_in import EntranceRoute, inside, let_in, origin

KEPT = "apprentice-sign-on"
WITHIN_S = 600
BACK = "/sign-on/return"


def router(entrance: Entrance, provider: Provider) -> APIRouter:
    """The two addresses, over the one way in."""
    routes = APIRouter(prefix="/sign-on", route_class=EntranceRoute, include_in_schema=False)

    @routes.get("/begin")
    def begin(request: Request, next: str = "/") -> Response:  # noqa: A002 - the word in the address
        try:
            place, begun = provider.begin(_back(request), inside(next))
        except SignInError as error:
            return _refused(error)
        response = RedirectResponse(place, 303)
        scheme = request.url.scheme
        response.set_cookie(
            cookies.name(scheme, KEPT), json.dumps(asdict(begun)), WITHIN_S, path="/",
            secure=scheme == "https", httponly=True, samesite="lax",
        )  # fmt: skip
        return response

    @routes.get("/return")
    def back(request: Request) -> Response:
        scheme = request.url.scheme
        try:
            begun = _begun(request.cookies.get(cookies.name(scheme, KEPT), ""))
            claims = provider.finish(request.query_params, begun, _back(request))
            response = let_in(request, entrance.sign_on(claims, origin(request), joins=provider.joins), begun.way)
        except AppError as error:
            response = _refused(error)
        response.delete_cookie(cookies.name(scheme, KEPT), "/", secure=scheme == "https", httponly=True, samesite="lax")
        return response

    return routes


def _back(request: Request) -> str:
    """Where the provider leads people back to. It only leads to addresses that were told to it before."""
    return f"{request.url.scheme}://{request.url.netloc}{BACK}"


def _begun(kept: str) -> Begun:
    try:
        return Begun(**{name: str(value) for name, value in json.loads(kept).items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise SignInError(FAILED) from error


def _refused(error: AppError) -> Response:
    return HTMLResponse(view.notice("You are not signed in", str(error), "/login"), 401)
