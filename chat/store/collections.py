"""Collections: bodies of documents that are asked together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import NAME, Collection, Content, Document, DocumentVersion, MemberRole

RESERVED = ("base", "rag")


@dataclass(frozen=True)
class CollectionSummary:
    """One line of the list of collections."""

    name: str
    documents: int
    greeting: str
    open: bool = True
    role: MemberRole = MemberRole.OWNER
    """What the person who asks may do in it."""


def get(session: Session, name: str, *, among: Sequence[int] | None = None) -> Collection:
    """The collection called `name`, if it is `among` those. Raises `NotFoundError` naming those that there are."""
    there = Collection.id.in_(among) if among is not None else sa.true()
    found = session.execute(select(Collection).where(Collection.name == name, there)).scalar_one_or_none()
    if found is None:
        names = ", ".join(session.scalars(select(Collection.name).where(there).order_by(Collection.name)))
        raise NotFoundError(f"There is no collection {name!r}. There are: {names or 'none yet'}.")
    return found


def name_of(session: Session, collection_id: int) -> str:
    return session.scalars(select(Collection.name).where(Collection.id == collection_id)).one()


def language(session: Session, collection_id: int) -> str | None:
    """The language that most of the collection's live documents are in, as ISO 639-1; None where none is known."""
    return session.scalars(
        select(Content.language)
        .join(DocumentVersion, DocumentVersion.content_id == Content.id)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(Document.collection_id == collection_id, DocumentVersion.live, Content.language.is_not(None))
        .group_by(Content.language)
        .order_by(func.count().desc(), Content.language)
        .limit(1)
    ).first()


def exists(session: Session, name: str) -> bool:
    return session.scalars(select(Collection.id).where(Collection.name == name)).first() is not None


def add(session: Session, name: str) -> Collection:
    """A new collection. Raises `InvalidInputError` for a name that is taken, or that cannot be one."""
    if not _make(session, name):
        raise InvalidInputError(f"The name {name} is taken. Choose another name.")
    return get(session, name)


def ensure(session: Session, name: str, *, greeting: str = "", starters: Sequence[str] = ()) -> Collection:
    """The collection called `name`, made if there was none. Raises `InvalidInputError` for a name that cannot be."""
    _make(session, name, greeting, starters)
    return get(session, name)


def _make(session: Session, name: str, greeting: str = "", starters: Sequence[str] = ()) -> bool:
    """Make the collection; False where there was one of that name."""
    if not re.fullmatch(NAME, name) or name in RESERVED:
        raise InvalidInputError(
            f"{name!r} cannot be a collection's name: use small letters, digits and hyphens, at most 63; "
            "'base' and 'rag' are taken."
        )
    insert = sa.dialects.postgresql.insert(Collection).values(name=name, greeting=greeting, starters=list(starters))
    return session.execute(insert.on_conflict_do_nothing().returning(Collection.id)).first() is not None


def summaries(session: Session, roles: Mapping[int, MemberRole] | None = None) -> list[CollectionSummary]:
    """The collections that somebody has `roles` in, each with the number of its documents, by name."""
    rows = session.execute(
        select(Collection, func.count(Document.id))
        .outerjoin(Document)
        .where(Collection.id.in_(roles) if roles is not None else sa.true())
        .group_by(Collection.id)
        .order_by(Collection.name)
    )
    return [
        CollectionSummary(one.name, count, one.greeting, one.open, (roles or {}).get(one.id, MemberRole.OWNER))
        for one, count in rows
    ]


def remove(session: Session, name: str) -> int:
    """Delete a collection with all that is in it. Returns how many documents went with it."""
    collection = get(session, name)
    count = session.scalars(
        select(func.count()).select_from(Document).where(Document.collection_id == collection.id)
    ).one()
    # First the documents: their versions refer to contents, which go with the collection.
    session.execute(delete(Document).where(Document.collection_id == collection.id))
    session.execute(delete(Collection).where(Collection.id == collection.id))
    return count


def starters(session: Session, collection_ids: Sequence[int], most: int = 4) -> list[str]:
    """Up to `most` questions to begin with, of these collections."""
    rows = session.scalars(select(Collection.starters).where(Collection.id.in_(collection_ids)).order_by(Collection.id))
    return [question for questions in rows for question in questions][:most]
