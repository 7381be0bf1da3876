"""Who is signed in, from which browsers. The row is the session: what deletes it ends it, for every process at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from chat.store.tables import SignIn, User
from chat.store.tokens import sha256

UNSEEN = timedelta(days=14)
"""How long one that is not used goes on."""
AT_MOST = timedelta(days=90)
"""How long one goes on that is used every day."""
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """A browser that a person is signed in with."""

    id: int
    user: str
    address: str
    browser: str
    created_at: datetime
    seen_at: datetime


def add(session: Session, user_id: int, token: str, address: str, browser: str) -> SignIn:
    """Begin one."""
    made = SignIn(user_id=user_id, sha256=sha256(token), address=address, browser=browser)
    session.add(made)
    session.flush()
    return made


def account(session: Session, token: str) -> str | None:
    """The name of who is signed in with that token; None where it ended, or the person was disabled."""
    found = session.execute(
        select(SignIn.id, User.name, SignIn.seen_at < func.now() - NOTED_EVERY)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.sha256 == sha256(token), User.disabled_at.is_(None), _alive())
    ).one_or_none()
    if found is None:
        return None
    if found[2]:
        session.execute(update(SignIn).where(SignIn.id == found[0]).values(seen_at=func.now()))
    return str(found[1])


def living(session: Session) -> Sequence[SignedIn]:
    """All there are, last seen first."""
    rows = session.execute(
        select(SignIn.id, User.name, SignIn.address, SignIn.browser, SignIn.created_at, SignIn.seen_at)
        .join(User, User.id == SignIn.user_id)
        .where(User.disabled_at.is_(None), _alive())
        .order_by(SignIn.seen_at.desc())
    )
    return [SignedIn(*row) for row in rows]


def end(session: Session, token: str) -> bool:
    """End one. Returns whether there was one."""
    gone = delete(SignIn).where(SignIn.sha256 == sha256(token)).returning(SignIn.id)
    return session.execute(gone).first() is not None


def end_all(session: Session, user_id: int, but: str | None = None) -> int:
    """End those of a person, `but` that with this token. Returns how many there were."""
    others = [SignIn.sha256 != sha256(but)] if but else []
    gone = delete(SignIn).where(SignIn.user_id == user_id, *others).returning(SignIn.id)
    return len(session.execute(gone).all())


def _alive() -> ColumnElement[bool]:
    return and_(SignIn.seen_at > func.now() - UNSEEN, SignIn.created_at > func.now() - AT_MOST)
