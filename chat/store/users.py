"""People."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store.tables import User


def owner(session: Session) -> User:
    """The one person there is on the loopback address without accounts."""
    return session.execute(select(User).where(User.name == "owner")).scalar_one()
