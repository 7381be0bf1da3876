"""The way in for people: by name and password or by invitation, and out again.

The invariant: nothing here tells whether a name exists, neither in words nor by how long it takes.
"""

import re
import secrets
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from chat import rights
from chat.door.passwords import Passwords
from chat.door.sign_on import Claims
from chat.errors import NotAllowedError, SignInError, TooManyTriesError
from chat.rights import Person
from chat.store import audit, identities, invitations, sign_in_failures, sign_ins, users
from chat.store.session import Sessions
from chat.store.sign_in_failures import WITHIN, Failures
from chat.store.tables import User, UserRole

MOST = Failures(with_name=50, from_address=50, with_both=10)
"""Failures in a quarter of an hour, beyond which nothing is tried any more. A name is not shut by one address alone."""
LONGEST_NAME = 63
WRONG = "This name and this password do not belong together."
STRANGER = "There is no account for {} here, or it was suspended. An owner of this installation can let you in."
SPENT = "This link was used, was replaced by a newer one, or is too old. Ask who invited you for another one."


@dataclass(frozen=True)
class Origin:
    """Where somebody comes from: the address, and what their browser says of itself."""

    address: str
    browser: str = ""


@dataclass(frozen=True)
class Visitor:
    """Who a request comes from. `asked`: whether they had to say so; where the door stands open, nobody has."""

    account: str | None
    asked: bool = True


@dataclass(frozen=True)
class Entrance:
    """Signs people in and out, and knows who is in."""

    sessions: Sessions
    local: bool
    """Whether only this machine can reach the apps: then, until somebody has an account, the door stands open."""
    passwords: Passwords = field(default_factory=Passwords)

    def visitor(self, token: str | None) -> Visitor:
        """Who shows that token: the owner, where the door stands open, and nobody where it does not fit."""
        with self.sessions.begin() as session:
            if self._open(session):
                return Visitor(users.OWNER, asked=False)
            return Visitor(sign_ins.account(session, token) if token else None)

    def open(self) -> bool:
        """Whether nobody is asked who they are."""
        with self.sessions() as session:
            return self._open(session)

    def person(self, account: str) -> Person:
        """The person of an account. Raises `NotAllowedError`."""
        with self.sessions() as session:
            return rights.account(session, account)

    def looks_after(self, account: str) -> bool:
        """Whether the person of that account has something to do in admin."""
        try:
            with self.sessions() as session:
                return rights.looks_after(session, rights.account(session, account))
        except NotAllowedError:
            return False

    def sign_in(self, name: str, password: str, origin: Origin) -> str:
        """Let somebody in. Returns the token to show from now on.

        Raises `SignInError`, and `TooManyTriesError` where it was tried too often, whatever the password.
        """
        name = name.strip().lower()[:LONGEST_NAME]
        with self.sessions.begin() as session:
            _require_few(sign_in_failures.note(session, name, origin.address))
        with self.sessions() as session:
            user = users.find(session, name)
            kept = None if user is None else user.password
        if not self.passwords.right(password, kept):
            raise SignInError(WRONG)
        with self.sessions.begin() as session:
            sign_in_failures.forget(session, name, origin.address)
            user = users.find(session, name)
            if user is None or user.disabled_at is not None or user.password != kept:
                raise SignInError(WRONG)
            return _admit(session, user, origin)

    def sign_on(self, claims: Claims, origin: Origin, *, joins: bool) -> str:
        """Let in who signed in at the organisation's own sign-on. Returns the token to show from now on.

        The account is the one known by that subject, or else the one whose name is the address that was verified;
        where somebody `joins`, it is made. Raises `SignInError` for who has none, or was disabled.
        """
        with self.sessions.begin() as session:
            user = identities.find(session, claims.issuer, claims.subject) or _joined(session, claims, joins=joins)
            if user is None or user.disabled_at is not None:
                raise SignInError(STRANGER.format(claims.email or "you"))
            return _admit(session, user, origin)

    def sign_out(self, token: str) -> None:
        """End the session of that token, in every process."""
        with self.sessions.begin() as session:
            sign_ins.end(session, token)

    def invited(self, token: str) -> str:
        """The name of whom a link is for. Raises `SignInError` for one that is not good any more."""
        with self.sessions.begin() as session:
            return _invited(session, token).name

    def accept(self, token: str, password: str, origin: Origin) -> str:
        """Set the password of who was invited, and let them in: the link is spent, other sessions of theirs end.

        Raises `SignInError`, and `InvalidInputError` for a bad password.
        """
        kept = self.passwords.hash(password, self.invited(token))
        with self.sessions.begin() as session:
            user = _invited(session, token)
            invitations.end(session, user.id)
            change_password(session, user, kept)
            return _admit(session, user, origin)

    def change_password(self, account: str, before: str, after: str, token: str, origin: Origin) -> None:
        """Change one's own password. Sessions in other browsers end.

        Raises `SignInError` where the one before is wrong, `TooManyTriesError`, `InvalidInputError` for a bad one.
        """
        with self.sessions.begin() as session:
            _require_few(sign_in_failures.note(session, account, origin.address))
        with self.sessions() as session:
            kept = users.get(session, account).password
        if not self.passwords.right(before, kept):
            raise SignInError("That is not your password.")
        new = self.passwords.hash(after, account)
        with self.sessions.begin() as session:
            sign_in_failures.forget(session, account, origin.address)
            me = rights.account(session, account)
            change_password(session, users.get(session, me.name), new, but=token)
            audit.note(session, me.id, me.name, "set password", me.name, origin=origin.address)

    def _open(self, session: Session) -> bool:
        return self.local and not users.signing_in(session)


def change_password(session: Session, user: User, kept: str, but: str | None = None) -> None:
    """Keep the hash of a person's new password. Their sessions end, `but` the one with that token."""
    user.password = kept
    sign_ins.end_all(session, user.id, but)
    session.flush()


def _admit(session: Session, user: User, origin: Origin) -> str:
    token = secrets.token_urlsafe(32)
    sign_ins.add(session, user.id, token, origin.address, origin.browser[:200])
    audit.note(session, user.id, user.name, "sign in", user.name, origin=origin.address)
    return token


def _joined(session: Session, claims: Claims, *, joins: bool) -> User | None:
    """The person of that address, known by their subject from now on; made, where that is allowed."""
    if not claims.email or not re.fullmatch(users.NAME, claims.email):
        return None
    user = users.find(session, claims.email)
    if user is None and joins:
        user = users.add(session, claims.email, UserRole.ASKER)
        users.require_owner_first(session, user)
        audit.note(session, user.id, user.name, "add person", user.name, after={"role": user.role})
    if user is not None and user.disabled_at is None:
        identities.add(session, user.id, claims.issuer, claims.subject, claims.email)
        audit.note(session, user.id, user.name, "join sign-on", user.name, after={"issuer": claims.issuer})
    return user


def _invited(session: Session, token: str) -> User:
    user = invitations.invited(session, token)
    if user is None:
        raise SignInError(SPENT)
    return user


def _require_few(failures: Failures) -> None:
    """Raise `TooManyTriesError`, which counts this try no longer: who waits gets in again."""
    if (
        failures.with_both > MOST.with_both
        or failures.with_name > MOST.with_name
        or failures.from_address > MOST.from_address
    ):
        minutes = WITHIN.total_seconds() / 60
        raise TooManyTriesError(f"This was tried too often. Wait {minutes:.0f} minutes.", WITHIN.total_seconds())
