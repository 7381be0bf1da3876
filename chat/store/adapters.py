"""The registry of adapters, and which of them answers."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import NAME, Adapter, Collection, Promotion, Run, Stage, User

RESERVED = ("base", "rag")


@dataclass(frozen=True)
class Named:
    """An adapter as a question names it: what people call it, and what it is."""

    name: str
    digest: str


@dataclass(frozen=True)
class New:
    """An adapter that was checked in full, to be registered. The fields are the table's."""

    name: str
    digest: str
    base: str
    revision: str | None
    rank: int
    bytes: int
    origin: str
    run_id: int | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Use:
    """Where an adapter answers: a collection or, without one, everywhere; as a canary, a share of conversations."""

    collection: str | None
    share: float | None = None


@dataclass(frozen=True)
class Line:
    """One line of the list of adapters."""

    id: int
    name: str
    digest: str
    base: str
    revision: str | None
    rank: int
    bytes: int
    origin: str
    run_id: int | None
    card: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    user_id: int | None
    person: str | None
    created_at: datetime
    retired_at: datetime | None
    uses: Sequence[Use] = ()

    @property
    def serving(self) -> bool:
        """Whether it is what answers, somewhere."""
        return any(use.share is None for use in self.uses)

    @property
    def state(self) -> str:
        """`serving`, `canary`, `retired` or `candidate`."""
        if self.uses:
            return "serving" if self.serving else "canary"
        return "retired" if self.retired_at else "candidate"


def get(session: Session, name: str, seen: Sequence[int] | None = None) -> Adapter:
    """The adapter of that name. Raises `NotFoundError`, which lists those there are.

    `seen` are the ids of the collections whose adapters may be known of; None for all.
    """
    found = session.scalar(select(Adapter).where(Adapter.name == name, _known(seen)))
    if found is None:
        there = ", ".join(session.scalars(select(Adapter.name).where(_known(seen)).order_by(Adapter.name)))
        raise NotFoundError(
            f"There is no adapter {name!r}. There is: {there or 'none yet'}. "
            "`python -m admin adapters list` shows more."
        )
    return found


def by_digest(session: Session, digest: str) -> Adapter | None:
    """The adapter with these bytes, if it is registered."""
    return session.scalar(select(Adapter).where(Adapter.digest == digest))


def named(session: Session, name: str) -> Named:
    """The adapter of that name, to be asked with. Raises `NotFoundError`."""
    found = get(session, name)
    return Named(found.name, found.digest)


def serving(session: Session, collection_id: int | None, conversation_id: UUID | None = None) -> Named | None:
    """The adapter that answers in a collection: its own or, where it has none, the one that serves everywhere.

    `None` for the collection is a question to all of them. A collection may have its own decision to use no adapter.
    With a conversation, the one being tried there answers its share of them, and a conversation stays with what it has.
    """
    return shared(session, [] if collection_id is None else [collection_id], conversation_id)


def shared(session: Session, collections: Sequence[int], conversation_id: UUID | None = None) -> Named | None:
    """The adapter that answers in all of these collections; where they differ, the one that serves everywhere else."""
    rows = session.scalars(select(Promotion).where(Promotion.stage != Stage.ENDED)).all()
    live = {row.collection_id: row for row in rows if row.stage == Stage.LIVE}
    trying = {row.collection_id: row for row in rows if row.stage == Stage.CANARY}

    def answering(place: int | None) -> Named | None:
        here = trying.get(place)
        if here is None or not tries(here, conversation_id):
            here = live.get(place)
        return Named(here.adapter, here.digest) if here and here.adapter and here.digest else None

    def decided(collection_id: int) -> Named | None:
        return answering(collection_id if collection_id in live or collection_id in trying else None)

    agreed = {decided(collection_id) for collection_id in collections}
    return agreed.pop() if len(agreed) == 1 else answering(None)


