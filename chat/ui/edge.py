"""The edge of both pages: for whom a handler acts, and how what went wrong is told.

The invariant: who asks is what the door says through Gradio, never what the page sends.
"""

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import fields, replace
from html import escape
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import gradio as gr

from chat.errors import AppError

H = TypeVar("H")
P = ParamSpec("P")
T = TypeVar("T")

ASKER = inspect.Parameter(
    "request", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=gr.Request | None
)
"""What Gradio fills in by its type: the request, and in it who has signed in."""


def told(handler: Callable[Concatenate[H, P], T]) -> Callable[..., T]:
    """The handler as the page calls it: over services that act for who asks, and failures told to that person.

    The fields of a class of handlers are its services; each is exchanged for the same one acting for who has signed
    in. Without accounts nobody signs in, and the services act for whom they were made for.
    """
    own = inspect.signature(handler)
    signature = own.replace(parameters=[*own.parameters.values(), ASKER])

    def bound(*given: Any, **named: Any) -> inspect.BoundArguments:
        arguments = signature.bind(*given, **named)
        request = arguments.arguments.pop(ASKER.name, None)
        arguments.arguments["self"] = acting_for(arguments.arguments["self"], request and request.username)
        return arguments

    def call(*given: Any, **named: Any) -> T:
        with failures_in_words():
            arguments = bound(*given, **named)
            return cast("Callable[..., T]", handler)(*arguments.args, **arguments.kwargs)

    def stream(*given: Any, **named: Any) -> Iterator[Any]:
        with failures_in_words():
            arguments = bound(*given, **named)
            yield from cast("Callable[..., Iterator[Any]]", handler)(*arguments.args, **arguments.kwargs)

    async def follow(*given: Any, **named: Any) -> AsyncIterator[Any]:
        with failures_in_words():
            arguments = await asyncio.to_thread(bound, *given, **named)
            told = cast("Callable[..., AsyncGenerator[Any, None]]", handler)(*arguments.args, **arguments.kwargs)
            async with aclosing(told) as parts:
                async for part in parts:
                    yield part

    kind = follow if inspect.isasyncgenfunction(handler) else stream if inspect.isgeneratorfunction(handler) else call
    wrapped = cast("Any", functools.wraps(handler)(kind))
    wrapped.__signature__ = signature
    wrapped.__annotations__ = {**handler.__annotations__, ASKER.name: ASKER.annotation}
    return cast("Callable[..., T]", wrapped)


def guarded(page: gr.Blocks) -> gr.Blocks:
    """The page, nobody's way to the files of this machine.

    Whether a file that an event names was uploaded, Gradio checks only of pages that were launched, not of those that
    are mounted (`processing_utils._check_allowed`, 6.31): there, any event copies any file to where files are served.
    """
    page.has_launched = True
    return page


def acting_for(handlers: H, account: str | None) -> H:
    """The same handlers, over services that act for that account; as they are where there are no accounts."""
    if account is None:
        return handlers
    services = {field.name: getattr(handlers, field.name) for field in fields(cast("Any", handlers))}
    return cast("H", replace(cast("Any", handlers), **{n: s.for_account(account) for n, s in services.items()}))


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Tell the person what failed, where a person can cure it."""
    try:
        yield
    except AppError as error:
        raise gr.Error(escape(str(error)), print_exception=False) from error
