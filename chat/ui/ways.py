"""The ways to be answered, in words: what the page's lists offer, and what an answer says of itself."""

from collections.abc import Sequence
from typing import Protocol

from chat.errors import InvalidInputError
from chat.rag.answer import Mode
from chat.service import Choice
from chat.ui import words

USUAL = "usual"
"""What a list holds where nothing was chosen: whatever serves when the question is asked."""


class Ways(Protocol):
    """The adapters that can be asked with, and the one that answers where none is named."""

    @property
    def adapters(self) -> Sequence[str]: ...
    @property
    def serving(self) -> str | None: ...


def label(mode: Mode, adapter: str | None) -> str:
    """What an answer rests on, in words."""
    if adapter is None or not mode.adapts:
        return words.MODES["rag" if mode.retrieves else "base"]
    return (words.WITH_ADAPTER if mode.retrieves else words.ADAPTER_ALONE).format(adapter)


def options(ways: Ways) -> list[tuple[str, str]]:
    """Every way with its label: from the documents first, then from memory."""
    named = [(mode, adapter) for mode in (Mode.RAG_ADAPTER, Mode.ADAPTER) for adapter in ways.adapters]
    each = [(Mode.RAG, None), *named, (Mode.BASE, None)]
    return [(value(mode, adapter), label(mode, adapter)) for mode, adapter in each]


def for_asking(ways: Ways) -> list[tuple[str, str]]:
    """As `options`, but what serves stands first, whatever that may be when the question is asked."""
    usual = value(Mode.RAG_ADAPTER, ways.serving) if ways.serving else value(Mode.RAG, None)
    known = options(ways)
    return [(USUAL, dict(known)[usual]), *(option for option in known if option[0] != usual)]


def value(mode: Mode, adapter: str | None) -> str:
    """What a list holds for a way."""
    return f"{mode}:{adapter}" if adapter else str(mode)


def choice(chosen: object) -> Choice:
    """The way that a list holds. Raises `InvalidInputError` for what it cannot hold."""
    if chosen == USUAL or not chosen:
        return Choice()
    mode, _, adapter = str(chosen).partition(":")
    if not mode:
        return Choice(None, adapter)
    if mode not in list(Mode):
        raise InvalidInputError(words.BAD_MODE.format(mode, ", ".join(Mode)))
    return Choice(Mode(mode), adapter or None)