def tries(canary: Promotion, conversation_id: UUID | None) -> bool:
    """Whether this conversation is one of the canary's share: by a hash, so always the same for one canary."""
    if conversation_id is None or canary.share is None:
        return False
    drawn = hashlib.sha256(f"{canary.id} {conversation_id}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") < canary.share * 2**64


def listed(session: Session, seen: Sequence[int] | None = None, name: str | None = None) -> list[Line]:
    """All adapters, or the one of that name: the newest first. `seen` as for `get`, and for where they answer."""
    rows = session.execute(
        select(Adapter, User.name)
        .outerjoin(User, User.id == Adapter.user_id)
        .where(_known(seen), Adapter.name == name if name is not None else sa.true())
        .order_by(Adapter.id.desc())
    )
    used = _uses(session, seen)
    columns = [column for column in Line.__dataclass_fields__ if column not in ("person", "uses")]
    return [
        Line(**{column: getattr(one, column) for column in columns}, person=person, uses=used.get(one.id, ()))
        for one, person in rows
    ]


def check_name(name: str) -> None:
    """Raise `InvalidInputError` for a name that no adapter can have."""
    if not re.fullmatch(NAME, name) or name in RESERVED:
        raise InvalidInputError(
            f"{name!r} cannot be an adapter's name: use small letters, digits and hyphens, at most 63; "
            "'base' and 'rag' are taken."
        )


def add(session: Session, new: New, user_id: int | None) -> Adapter:
    """Register an adapter. Raises `InvalidInputError` for a name or bytes that are registered already."""
    check_name(new.name)
    values = {**vars(new), "card": dict(new.card), "fingerprint": dict(new.fingerprint), "user_id": user_id}
    insert = sa.dialects.postgresql.insert(Adapter).values(values).on_conflict_do_nothing()
    made: Adapter | None = session.scalar(insert.returning(Adapter))
    if made is not None:
        return made
    if by_digest(session, new.digest) is not None:
        raise InvalidInputError(f"These very bytes, {new.digest[:12]}, are registered already. Nothing was done.")
    raise InvalidInputError(f"There is an adapter called {new.name} already. Choose another name.")


def retire(session: Session, adapter: Adapter) -> None:
    """Offer it no longer. Its bytes stay, and so does the way back to it."""
    adapter.retired_at = session.scalar(select(func.now()))
    session.flush()


def reinstate(session: Session, adapter: Adapter) -> None:
    """Offer it again."""
    adapter.retired_at = None
    session.flush()


def remove(session: Session, adapter: Adapter) -> None:
    """Take an adapter out of the registry. What was ever decided about it stays on record."""
    session.delete(adapter)
    session.flush()


def uses(session: Session, adapter: Adapter) -> Sequence[Use]:
    """Everywhere that it answers now."""
    return _uses(session, None).get(adapter.id, ())


def _known(seen: Sequence[int] | None) -> sa.ColumnElement[bool]:
    """What was learned from a collection is for who may read it; where that is gone, for the owners."""
    if seen is None:
        return sa.true()
    readable_runs = select(Run.id).where(Run.collection_id.in_(seen))
    return or_(Adapter.origin != "training", Adapter.run_id.in_(readable_runs))


def _uses(session: Session, seen: Sequence[int] | None) -> dict[int, list[Use]]:
    """Where each adapter answers, by its id."""
    everything = sa.true() if seen is None else Promotion.collection_id.in_(seen)
    rows = session.execute(
        select(Promotion.adapter_id, Collection.name, Promotion.share)
        .outerjoin(Collection, Collection.id == Promotion.collection_id)
        .where(
            Promotion.stage != Stage.ENDED,
            Promotion.adapter_id.is_not(None),
            or_(Promotion.collection_id.is_(None), everything),
        )
        .order_by(Collection.name.nulls_first())
    )
    found: dict[int, list[Use]] = {}
    for adapter_id, collection, share in rows:
        found.setdefault(adapter_id or 0, []).append(Use(collection, share))
    return found
