"""The keys that programs ask with. Only a key's hash is kept, so that who reads the database has no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.tables import ApiKey, User
from chat.store.tokens import sha256

NOTED_EVERY = timedelta(minutes=10)
"""How exactly it is known when a key was last used: a write for each request would cost more than it tells."""


class Scope(StrEnum):
    """What a key may be used for."""

    ASK = "ask"
    SEARCH = "search"
    EMBED = "embed"


@dataclass(frozen=True)
class KeySummary:
    """One line of the list of keys. `start` is what its owner knows it by; there is no way to the rest."""

    id: int
    user: str
    name: str
    start: str
    scopes: Sequence[str]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    disabled: bool
    """Whether its owner was disabled; the key is dead as long as they are."""


@dataclass(frozen=True)
class Bearer:
    """Whom a living key belongs to, and what for."""

    key_id: int
    user: str
    scopes: Sequence[str]


def add(session: Session, user_id: int, name: str, start: str, secret: str, scopes: Sequence[Scope]) -> ApiKey:
    """Keep the hash of a new key."""
    made = ApiKey(user_id=user_id, name=name, start=start, sha256=sha256(secret), scopes=[*map(str, scopes)])
    session.add(made)
    session.flush()
    return made


def bearer(session: Session, secret: str) -> Bearer | None:
    """Whom a key belongs to; None for one that never was, was revoked, or whose owner is disabled."""
    found = session.execute(
        select(ApiKey.id, User.name, ApiKey.scopes)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.sha256 == sha256(secret), ApiKey.revoked_at.is_(None), User.disabled_at.is_(None))
    ).one_or_none()
    return None if found is None else Bearer(*found)


def note_use(session: Session, key_id: int) -> None:
    """Note that a key was used just now, unless that was noted a short while ago."""
    due = or_(ApiKey.used_at.is_(None), ApiKey.used_at < func.now() - NOTED_EVERY)
    session.execute(update(ApiKey).where(ApiKey.id == key_id, due).values(used_at=func.now()))


def summaries(session: Session, user_id: int | None) -> Sequence[KeySummary]:
    """The keys of one person, or of everybody for None; the newest first."""
    rows = select(
        ApiKey.id,
        User.name,
        ApiKey.name,
        ApiKey.start,
        ApiKey.scopes,
        ApiKey.created_at,
        ApiKey.used_at,
        ApiKey.revoked_at,
        User.disabled_at.is_not(None),
    ).join(User, User.id == ApiKey.user_id)
    if user_id is not None:
        rows = rows.where(ApiKey.user_id == user_id)
    return [KeySummary(*row) for row in session.execute(rows.order_by(ApiKey.id.desc()))]


def revoke(session: Session, key_id: int, user_id: int | None) -> ApiKey:
    """End a key for good; one that had ended stays as it was. `user_id`: whose it has to be, None for anybody's.

    Raises `NotFoundError`.
    """
    found = session.get(ApiKey, key_id, with_for_update=True)
    if found is None or user_id not in (None, found.user_id):
        raise NotFoundError(f"There is no key {key_id}. `python -m admin keys list` shows those there are.")
    found.revoked_at = found.revoked_at or session.scalar(select(func.now()))
    session.flush()
    return found
