"""Who may read, look after and decide about what, and the people there are. No Gradio, no SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat import rights
from chat.rights import Personal
from chat.store import collections, members, users
from chat.store.members import Member
from chat.store.tables import MemberRole, UserRole
from chat.store.users import UserSummary


@dataclass(frozen=True)
class Circle:
    """Whom a collection is for: everybody may read an open one, else its members alone."""

    collection: str
    open: bool
    members: Sequence[Member]
    others: Sequence[str]
    """Names of the people who could be made members."""


@dataclass(frozen=True)
class Membership(Personal):
    """The members of the collections that a person owns and, for an owner of the installation, the people."""

    def circle(self, collection: str) -> Circle:
        """Whom the collection is for. Raises `NotFoundError` and, for who does not own it, `NotAllowedError`."""
        with self.sessions() as session:
            [collection_id] = rights.owned(session, self.person, collection)
            found = collections.get(session, collection)
            inside = members.of_collection(session, collection_id)
            names = {member.name for member in inside}
            people = [one.name for one in users.summaries(session) if one.disabled_at is None]
            return Circle(found.name, found.open, inside, [name for name in people if name not in names])

    def set_open(self, collection: str, *, to_everybody: bool) -> None:
        """Let everybody read the collection, or its members alone. Raises as `circle` does."""
        with self.sessions.begin() as session:
            rights.owned(session, self.person, collection)
            collections.get(session, collection).open = to_everybody

    def put(self, collection: str, name: str, role: MemberRole) -> None:
        """Make a person a member, or change what a member may do.

        Raises as `circle` does, and `InvalidInputError` where no owner would be left.
        """
        with self.sessions.begin() as session:
            [collection_id] = rights.owned(session, self.person, collection)
            members.put(session, collection_id, users.get(session, name).id, role)

    def remove(self, collection: str, name: str) -> None:
        """End a membership. Raises as `put` does."""
        with self.sessions.begin() as session:
            [collection_id] = rights.owned(session, self.person, collection)
            members.remove(session, collection_id, users.get(session, name).id)

    def people(self) -> Sequence[UserSummary]:
        """Everybody there is. Raises `NotAllowedError` for who does not own the installation."""
        with self.sessions() as session:
            rights.ruling(session, self.person)
            return users.summaries(session)

    def add_person(self, name: str, role: UserRole) -> str:
        """A new person. Returns the name as it is kept. Raises as `people` does, and `InvalidInputError`."""
        with self.sessions.begin() as session:
            rights.ruling(session, self.person)
            return users.add(session, name, role).name

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """Shut a person out, or let them in again. Raises as `people` does, `NotFoundError`, `InvalidInputError`."""
        with self.sessions.begin() as session:
            rights.ruling(session, self.person)
            users.set_disabled(session, name, disabled)
