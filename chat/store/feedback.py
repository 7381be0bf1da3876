"""What people thought of the answers they got."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError
from chat.store.tables import Feedback, TriageState

LONGEST_COMMENT = 2_000
LONGEST_CORRECTION = 20_000
"""Characters that are kept."""


class Reason(StrEnum):
    """What may be wrong with an answer."""

    WRONG = "wrong"
    NOT_IN_DOCUMENTS = "not in the documents"
    OUTDATED = "outdated"
    BAD_CITATION = "bad citation"
    STYLE = "style"


@dataclass(frozen=True)
class Opinion:
    """What somebody thinks of an answer: 1 is good, -1 bad; and what it should have been, in their own words."""

    rating: int
    reasons: Sequence[Reason] = ()
    comment: str = ""
    correction: str = ""


def opinion(rating: int, reasons: Sequence[str], comment: str, correction: str) -> Opinion:
    """What somebody said, as an opinion. Raises `InvalidInputError` where it is none, or too long to be kept."""
    if rating not in (1, -1):
        raise InvalidInputError("A rating is 1 for a good answer or -1 for a bad one.")
    known = list(Reason)
    if unknown := [reason for reason in reasons if reason not in known]:
        raise InvalidInputError(f"{unknown[0]!r} is none of the reasons: {', '.join(known)}.")
    comment, correction = _clean(comment), _clean(correction)
    for text, most, name in (
        (comment, LONGEST_COMMENT, "comment"),
        (correction, LONGEST_CORRECTION, "corrected answer"),
    ):
        if len(text) > most:
            raise InvalidInputError(f"The {name} has {len(text):,} characters; at most {most:,} are kept. Shorten it.")
    return Opinion(rating, [reason for reason in known if reason in reasons], comment, correction)


def _clean(text: str) -> str:
    """Without what a database refuses to keep."""
    return text.replace("\x00", "").encode(errors="replace").decode().strip()


def put(session: Session, message_id: UUID, user_id: int, opinion: Opinion) -> None:
    """Keep an opinion in place of the one before. Who looks after bad answers sees it as new; what was done stays."""
    said = {
        "rating": opinion.rating,
        "reasons": [str(reason) for reason in opinion.reasons],
        "comment": opinion.comment,
        "correction": opinion.correction,
        "user_id": user_id,
        "state": TriageState.OPEN,
    }
    made = sa.dialects.postgresql.insert(Feedback).values(message_id=message_id, **said)
    session.execute(made.on_conflict_do_update(index_elements=["message_id"], set_=said | {"updated_at": func.now()}))


def take_back(session: Session, message_id: UUID) -> None:
    """Forget what was thought of an answer."""
    session.execute(delete(Feedback).where(Feedback.message_id == message_id))


def of(session: Session, message_ids: Collection[UUID]) -> Mapping[UUID, Opinion]:
    """The opinions on these answers, by message; what nobody rated is not in it."""
    found = session.scalars(select(Feedback).where(Feedback.message_id.in_(message_ids)))
    return {
        row.message_id: Opinion(row.rating, [Reason(each) for each in row.reasons], row.comment, row.correction)
        for row in found
    }
