"""Refusals in OpenAI's shape, so that any client of the protocol shows their words."""

import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from chat.errors import (
    AppError,
    BusyError,
    InvalidInputError,
    ModelError,
    NotAllowedError,
    NotFoundError,
    WrongKeyError,
)


class UnknownModelError(NotFoundError):
    """No model has the name that was asked for."""


STATUSES: tuple[tuple[type[AppError], int, str], ...] = (
    (UnknownModelError, 404, "model_not_found"),
    (WrongKeyError, 401, "invalid_api_key"),
    (NotAllowedError, 403, "not_allowed"),
    (NotFoundError, 400, "not_found"),
    (InvalidInputError, 400, "invalid_value"),
    (BusyError, 503, "busy"),
    (ModelError, 503, "model_unavailable"),
    (AppError, 500, "failed"),
)
"""What each failure is over HTTP; the first that fits. What a body merely names is a wrong value, no wrong address."""


class OpenAIRoute(APIRoute):
    """A route whose failures are told in OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except AppError as error:
                return refusal(error)
            except RequestValidationError as error:
                return JSONResponse(bad_body(error), 400)

        return told


def refusal(error: AppError) -> JSONResponse:
    """The reply that says what failed."""
    headers = {"Retry-After": str(math.ceil(error.retry_after_s))} if isinstance(error, BusyError) else {}
    if isinstance(error, WrongKeyError):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body(error), _status(error)[0], headers)


def body(error: AppError) -> dict[str, Any]:
    """What failed, also for the middle of a stream, whose status has been sent."""
    status, code = _status(error)
    return _shaped(str(error), "server_error" if status >= 500 else "invalid_request_error", code)


def bad_body(error: RequestValidationError) -> dict[str, Any]:
    """What of a request's body cannot be read, field by field."""
    problems = [(".".join(str(part) for part in each["loc"][1:]), each["msg"]) for each in error.errors()]
    words = "; ".join(f"{field or 'body'}: {message}" for field, message in problems)
    return _shaped(words, "invalid_request_error", "invalid_body", problems[0][0] or None)


def _status(error: AppError) -> tuple[int, str]:
    return next((status, code) for kind, status, code in STATUSES if isinstance(error, kind))


def _shaped(message: str, kind: str, code: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
