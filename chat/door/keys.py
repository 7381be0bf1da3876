"""API keys: made and shown once, revoked, and asked for at the door."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from fastapi import Request

from chat import rights
from chat.door.account import account
from chat.errors import InvalidInputError, NotAllowedError, WrongKeyError
from chat.rights import Personal
from chat.store import audit, keys, users
from chat.store.keys import KeySummary, Scope
from chat.store.session import Sessions
from chat.store.tables import UserRole

PREFIX = "apprentice-"
"""What every key begins with, so that a search for leaked secrets can find it."""
SHOWN = len(PREFIX) + 4
"""Characters of a key that its owner goes on seeing; 39 random ones remain unseen."""
LONGEST_NAME = 100


@dataclass(frozen=True)
class NewKey:
    """A key just made. `secret` is told this once and never again."""

    id: int
    user: str
    name: str
    scopes: Sequence[Scope]
    secret: str


@dataclass(frozen=True)
class Keys(Personal):
    """A person's own keys; for who owns the installation, everybody's."""

    def add(self, name: str, scopes: Sequence[Scope] = tuple(Scope), user: str | None = None) -> NewKey:
        """Make a key for oneself or, for who owns the installation, for anybody who is let in.

        Raises `InvalidInputError` for a name that says nothing, `NotAllowedError` and `NotFoundError`.
        """
        label = name.replace("\x00", "").strip()
        if not 0 < len(label) <= LONGEST_NAME:
            raise InvalidInputError(f"Give the key a name of up to {LONGEST_NAME} characters: what will it be used by?")
        if not scopes:
            raise InvalidInputError(f"Say what the key is for: {', '.join(Scope)}.")
        secret = PREFIX + secrets.token_urlsafe(32)
        with self.sessions.begin() as session:
            me = rights.active(session, self.person)
            if user is not None and user.strip().lower() != me.name:
                rights.ruling(session, me)
                rights.account(session, users.get(session, user).name)
            keeper = users.get(session, user or me.name)
            made = keys.add(session, keeper.id, label, secret[:SHOWN], secret, scopes)
            after = {"user": keeper.name, "name": label, "scopes": [*scopes]}
            audit.note(session, me.id, me.name, "add key", made.start, after=after)
            return NewKey(made.id, keeper.name, label, scopes, secret)

    def listed(self) -> Sequence[KeySummary]:
        """The keys there are and were, newest first."""
        with self.sessions() as session:
            return keys.summaries(session, _whose(rights.active(session, self.person)))

    def keepers(self) -> Sequence[str]:
        """Names of those whom a key can be made for: oneself or, for who owns the installation, all who are let in."""
        with self.sessions() as session:
            me = rights.active(session, self.person)
            rules = me.role == UserRole.OWNER
            return sorted(each.name for each in users.admitted(session)) if rules else [me.name]

    def revoke(self, key_id: int) -> None:
        """End a key: from now on nobody gets in with it. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            me = rights.active(session, self.person)
            gone = keys.revoke(session, key_id, _whose(me))
            audit.note(session, me.id, me.name, "revoke key", gone.start, before={"name": gone.name})


@dataclass(frozen=True)
class Gate:
    """Lets requests of programs in: by key, by who signed in or, where the door stands open, without either."""

    sessions: Sessions
    open: bool = False
    """Whether a request of nobody is let in. A key that is sent must be good all the same."""

    def admit(self, request: Request, scope: Scope | None) -> str | None:
        """The account that a request comes from, let in for `scope`; None where there are no accounts.

        Raises `WrongKeyError`, and `NotAllowedError` for a key that was made for something else.
        """
        secret, name = sent(request), account(request)
        let_in = self.open or name is not None
        if secret is not None and (secret.startswith(PREFIX) or not let_in):
            return self._bearer(secret, scope)
        if not let_in:
            raise WrongKeyError(
                "A key is asked for here. Send `Authorization: Bearer KEY`; "
                "`python -m admin keys add --user NAME --name LABEL` makes one."
            )
        return name

    def lets_in(self, scope: Scope | None = None) -> Callable[[Request], None]:
        """This gate as a dependency of a route, before which `account` then tells who came in."""

        def let_in(request: Request) -> None:
            request.state.account = self.admit(request, scope)

        return let_in

    def _bearer(self, secret: str, scope: Scope | None) -> str:
        with self.sessions.begin() as session:
            found = keys.bearer(session, secret)
            if found is None:
                raise WrongKeyError("This key is wrong, was revoked, or belongs to somebody who was disabled.")
            if scope is not None and scope not in found.scopes:
                raise NotAllowedError(f"This key is for {', '.join(found.scopes)}, not for {scope}. Make another one.")
            keys.note_use(session, found.key_id)
            return found.user


def sent(request: Request) -> str | None:
    """The key that came along, if any did. One header alone carries it, so that no second way in goes unguarded."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() or None if kind.lower() == "bearer" else None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _whose(person: rights.Person) -> int | None:
    """Whose keys a person sees and ends: None is everybody's."""
    return None if person.role == UserRole.OWNER else person.id
