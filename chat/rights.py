"""Who may do what: the one place, asked by both apps."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store import collections
from chat.store.tables import Collection


def readable(session: Session, collection: str | None = None) -> Sequence[int]:
    """Ids of the collections that may be read: the one named, or all.

    Raises `NotFoundError` for a name that does not exist. On the loopback address without accounts there is one
    person, the owner, who may read everything.
    """
    if collection is not None:
        return [collections.get(session, collection).id]
    return session.scalars(select(Collection.id).order_by(Collection.id)).all()
