"""Retrieval settings of collections: the revision that is live, and the ones before it. Nothing is ever overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.tables import Chunk, Collection, RetrievalRevision, User


@dataclass(frozen=True)
class Revision:
    """Settings that were live once, or are: who made them live, when, and what they reached."""

    number: int
    settings: Mapping[str, Any]
    scores: Mapping[str, Any]
    note: str
    live: bool
    by: str | None
    created_at: datetime


def in_force(session: Session, collections: Sequence[int]) -> list[Mapping[str, Any]]:
    """The live settings of each of these collections that has anything to find; none where it has no revision."""
    of_collection = sa.and_(RetrievalRevision.collection_id == Collection.id, RetrievalRevision.live)
    rows = session.scalars(
        select(RetrievalRevision.settings)
        .select_from(Collection)
        .outerjoin(RetrievalRevision, of_collection)
        .where(Collection.id.in_(collections))
        .where(exists().where(Chunk.live, Chunk.collection_id == Collection.id))
    )
    return [settings or {} for settings in rows]


def history(session: Session, collection_id: int, most: int = 50) -> list[Revision]:
    """The collection's revisions, the newest first."""
    rows = session.execute(
        select(RetrievalRevision, User.name)
        .outerjoin(User, User.id == RetrievalRevision.user_id)
        .where(RetrievalRevision.collection_id == collection_id)
        .order_by(RetrievalRevision.number.desc())
        .limit(most)
    )
    return [
        Revision(row.number, row.settings, row.scores, row.note, row.live, name, row.created_at) for row, name in rows
    ]


def get(session: Session, collection_id: int, number: int) -> RetrievalRevision:
    """The revision of that number. Raises `NotFoundError`."""
    found = session.scalars(
        select(RetrievalRevision).where(
            RetrievalRevision.collection_id == collection_id, RetrievalRevision.number == number
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError(f"There are no retrieval settings number {number} here. Reload the page to see what is.")
    return found


def make_live(
    session: Session,
    collection_id: int,
    settings: Mapping[str, Any],
    scores: Mapping[str, Any],
    note: str,
    user_id: int | None,
) -> int:
    """Passages of the collection are found with `settings` from now on. Returns the number of the new revision."""
    # Two people at once: the second one's number comes after the first one's.
    session.execute(select(Collection.id).where(Collection.id == collection_id).with_for_update())
    of_collection = RetrievalRevision.collection_id == collection_id
    last = session.scalars(select(func.max(RetrievalRevision.number)).where(of_collection)).one() or 0
    session.execute(update(RetrievalRevision).where(of_collection, RetrievalRevision.live).values(live=False))
    session.add(
        RetrievalRevision(
            collection_id=collection_id,
            number=last + 1,
            settings=dict(settings),
            scores=dict(scores),
            note=note,
            live=True,
            user_id=user_id,
        )
    )
    session.flush()
    return last + 1
