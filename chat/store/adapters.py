"""The registry of adapters, and which of them answers."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.tables import Adapter, Promotion, Stage


@dataclass(frozen=True)
class Named:
    """An adapter as a question names it: what people call it, and what it is."""

    name: str
    digest: str


def get(session: Session, name: str) -> Adapter:
    """The adapter of that name. Raises `NotFoundError`, which lists those there are."""
    found = session.scalar(select(Adapter).where(Adapter.name == name))
    if found is None:
        there = ", ".join(session.scalars(select(Adapter.name).order_by(Adapter.name))) or "none yet"
        raise NotFoundError(
            f"There is no adapter {name!r}. There is: {there}. `python -m admin adapters list` shows more."
        )
    return found


def named(session: Session, name: str) -> Named:
    """The adapter of that name, to be asked with. Raises `NotFoundError`."""
    found = get(session, name)
    return Named(found.name, found.digest)


def serving(session: Session, collection_id: int | None) -> Named | None:
    """The adapter that answers in a collection: its own or, where it has none, the one that serves everywhere.

    `None` for the collection is a question to all of them. A collection may have its own decision to use no adapter.
    """
    live = session.scalars(
        select(Promotion)
        .where(
            Promotion.stage == Stage.LIVE,
            or_(Promotion.collection_id.is_(None), Promotion.collection_id == collection_id),
        )
        .order_by(Promotion.collection_id.nulls_last())
        .limit(1)
    ).one_or_none()
    if live is None or live.digest is None or live.adapter is None:
        return None
    return Named(live.adapter, live.digest)
