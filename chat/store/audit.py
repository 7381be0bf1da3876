"""The audit log: who did what, to what, from what to what. It is only ever added to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from chat.store.tables import AuditEntry


def note(
    session: Session,
    user_id: int | None,
    person: str,
    action: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    origin: str = "",
) -> None:
    """Put on record what somebody did, in the transaction that does it: there is not one without the other."""
    session.add(
        AuditEntry(
            user_id=user_id,
            person=person,
            action=action,
            subject=subject,
            before=before or {},
            after=after or {},
            origin=origin,
        )
    )
    session.flush()


def noted(session: Session, action: str, subject: str, within_s: int) -> bool:
    """Whether this was put on record in the last so many seconds."""
    recent = AuditEntry.at > func.now() - timedelta(seconds=within_s)
    same = exists().where(AuditEntry.action == action, AuditEntry.subject == subject, recent)
    return bool(session.scalar(select(same)))


def noted_by(session: Session, action: str, subject: str, within_s: int) -> set[int]:
    """Ids of the people who put this on record in the last so many seconds."""
    recent = AuditEntry.at > func.now() - timedelta(seconds=within_s)
    rows = session.scalars(
        select(AuditEntry.user_id).where(AuditEntry.action == action, AuditEntry.subject == subject, recent)
    )
    return {user_id for user_id in rows if user_id is not None}


def latest(session: Session, limit: int = 100) -> Sequence[AuditEntry]:
    """The entries, newest first."""
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)).all()
