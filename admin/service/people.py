"""The people there are, what each may do in the installation, and how they come in. No Gradio, no SQL."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat import rights
from chat.door.entrance import change_password
from chat.door.passwords import Passwords
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.store import audit, invitations, sign_ins, users
from chat.store.sign_ins import SignedIn
from chat.store.tables import UserRole
from chat.store.users import UserSummary


@dataclass(frozen=True)
class Invited:
    """Who was invited, and the token of their link. It is told this once and never again."""

    name: str
    token: str

    @property
    def path(self) -> str:
        """Where the link leads, on either app."""
        return f"/invitation/{self.token}"


@dataclass(frozen=True)
class People(Personal):
    """The people, for an owner of the installation. Every method raises `NotAllowedError` for anybody else."""

    passwords: Passwords = field(default_factory=Passwords)

    def people(self) -> Sequence[UserSummary]:
        """Everybody there is."""
        with self.sessions() as session:
            rights.ruling(session, self.person)
            return users.summaries(session)

    def signed_in(self) -> Sequence[SignedIn]:
        """The browsers that people are signed in with, last seen first."""
        with self.sessions() as session:
            rights.ruling(session, self.person)
            return sign_ins.living(session)

    def add_person(self, name: str, role: UserRole, password: str | None = None) -> str:
        """A new person. Returns the name as it is kept. Raises `InvalidInputError`."""
        kept = None if password is None else self._hash(name, password)
        with self.sessions.begin() as session:
            me = rights.ruling(session, self.person)
            made = users.add(session, name, role)
            audit.note(session, me.id, me.name, "add person", made.name, after={"role": role})
            if kept is not None:
                users.require_owner_first(session, made)
                change_password(session, made, kept)
            return made.name

    def invite(self, name: str, role: UserRole | None = None) -> Invited:
        """A link with which a person sets a password, once. Who is not there yet is added, as an asker or that role.

        Raises `InvalidInputError`, also for a role of who is there already.
        """
        token = secrets.token_urlsafe(32)
        with self.sessions.begin() as session:
            me = rights.ruling(session, self.person)
            user = users.find(session, name)
            if user is None:
                user = users.add(session, name, role or UserRole.ASKER)
            elif role not in (None, user.role):
                raise InvalidInputError(f"{user.name} is {user.role} already. Change that first.")
            if user.disabled_at is not None:
                raise InvalidInputError(f"{user.name} is suspended. Let them in again first.")
            users.require_owner_first(session, user)
            invitations.put(session, user.id, token)
            audit.note(session, me.id, me.name, "invite person", user.name, after={"role": user.role})
            return Invited(user.name, token)

    def set_password(self, name: str, password: str) -> None:
        """Give a person a password. They are signed out everywhere. Raises `NotFoundError`, `InvalidInputError`."""
        kept = self._hash(name, password)
        with self.sessions.begin() as session:
            me = rights.ruling(session, self.person)
            user = users.get(session, name)
            users.require_owner_first(session, user)
            change_password(session, user, kept)
            invitations.end(session, user.id)
            audit.note(session, me.id, me.name, "set password", user.name)

    def set_role(self, name: str, role: UserRole) -> None:
        """Let a person do more or less. They are signed out everywhere. Raises `NotFoundError`, `InvalidInputError`."""
        with self.sessions.begin() as session:
            me = rights.ruling_over(session, self.person, name)
            before = users.get(session, name).role
            user = users.set_role(session, name, role)
            sign_ins.end_all(session, user.id)
            audit.note(session, me.id, me.name, "change role", user.name, before={"role": before}, after={"role": role})

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """Shut a person out everywhere, or let them in again. Raises `NotFoundError`, `InvalidInputError`."""
        with self.sessions.begin() as session:
            me = rights.ruling_over(session, self.person, name)
            users.set_disabled(session, name, disabled)
            user = users.get(session, name)
            sign_ins.end_all(session, user.id)
            invitations.end(session, user.id)
            audit.note(session, me.id, me.name, "suspend person" if disabled else "restore person", user.name)

    def sign_out(self, name: str) -> int:
        """End a person's sessions in every browser. Returns how many there were. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            me = rights.ruling(session, self.person)
            user = users.get(session, name)
            ended = sign_ins.end_all(session, user.id)
            audit.note(session, me.id, me.name, "sign out person", user.name, before={"sessions": ended})
            return ended

    def _hash(self, name: str, password: str) -> str:
        """The hash, made before a transaction is open: it takes long by design."""
        with self.sessions() as session:
            rights.ruling(session, self.person)
        return self.passwords.hash(password, name.strip().lower())
