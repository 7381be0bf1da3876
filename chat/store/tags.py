"""Tags: a curator's own words on documents, to find them by."""

import re
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError
from chat.store.tables import Document

LONGEST = 40
"""Characters of a tag."""
MOST = 20
"""Tags of a document."""


def parse(written: str) -> list[str]:
    """The tags in a text that has commas between them: small letters, single blanks, each once.

    Raises `InvalidInputError` where one is too long or there are too many.
    """
    found = (re.sub(r"[\s\x00]+", " ", tag).strip().lower() for tag in written.split(","))
    tags = [*dict.fromkeys(tag for tag in found if tag)]
    if any(len(tag) > LONGEST for tag in tags):
        raise InvalidInputError(f"A tag has at most {LONGEST} characters. Put commas between several.")
    if len(tags) > MOST:
        raise InvalidInputError(f"A document has at most {MOST} tags.")
    return tags


def wanted(named: Iterable[str]) -> list[str]:
    """The tags that somebody asks by, as they are kept. Raises `InvalidInputError` for what can be none."""
    return parse(",".join(named))


def change(
    session: Session,
    collections: Sequence[int],
    document_ids: Sequence[int],
    *,
    add: Iterable[str],
    drop: Iterable[str],
) -> int:
    """Put tags on those of the documents that are in these collections, and take others off. Returns how many they are.

    Raises `InvalidInputError` where one would have too many.
    """
    add, drop = list(add), list(drop)
    chosen = select(Document).where(Document.id.in_(document_ids), Document.collection_id.in_(collections))
    found = session.scalars(chosen.order_by(Document.id).with_for_update()).all()
    for document in found:
        kept = [tag for tag in document.tags if tag not in drop]
        document.tags = sorted({*kept, *add})
        if len(document.tags) > MOST:
            raise InvalidInputError(f"A document has at most {MOST} tags. Take some off first.")
    session.flush()
    return len(found)


def known(session: Session, collections: Sequence[int], most: int = 50) -> list[tuple[str, int]]:
    """The commonest tags in these collections, and how many documents have each; by name."""
    tag = func.unnest(Document.tags).label("tag")
    each = select(tag).where(Document.collection_id.in_(collections)).subquery()
    counted = select(each.c.tag, func.count().label("documents")).group_by(each.c.tag)
    rows = session.execute(counted.order_by(sa.desc("documents"), each.c.tag).limit(most))
    return sorted((name, count) for name, count in rows)
