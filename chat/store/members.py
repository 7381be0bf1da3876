"""Members of a collection: who may read it, look after its documents, or decide about it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import Collection, CollectionMember, MemberRole, User


@dataclass(frozen=True)
class Member:
    """A person in a collection. A disabled one may do nothing meanwhile."""

    name: str
    role: MemberRole
    disabled: bool


def of_collection(session: Session, collection_id: int) -> Sequence[Member]:
    """The members, by name."""
    rows = session.execute(
        select(User.name, CollectionMember.role, User.disabled_at.is_not(None))
        .join(CollectionMember, CollectionMember.user_id == User.id)
        .where(CollectionMember.collection_id == collection_id)
        .order_by(User.name)
    )
    return [Member(name, MemberRole(role), disabled) for name, role, disabled in rows]


def owners(session: Session, collection_id: int) -> Sequence[str]:
    """Names of the members who own the collection and are not disabled."""
    return [
        member.name
        for member in of_collection(session, collection_id)
        if member.role is MemberRole.OWNER and not member.disabled
    ]


def put(session: Session, collection_id: int, user_id: int, role: MemberRole) -> None:
    """Make a person a member, or change what a member may do. Raises `InvalidInputError` for the last owner."""
    _lock(session, collection_id)
    if role is not MemberRole.OWNER:
        _keep_an_owner(session, collection_id, user_id)
    made = sa.dialects.postgresql.insert(CollectionMember).values(
        collection_id=collection_id, user_id=user_id, role=role
    )
    session.execute(made.on_conflict_do_update(index_elements=["collection_id", "user_id"], set_={"role": role}))


def remove(session: Session, collection_id: int, user_id: int) -> None:
    """End a membership. Raises `InvalidInputError` for the last owner, `NotFoundError` for who is no member."""
    _lock(session, collection_id)
    _keep_an_owner(session, collection_id, user_id)
    gone = session.execute(
        delete(CollectionMember)
        .where(CollectionMember.collection_id == collection_id, CollectionMember.user_id == user_id)
        .returning(CollectionMember.user_id)
    )
    if gone.first() is None:
        raise NotFoundError("This person is not a member (any more).")


def _lock(session: Session, collection_id: int) -> None:
    """Change members one after another: two owners who remove each other at once must not both succeed."""
    session.execute(select(Collection.id).where(Collection.id == collection_id).with_for_update())


def _keep_an_owner(session: Session, collection_id: int, user_id: int) -> None:
    """Raise `InvalidInputError` if this person is the only owner that the collection has."""
    name = session.scalars(select(User.name).where(User.id == user_id)).one()
    if list(owners(session, collection_id)) == [name]:
        raise InvalidInputError(f"{name} is the only owner of this collection. Make somebody else an owner first.")
