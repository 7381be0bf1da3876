"""The pages at the door: to sign in, to accept an invitation, one's own account, and for who may not go on."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chat.door import cookies
from chat.door.account import account
from chat.door.entrance import Entrance
from chat.door.sign_on import Provider
from chat.errors import AppError, InvalidInputError, SignInError, TooManyTriesError
from chat.ui import entrance_view as view
from chat.ui import sign_on
from chat.ui.let_in import EntranceRoute, inside, let_in, origin

LARGEST_FORM = 8192
"""Bytes. Nobody types more into these pages."""

Form = dict[str, str]
Account = Annotated[str | None, Depends(account)]


async def form(request: Request) -> Form:
    """What was typed into the page. Raises `InvalidInputError` for more than anybody types."""
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > LARGEST_FORM:
            raise InvalidInputError("That is too long.")
    typed = parse_qs(sent.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0].replace("\x00", "") for name, values in typed.items()}


Typed = Annotated[Form, Depends(form)]


def routers(entrance: Entrance, provider: Provider | None) -> list[APIRouter]:
    """The pages at the door and, where there is one, the way to the organisation's own sign-on."""
    if provider is None:
        return [router(entrance)]
    return [router(entrance, provider.label), sign_on.router(entrance, provider)]


def router(entrance: Entrance, sign_on: str | None = None) -> APIRouter:
    """The pages, over the one way in. `sign_on` is what the organisation's own sign-on is called, if there is one."""
    routes = APIRouter(route_class=EntranceRoute, default_response_class=HTMLResponse, include_in_schema=False)
    _signing_in(routes, entrance, sign_on)
    _invited(routes, entrance)
    _own_account(routes, entrance)
    return routes


def _signing_in(routes: APIRouter, entrance: Entrance, sign_on: str | None) -> None:
    @routes.get("/login")
    def ask(request: Request, next: str = "/") -> Response:  # noqa: A002 - the word in the address
        token = cookies.token_in(request.headers, request.url.scheme)
        if entrance.visitor(token).account is not None:
            return RedirectResponse(inside(next), 303)
        return HTMLResponse(view.login(inside(next), sign_on=sign_on))

    @routes.post("/login")
    def sign_in(request: Request, typed: Typed) -> Response:
        name, way = typed.get("name", ""), inside(typed.get("next", "/"))
        try:
            token = entrance.sign_in(name, typed.get("password", ""), origin(request))
        except SignInError as error:
            return _refused(view.login(way, name, str(error), sign_on), error)
        return let_in(request, token, way)

    @routes.post("/logout")
    def sign_out(request: Request) -> Response:
        if token := cookies.token_in(request.headers, request.url.scheme):
            entrance.sign_out(token)
        response = RedirectResponse("/login", 303)
        cookies.drop(response, request.url.scheme)
        return response

    @routes.get("/closed")
    def closed() -> Response:
        return HTMLResponse(view.closed(), 403)


def _invited(routes: APIRouter, entrance: Entrance) -> None:
    @routes.get("/invitation/{token}")
    def invitation(token: str) -> Response:
        try:
            return HTMLResponse(view.invitation(entrance.invited(token)))
        except SignInError as error:
            return HTMLResponse(view.notice(view.SPENT, str(error)), 410)

    @routes.post("/invitation/{token}")
    def accept(request: Request, token: str, typed: Typed) -> Response:
        try:
            name = entrance.invited(token)
            known = entrance.accept(token, _twice(typed), origin(request))
        except SignInError as error:
            return HTMLResponse(view.notice(view.SPENT, str(error)), 410)
        except InvalidInputError as error:
            return HTMLResponse(view.invitation(name, str(error)), 400)
        return let_in(request, known, "/")


def _own_account(routes: APIRouter, entrance: Entrance) -> None:
    @routes.get("/account")
    def own(account: Account) -> Response:
        if account is None or entrance.open():
            return RedirectResponse("/", 303)
        return HTMLResponse(view.account(entrance.person(account)))

    @routes.post("/account")
    def change(request: Request, account: Account, typed: Typed) -> Response:
        token = cookies.token_in(request.headers, request.url.scheme)
        if account is None or token is None:
            return RedirectResponse("/", 303)
        me = entrance.person(account)
        try:
            entrance.change_password(account, typed.get("before", ""), _twice(typed), token, origin(request))
        except (SignInError, InvalidInputError) as error:
            return _refused(view.account(me, error=str(error)), error)
        return HTMLResponse(view.account(me, done=view.CHANGED))


def _twice(typed: Form) -> str:
    if typed.get("password", "") != typed.get("again", ""):
        raise InvalidInputError("The two are not the same. Type the new password twice.")
    return typed.get("password", "")


def _refused(page: str, error: AppError) -> Response:
    if isinstance(error, TooManyTriesError):
        return HTMLResponse(page, 429, {"Retry-After": f"{error.retry_after_s:.0f}"})
    return HTMLResponse(page, 400 if isinstance(error, InvalidInputError) else 401)
