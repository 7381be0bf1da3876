"""Findings of checks that a person accepted, on record: what the check found there may stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chat.store.tables import AcceptedFinding, User


@dataclass(frozen=True)
class Acceptance:
    """Who accepted a finding, when and why. The name is None where the account is gone."""

    reason: str
    person: str | None
    at: datetime


def of_collection(session: Session, collection_id: int) -> Mapping[str, Acceptance]:
    """What was accepted in the collection, by the finding's digest."""
    rows = session.execute(
        select(AcceptedFinding.finding, AcceptedFinding.reason, User.name, AcceptedFinding.created_at)
        .outerjoin(User, User.id == AcceptedFinding.user_id)
        .where(AcceptedFinding.collection_id == collection_id)
    )
    return {finding: Acceptance(reason, name, at) for finding, reason, name, at in rows}


def accept(
    session: Session, collection_id: int, check: str, digests: Sequence[str], reason: str, user_id: int | None
) -> int:
    """Accept these findings of one check. Returns how many had not been accepted before."""
    if not digests:
        return 0
    rows = [
        {"collection_id": collection_id, "check": check, "finding": each, "reason": reason, "user_id": user_id}
        for each in digests
    ]
    added = insert(AcceptedFinding).values(rows).on_conflict_do_nothing().returning(AcceptedFinding.id)
    return len(session.scalars(added).all())


def withdraw(session: Session, collection_id: int, digests: Sequence[str]) -> int:
    """Take acceptances back. Returns how many there were."""
    gone = delete(AcceptedFinding).where(
        AcceptedFinding.collection_id == collection_id, AcceptedFinding.finding.in_(digests)
    )
    return len(session.scalars(gone.returning(AcceptedFinding.id)).all())
