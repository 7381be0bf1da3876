"""Who may do what: the one place, asked by both apps.

The invariant: what a person may not read does not exist for that person. It is not found, not counted and not named,
and the words that say so are those for what was never there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from sqlalchemy import and_, case, func, select, true
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.store import adapters, collections, documents, members, users
from chat.store.session import Sessions
from chat.store.tables import Adapter, Collection, CollectionMember, Document, MemberRole, User, UserRole

STRENGTH = {role: strength for strength, role in enumerate(MemberRole)}
MAKES_COLLECTIONS = (UserRole.CURATOR, UserRole.TRAINER, UserRole.APPROVER, UserRole.OWNER)
"""Who may make a collection; its maker owns it."""
TRAINS = (UserRole.TRAINER, UserRole.APPROVER, UserRole.OWNER)
APPROVES = (UserRole.APPROVER, UserRole.OWNER)


@dataclass(frozen=True)
class Person:
    """Who asks. What a person may do is looked up each time, so that what is taken away is gone at once."""

    id: int
    name: str
    role: UserRole


NOBODY = Person(0, "nobody", UserRole.ASKER)
"""Whom pages act for until the door says who asks: there is no such account, so it may nothing."""


@dataclass(frozen=True)
class Personal:
    """A service that acts for one person, whom its maker has to name, and does what that person may do."""

    sessions: Sessions
    person: Person = field(kw_only=True)

    def for_person(self, person: Person) -> Self:
        """The same service for another person."""
        return replace(self, person=person)

    def for_account(self, name: str | None) -> Self:
        """The same service for who signed in under that name; unchanged for None, where there are no accounts.

        Raises `NotAllowedError` where there is no such account, or it was disabled.
        """
        if name is None:
            return self
        with self.sessions() as session:
            return self.for_person(account(session, name))


def account(session: Session, name: str) -> Person:
    """The person whose account has that name. Raises `NotAllowedError` where there is none, or it was disabled."""
    return _admitted(users.find(session, name), name)


def active(session: Session, person: Person) -> Person:
    """The person as the database knows them now. Raises `NotAllowedError` for one who was disabled or is gone."""
    return _admitted(session.get(User, person.id, populate_existing=True), person.name)


def owner(session: Session) -> Person:
    """Who this installation belongs to: the person at its machine, without an account."""
    return _admitted(users.owner(session), "owner")


def _admitted(user: User | None, name: str) -> Person:
    if user is None or user.disabled_at is not None:
        raise NotAllowedError(f"There is no account {name} here, or it was disabled. An owner can let you in.")
    return Person(user.id, user.name, UserRole(user.role))


def roles(session: Session, person: Person) -> dict[int, MemberRole]:
    """What the person may do in each collection that may be read, by its id. The predicate behind all the others.

    An owner of the installation owns every collection; an open one may be read by everybody; who was disabled may
    nothing.
    """
    granted = func.coalesce(
        case((User.role == UserRole.OWNER, MemberRole.OWNER.value)),
        CollectionMember.role,
        case((Collection.open, MemberRole.READER.value)),
    )
    membership = and_(CollectionMember.collection_id == Collection.id, CollectionMember.user_id == User.id)
    rows = session.execute(
        select(Collection.id, granted)
        .select_from(User)
        .join(Collection, true())
        .outerjoin(CollectionMember, membership)
        .where(User.id == person.id, User.disabled_at.is_(None), granted.is_not(None))
        .order_by(Collection.id)
    )
    return {collection_id: MemberRole(role) for collection_id, role in rows}


def readable(session: Session, person: Person, collection: str | None = None) -> Sequence[int]:
    """Ids of the collections that the person may read: the one named, or all. Raises `NotFoundError`."""
    return _with(session, person, MemberRole.READER, collection)


def curated(session: Session, person: Person, collection: str | None = None) -> Sequence[int]:
    """Ids of the collections whose documents the person looks after: the one named, or all.

    Raises `NotFoundError` and, for a collection that may be read but not changed, `NotAllowedError`.
    """
    return _with(session, person, MemberRole.CURATOR, collection)


def owned(session: Session, person: Person, collection: str | None = None) -> Sequence[int]:
    """Ids of the collections that the person decides about: the one named, or all. Raises as `curated` does."""
    return _with(session, person, MemberRole.OWNER, collection)


def overseen(session: Session, person: Person) -> Sequence[int] | None:
    """Ids of the collections whose jobs the person may know of; None for who owns the installation: every job."""
    return None if active(session, person).role == UserRole.OWNER else readable(session, person)


def document(session: Session, person: Person, document_id: int, least: MemberRole = MemberRole.READER) -> Document:
    """The document, for a person who is at least that in its collection.

    Raises `NotFoundError` and, where it may be read but not more, `NotAllowedError`.
    """
    known = roles(session, person)
    found = documents.get(session, document_id)
    if found.collection_id not in known:
        raise documents.missing(document_id)
    _require(session, found.collection_id, known, least)
    return found


def ruling(session: Session, person: Person) -> Person:
    """The person, who owns the installation. Raises `NotAllowedError` for anybody else."""
    if active(session, person).role != UserRole.OWNER:
        raise NotAllowedError("This takes an owner of the installation. Ask one of them.")
    return person


def ruling_over(session: Session, person: Person, name: str) -> Person:
    """The person, who owns the installation, to decide about somebody else: who may lose what only they could undo.

    Raises `NotAllowedError`, and `InvalidInputError` for oneself.
    """
    if name.strip().lower() == ruling(session, person).name:
        raise InvalidInputError("This cannot be done to yourself. Ask another owner of the installation.")
    return person


def looks_after(session: Session, person: Person) -> bool:
    """Whether the person has something to do in admin: by their role here, or as curator or owner of a collection.

    Raises `NotAllowedError` for who was disabled.
    """
    return active(session, person).role in MAKES_COLLECTIONS or bool(curated(session, person))


def training(session: Session, person: Person) -> Person:
    """The person, who may train and bring adapters in. Raises `NotAllowedError` for who may not."""
    if active(session, person).role not in TRAINS:
        raise NotAllowedError("This takes a trainer of this installation. An owner can make you one.")
    return person


def approves(session: Session, person: Person) -> bool:
    """Whether the person decides about adapters wherever they may read. Raises `NotAllowedError` for the disabled."""
    return active(session, person).role in APPROVES


def deciding(session: Session, person: Person, collection: str | None) -> int | None:
    """Id of the collection, for who decides which adapter answers there; None, for all that have none of their own.

    That is who approves or, in a collection, who owns it. Raises `NotFoundError`, `NotAllowedError`.
    """
    if collection is not None:
        [collection_id] = readable(session, person, collection)
        return collection_id if approves(session, person) else owned(session, person, collection)[0]
    if not approves(session, person):
        raise NotAllowedError(
            "Which adapter answers everywhere takes an approver of this installation. An owner can make you one."
        )
    return None


def decided(session: Session, person: Person) -> Sequence[int]:
    """Ids of the collections in which the person decides which adapter answers."""
    return readable(session, person) if approves(session, person) else owned(session, person)


def deciders(session: Session, collection_id: int | None) -> Sequence[int]:
    """Ids of everybody who decides which adapter answers in that collection; without one, everywhere else."""
    named = collections.name_of(session, collection_id) if collection_id is not None else None
    return [
        person.id
        for person in (Person(one.id, one.name, UserRole(one.role)) for one in users.admitted(session))
        if _decides(session, person, named)
    ]


def _decides(session: Session, person: Person, collection: str | None) -> bool:
    try:
        deciding(session, person, collection)
    except (NotAllowedError, NotFoundError):
        return False
    return True


def adapter(session: Session, person: Person, name: str, *, to_change: bool = False) -> Adapter:
    """The adapter, for who may know of it: what was learned from a collection is for who may read that.

    To retire or delete it takes who brought it in, or an approver. Raises `NotFoundError`, `NotAllowedError`.
    """
    found = adapters.get(session, name, overseen(session, person))
    if to_change and found.user_id != person.id and not approves(session, person):
        raise NotAllowedError("This takes who brought the adapter in, or an approver of this installation.")
    return found


def removable(session: Session, person: Person, document_id: int) -> Sequence[int]:
    """The document's id, where the person may delete it; nothing where it is gone already.

    Raises `NotAllowedError` where it may be read but not deleted.
    """
    try:
        return [document(session, person, document_id, MemberRole.CURATOR).id]
    except NotFoundError:
        return []


def place(session: Session, person: Person, name: str) -> Collection:
    """The collection to hand documents in to: one that the person curates or, where the name is free, a new one.

    Raises `NotAllowedError` for who may only read it, and `NotFoundError` for who may not make collections.
    """
    check_place(session, person, name)
    if collections.exists(session, name):
        return collections.get(session, name)
    return found_collection(session, person, name)


def may_place(session: Session, person: Person, name: str) -> bool:
    """Whether the person may hand documents in to that collection."""
    try:
        check_place(session, person, name)
    except (NotAllowedError, NotFoundError):
        return False
    return True


def check_place(session: Session, person: Person, name: str) -> None:
    """Raise what `place` would, and make nothing."""
    if collections.exists(session, name) or not may_make_collections(session, person):
        curated(session, person, name)


def may_make_collections(session: Session, person: Person) -> bool:
    """Whether the person may make a collection. Raises `NotAllowedError` for who was disabled."""
    return active(session, person).role in MAKES_COLLECTIONS


def found_collection(session: Session, person: Person, name: str) -> Collection:
    """Make a collection; the person owns it.

    Raises `NotAllowedError` for who may not make any, `InvalidInputError` for a name that is taken or cannot be.
    """
    if not may_make_collections(session, person):
        raise NotAllowedError("You may not make collections. An owner of this installation can make one for you.")
    made = collections.add(session, name)
    members.put(session, made.id, person.id, MemberRole.OWNER)
    return made


def _with(session: Session, person: Person, least: MemberRole, name: str | None) -> Sequence[int]:
    known = roles(session, person)
    if name is None:
        return [collection_id for collection_id, role in known.items() if STRENGTH[role] >= STRENGTH[least]]
    collection = collections.get(session, name, among=list(known))
    _require(session, collection.id, known, least)
    return [collection.id]


def _require(session: Session, collection_id: int, known: dict[int, MemberRole], least: MemberRole) -> None:
    if STRENGTH[known[collection_id]] < STRENGTH[least]:
        name = collections.name_of(session, collection_id)
        owners = members.owners(session, collection_id)
        raise NotAllowedError(
            f"You are a {known[collection_id]} of {name}; this takes its {least}. "
            f"Ask {', '.join(owners) or 'an owner of this installation'}."
        )
