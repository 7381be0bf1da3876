"""The cookies of a session: one that no script may read, and one that only says that there is a session."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from chat.store.sign_ins import AT_MOST

MARK = "apprentice-signed-in"
"""Its presence is all it says, for the page to show the way to one's account."""


def name(scheme: str, of: str = "apprentice") -> str:
    """The cookie's name. Behind https, browsers let nobody but this host set one that begins so."""
    return f"__Host-{of}" if scheme == "https" else of


def token_in(headers: Headers, scheme: str) -> str | None:
    """The token that came along."""
    return cookie_parser(headers.get("cookie", "")).get(name(scheme)) or None


def put(response: Response, token: str, scheme: str) -> None:
    """Have the browser show the token from now on."""
    lasts, secure = int(AT_MOST.total_seconds()), scheme == "https"
    response.set_cookie(name(scheme), token, lasts, path="/", secure=secure, httponly=True, samesite="lax")
    response.set_cookie(MARK, "1", lasts, path="/", secure=secure, samesite="lax")


def drop(response: Response, scheme: str) -> None:
    """Have the browser forget it."""
    secure = scheme == "https"
    response.delete_cookie(name(scheme), "/", secure=secure, httponly=True, samesite="lax")
    response.delete_cookie(MARK, "/", secure=secure, samesite="lax")
