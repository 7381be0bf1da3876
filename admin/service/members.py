"""Who may read, look after and decide about what. No Gradio, no SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat import rights
from chat.rights import Personal
from chat.store import audit, collections, members, users
from chat.store.members import Member
from chat.store.tables import MemberRole


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
    """The members of the collections that a person owns."""

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
            found = collections.get(session, collection)
            was, found.open = found.open, to_everybody
            audit.note(
                session, self.person.id, self.person.name, "open collection" if to_everybody else "close collection",
                found.name, before={"open": was},
            )  # fmt: skip

    def put(self, collection: str, name: str, role: MemberRole) -> None:
        """Make a person a member, or change what a member may do.

        Raises as `circle` does, and `InvalidInputError` where no owner would be left.
        """
        with self.sessions.begin() as session:
            [collection_id] = rights.owned(session, self.person, collection)
            user = users.get(session, name)
            members.put(session, collection_id, user.id, role)
            after = {"person": user.name, "role": role}
            audit.note(session, self.person.id, self.person.name, "put member", collection, after=after)

    def remove(self, collection: str, name: str) -> None:
        """End a membership. Raises as `put` does."""
        with self.sessions.begin() as session:
            [collection_id] = rights.owned(session, self.person, collection)
            user = users.get(session, name)
            members.remove(session, collection_id, user.id)
            before = {"person": user.name}
            audit.note(session, self.person.id, self.person.name, "remove member", collection, before=before)
