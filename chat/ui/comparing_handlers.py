"""What the comparing view does: plain functions over the service, each safe to call with any input.

The invariant: what a vote is about is kept by the server, in a state that the page cannot write.
"""

import random
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol, Self

import gradio as gr

from chat.errors import AppError, InvalidInputError
from chat.rag.answer import Event, Mode
from chat.service import Choice, contender
from chat.store.votes import Ballot, Winner
from chat.ui import sides, words
from chat.ui.edge import told
from chat.ui.sides import Pair
from chat.ui.ways import Ways, choice, options, value

FRAME_S = 1 / 10
"""The two answers are redrawn at most this often."""


class Service(Protocol):
    """What comparing needs of the assistant."""

    def for_account(self, name: str | None) -> Self: ...
    def compare(
        self, question: str, first: Choice, second: Choice, *, collection: str | None = ...
    ) -> Generator[tuple[int, Event | AppError], None, None]: ...
    def vote(self, ballot: Ballot, winner: Winner, *, collection: str | None = ...) -> None: ...
    def ways(self, collection: str | None = ...) -> Ways: ...


@dataclass(frozen=True)
class Comparing:
    """The view's handlers over one service. Each may be called by anybody with anything."""

    service: Service

    @told
    def ways(self, collection: str) -> list[Any]:
        """The two lists of ways: the documents alone in one and, in the other, what there is beside."""
        there = self.service.ways(_name(collection))
        rival = (
            value(Mode.RAG_ADAPTER, there.serving or there.adapters[0]) if there.adapters else value(Mode.BASE, None)
        )
        chosen = (value(Mode.RAG, None), rival)
        return [gr.HTML(choices=options(there), value=each, visible=True) for each in chosen]

    @told
    def compared(
        self, question: str, first: str, second: str, blind: bool, collection: str
    ) -> Generator[tuple[str, Pair | None], None, None]:
        """Both answers again and again while they grow; with them, once they are whole, what can be voted on."""
        asked, scope = question if isinstance(question, str) else "", _name(collection)
        wanted = [choice(first), choice(second)]
        if blind:
            random.shuffle(wanted)
        with closing(self.service.compare(asked, *wanted, collection=scope)) as events:
            for pair in growing(Pair(asked, scope, bool(blind)), events):
                yield sides.drawn(pair), None
        yield sides.drawn(pair), pair

    @told
    def stopped(self) -> tuple[str, None]:
        """The view after a stop: half an answer is nothing to vote on."""
        return sides.note(words.COMPARE_STOPPED), None

    @told
    def voted(self, pair: Pair | None, event: gr.EventData) -> tuple[str, None]:
        """Keep the vote, and show whose answers they were."""
        if not isinstance(pair, Pair) or pair.first.answer is None or pair.second.answer is None:
            raise InvalidInputError(words.NOTHING_TO_VOTE)
        winner = _winner(event._data)
        first, second = contender(pair.first.answer), contender(pair.second.answer)
        self.service.vote(Ballot(pair.question, first, second, pair.blind), winner, collection=pair.collection)
        return sides.drawn(pair, winner), None


def growing(pair: Pair, events: Iterator[tuple[int, Event | AppError]]) -> Iterator[Pair]:
    """The two answers as they grow, at most every `FRAME_S` seconds, and whole at the end."""
    drawn = time.monotonic()
    yield pair
    for place, event in events:
        pair = pair.taking(place, event)
        if time.monotonic() - drawn >= FRAME_S:
            drawn = time.monotonic()
            yield pair
    yield pair


def _name(collection: object) -> str | None:
    return collection if isinstance(collection, str) and collection else None


def _winner(sent: object) -> Winner:
    said = sent.get("winner") if isinstance(sent, dict) else None
    if said not in list(Winner):
        raise InvalidInputError(words.BAD_VOTE.format(said))
    return Winner(said)
