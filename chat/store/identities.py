"""Who people are to the organisation's own sign-on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store.tables import Identity, User


def find(session: Session, issuer: str, subject: str) -> User | None:
    """The person whom the provider calls that, disabled or not."""
    return session.scalars(
        select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == issuer, Identity.subject == subject)
    ).one_or_none()


def add(session: Session, user_id: int, issuer: str, subject: str, email: str) -> None:
    """Know the person by what the provider calls them from now on."""
    session.add(Identity(user_id=user_id, issuer=issuer, subject=subject, email=email))
    session.flush()
