"""Which of two answers to one question a person found better."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store.tables import Vote


class Winner(StrEnum):
    """What a vote can say of the two answers, as they stood."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    NEITHER = "neither"


@dataclass(frozen=True)
class Contender:
    """One of the two answers, and whose it was."""

    mode: str
    adapter: str | None
    digest: str | None
    answer: str


@dataclass(frozen=True)
class Ballot:
    """What a vote is about. `blind`: nobody saw whose answers they were before the vote."""

    question: str
    first: Contender
    second: Contender
    blind: bool


def add(session: Session, ballot: Ballot, winner: Winner, collection_id: int | None, user_id: int) -> int:
    """Keep a vote. Returns its id."""
    vote = Vote(
        collection_id=collection_id,
        question=ballot.question,
        first=asdict(ballot.first),
        second=asdict(ballot.second),
        winner=winner,
        blind=ballot.blind,
        user_id=user_id,
    )
    session.add(vote)
    session.flush()
    return vote.id


@dataclass(frozen=True)
class Duel:
    """A blind vote between two ways of answering, each by its mode and its adapter's name, and what it said."""

    first: str
    second: str
    winner: Winner


def duels(session: Session, seen: Sequence[int] | None = None) -> list[Duel]:
    """The blind votes on answers to questions about these collections or about all of them; about any without."""
    about = sa.true() if seen is None else sa.or_(Vote.collection_id.is_(None), Vote.collection_id.in_(seen))
    rows = session.execute(select(Vote.first, Vote.second, Vote.winner).where(Vote.blind, about).order_by(Vote.id))
    return [Duel(_way(first), _way(second), Winner(winner)) for first, second, winner in rows]


def _way(side: dict[str, str | None]) -> str:
    return f"{side['mode']}:{side['adapter']}" if side.get("adapter") else str(side["mode"])
