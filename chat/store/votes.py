"""Which of two answers to one question a person found better."""

from dataclasses import asdict, dataclass
from enum import StrEnum

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
