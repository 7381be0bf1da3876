"""People: who has an account, and what each may do in the installation as a whole."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import Identity, User, UserRole

OWNER = "owner"
"""Who works on the machine itself, without an account. The first migration makes this person."""
NAME = r"\w[\w.@+-]{0,62}"


@dataclass(frozen=True)
class UserSummary:
    """One line of the list of people."""

    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    signs_in: bool
    """Whether there is a way to sign in: a password, or the organisation's own sign-on."""


def owner(session: Session, *, to_change: bool = False) -> User:
    """The one person there is on the loopback address without accounts. `to_change` makes others wait."""
    found = select(User).where(User.name == OWNER)
    return session.execute(found.with_for_update() if to_change else found).scalar_one()


def find(session: Session, name: str) -> User | None:
    """The person of that name, disabled or not; capitals make no difference."""
    return session.execute(select(User).where(User.name == name.strip().lower())).scalar_one_or_none()


def get(session: Session, name: str) -> User:
    """The person of that name. Raises `NotFoundError` saying how to make one."""
    found = find(session, name)
    if found is None:
        raise NotFoundError(f"There is nobody called {name!r}. `python -m admin users add {name}` adds them.")
    return found


def summaries(session: Session) -> Sequence[UserSummary]:
    """Everybody, by name."""
    shown = User.name, User.role, User.created_at, User.disabled_at, _signs_in()
    rows = session.execute(select(*shown).order_by(User.name))
    return [UserSummary(*row) for row in rows]


def admitted(session: Session) -> Sequence[User]:
    """Everybody who is not disabled, by id."""
    return session.scalars(select(User).where(User.disabled_at.is_(None)).order_by(User.id)).all()


def add(session: Session, name: str, role: UserRole) -> User:
    """A new person. Raises `InvalidInputError` for a name that is taken, or that cannot be one."""
    name = name.strip().lower()
    if not re.fullmatch(NAME, name):
        raise InvalidInputError(
            f"{name!r} cannot be a person's name here: use letters, digits and . @ + - _, at most 63, and no spaces."
        )
    made = sa.dialects.postgresql.insert(User).values(name=name, role=role)
    if session.execute(made.on_conflict_do_nothing().returning(User.id)).first() is None:
        raise InvalidInputError(f"There is a person called {name} already. Choose another name.")
    return get(session, name)


def signing_in(session: Session, role: UserRole | None = None) -> bool:
    """Whether anybody has a way to sign in, of that role or any. The disabled count: without them all is not open."""
    found = exists().where(_signs_in(), *([User.role == role] if role else []))
    return bool(session.scalar(select(found)))


def require_owner_first(session: Session, user: User) -> None:
    """Raise `InvalidInputError` where this person could sign in before any owner can: nobody else would be let in."""
    if user.role != UserRole.OWNER and not signing_in(session, UserRole.OWNER):
        raise InvalidInputError(
            "From the first account on, everybody is asked to sign in, and no owner could yet. Give one a password "
            f"first: python -m admin users password {OWNER}"
        )


def set_role(session: Session, name: str, role: UserRole) -> User:
    """Let a person do more or less in the installation. Raises as `set_disabled` does."""
    user = _other(session, name, "is owner of the installation, and stays it")
    user.role = role
    session.flush()
    return user


def set_disabled(session: Session, name: str, disabled: bool) -> None:
    """Shut a person out from now on, or let them in again. What they made and said is kept.

    Raises `NotFoundError` and, for the person at the machine itself, `InvalidInputError`.
    """
    user = _other(session, name, "cannot be disabled")
    user.disabled_at = (user.disabled_at or session.scalar(select(func.now()))) if disabled else None
    session.flush()


def _other(session: Session, name: str, but: str) -> User:
    """Anybody but the person at the machine itself. Raises `NotFoundError`, `InvalidInputError`."""
    user = get(session, name)
    if user.name == OWNER:
        raise InvalidInputError(f"{OWNER} is whoever works on this machine, and {but}.")
    return user


def _signs_in() -> ColumnElement[bool]:
    return or_(User.password.is_not(None), exists().where(Identity.user_id == User.id))
