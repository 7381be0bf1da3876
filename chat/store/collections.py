"""Collections: bodies of documents that are asked together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import NAME, Collection, Document

RESERVED = ("base", "rag")


@dataclass(frozen=True)
class CollectionSummary:
    """One line of the list of collections."""

    name: str
    documents: int
    greeting: str


def get(session: Session, name: str) -> Collection:
    """The collection called `name`. Raises `NotFoundError` naming those that there are."""
    found = session.execute(select(Collection).where(Collection.name == name)).scalar_one_or_none()
    if found is None:
        names = ", ".join(session.scalars(select(Collection.name).order_by(Collection.name))) or "none yet"
        raise NotFoundError(f"There is no collection {name!r}. There are: {names}.")
    return found


def ensure(session: Session, name: str, *, greeting: str = "", starters: Sequence[str] = ()) -> Collection:
    """The collection called `name`, made if there was none. Raises `InvalidInputError` for a name that cannot be."""
    if not re.fullmatch(NAME, name) or name in RESERVED:
        raise InvalidInputError(
            f"{name!r} cannot be a collection's name: use small letters, digits and hyphens, at most 63; "
            "'base' and 'rag' are taken."
        )
    insert = sa.dialects.postgresql.insert(Collection).values(name=name, greeting=greeting, starters=list(starters))
    session.execute(insert.on_conflict_do_nothing())
    return get(session, name)


def summaries(session: Session) -> list[CollectionSummary]:
    """Every collection with the number of its documents, by name."""
    rows = session.execute(
        select(Collection.name, func.count(Document.id), Collection.greeting)
        .outerjoin(Document)
        .group_by(Collection.id)
        .order_by(Collection.name)
    )
    return [CollectionSummary(*row) for row in rows]


def remove(session: Session, name: str) -> int:
    """Delete a collection with all that is in it. Returns how many documents went with it."""
    collection = get(session, name)
    count = session.scalars(
        select(func.count()).select_from(Document).where(Document.collection_id == collection.id)
    ).one()
    # First the documents: their versions refer to contents, which go with the collection.
    session.execute(delete(Document).where(Document.collection_id == collection.id))
    session.execute(delete(Collection).where(Collection.id == collection.id))
    return count


def starters(session: Session, collection_ids: Sequence[int], most: int = 4) -> list[str]:
    """Up to `most` questions to begin with, of these collections."""
    rows = session.scalars(select(Collection.starters).where(Collection.id.in_(collection_ids)).order_by(Collection.id))
    return [question for questions in rows for question in questions][:most]
