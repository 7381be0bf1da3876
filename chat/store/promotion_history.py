"""What was decided about adapters and what is in effect, for people to see: and whether it is as it was signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from chat.store import promotions, signing
from chat.store.tables import Collection, Promotion, Stage


@dataclass(frozen=True)
class Decided:
    """A decision as the history shows it. `fits`: whether it still is as it was signed."""

    id: int
    collection: str | None
    kind: str
    stage: str
    share: float | None
    adapter: str | None
    digest: str | None
    before: str | None
    reason: str
    overridden: bool
    evidence: Mapping[str, Any]
    person: str
    created_at: datetime
    ended_at: datetime | None
    there: bool
    """Whether its adapter still exists, or it needs none."""
    fits: bool


@dataclass(frozen=True)
class Standing:
    """What is in effect in a collection or, without one, everywhere else.

    `back` is the decision that a rollback returns to; without one, it leaves the place as if nothing was ever decided.
    """

    collection: str | None
    now: Decided | None = None
    trying: Decided | None = None
    back: Decided | None = None


def standing(session: Session, key: bytes, seen: Sequence[int] | None = None) -> list[Standing]:
    """What is in effect everywhere, then in each collection, of those in `seen`, with a decision of its own."""
    found: dict[str | None, Standing] = {None: Standing(None)}
    for row, collection in session.execute(
        select(Promotion, Collection.name)
        .outerjoin(Collection, Collection.id == Promotion.collection_id)
        .where(Promotion.stage != Stage.ENDED, _about(seen))
        .order_by(Collection.name)
    ):
        here, decided = found.get(collection, Standing(collection)), _decided(row, collection, None, key)
        if row.stage == Stage.CANARY:
            found[collection] = replace(here, trying=decided)
        else:
            back = promotions.way_back(session, row.collection_id)
            found[collection] = replace(here, now=decided, back=_decided(back, collection, None, key) if back else None)
    return list(found.values())


def history(session: Session, key: bytes, seen: Sequence[int] | None = None, limit: int | None = None) -> list[Decided]:
    """Decisions, the newest first; with `seen`, those about these collections and about everywhere."""
    earlier = aliased(Promotion)
    rows = session.execute(
        select(Promotion, Collection.name, earlier.adapter)
        .outerjoin(Collection, Collection.id == Promotion.collection_id)
        .outerjoin(earlier, earlier.id == Promotion.before_id)
        .where(_about(seen))
        .order_by(Promotion.id.desc())
        .limit(limit)
    )
    return [_decided(row, collection, before, key) for row, collection, before in rows]


def verify(session: Session, key: bytes) -> list[int]:
    """Ids of the decisions that are not as they were signed, or were signed with another key."""
    rows = session.scalars(select(Promotion).order_by(Promotion.id))
    return [row.id for row in rows if not signing.fits(key, promotions.said(row), row.signature)]


def _about(seen: Sequence[int] | None) -> sa.ColumnElement[bool]:
    """Decisions about everywhere, and about the collections in `seen`; about all without."""
    if seen is None:
        return sa.true()
    return or_(Promotion.collection_id.is_(None), Promotion.collection_id.in_(seen))


def _decided(row: Promotion, collection: str | None, before: str | None, key: bytes) -> Decided:
    columns = [name for name in Decided.__dataclass_fields__ if name not in ("collection", "before", "there", "fits")]
    return Decided(
        **{name: getattr(row, name) for name in columns},
        collection=collection,
        before=before,
        there=promotions.there(row),
        fits=signing.fits(key, promotions.said(row), row.signature),
    )
