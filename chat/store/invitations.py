"""Links with which people set their password, once."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chat.store.tables import Invitation, User
from chat.store.tokens import sha256

LASTS = timedelta(days=7)


def put(session: Session, user_id: int, token: str) -> None:
    """Invite a person. An earlier invitation of theirs ends."""
    fields = {"sha256": sha256(token), "expires_at": func.now() + LASTS, "created_at": func.now()}
    made = sa.dialects.postgresql.insert(Invitation).values(user_id=user_id, **fields)
    session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=fields))


def invited(session: Session, token: str) -> User | None:
    """Whom the link is for; None where it was used or replaced, is too old, or the person was disabled."""
    return session.scalars(
        select(User)
        .join(Invitation, Invitation.user_id == User.id)
        .where(Invitation.sha256 == sha256(token), Invitation.expires_at > func.now(), User.disabled_at.is_(None))
        .with_for_update()
    ).one_or_none()


def end(session: Session, user_id: int) -> None:
    """End a person's invitation, where there is one."""
    session.execute(delete(Invitation).where(Invitation.user_id == user_id))
