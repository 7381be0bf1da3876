"""Source items: what was last seen at each place of a source, and which document was made of it.

Whoever notes or forgets one for a sync holds the source's row; `chat.store.sources` says why.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from chat.store.tables import Document, DocumentVersion, Source, SourceItem, Status


def by_place(session: Session, source_id: int) -> dict[str, SourceItem]:
    """What was last seen there, by place; the rows belong to no session."""
    found = session.scalars(select(SourceItem).where(SourceItem.source_id == source_id)).all()
    for item in found:
        session.expunge(item)
    return {item.place: item for item in found}


def held_by_others(session: Session, collection_id: int, source_id: int | None) -> dict[str, str]:
    """Names of documents that another source of the collection keeps up to date, with that source's name."""
    rows = session.execute(
        select(Document.name, Source.name)
        .join(SourceItem, SourceItem.document_id == Document.id)
        .join(Source, Source.id == SourceItem.source_id)
        .where(Document.collection_id == collection_id, Source.id.is_distinct_from(source_id))
    )
    return {row[0]: row[1] for row in rows}


def record(session: Session, source_id: int, place: str, *, document_id: int | None, **seen: Any) -> None:
    """Remember what is at a place now: `sha256`, `etag`, `modified`. A document once made of it stays its own."""
    row = {"source_id": source_id, "place": place, "document_id": document_id, "seen_at": func.now(), **seen}
    new = insert(SourceItem).values(row)
    kept = func.coalesce(SourceItem.document_id, new.excluded.document_id)
    changed = {name: new.excluded[name] for name in (*seen, "seen_at")}
    session.execute(
        new.on_conflict_do_update(index_elements=["source_id", "place"], set_={**changed, "document_id": kept})
    )


def touch(session: Session, source_id: int, seen: Iterable[tuple[str, str | None, str | None]]) -> None:
    """Remember that these (place, etag, modified) are there, unchanged."""
    rows = [{"in_source": source_id, "at": place, "etag": etag, "modified": modified} for place, etag, modified in seen]
    here = (SourceItem.source_id == sa.bindparam("in_source"), SourceItem.place == sa.bindparam("at"))
    if rows:
        session.connection().execute(sa.update(SourceItem).where(*here).values(seen_at=func.now()), rows)


def forget(session: Session, source_id: int, place: str) -> None:
    """Remember no more what was at that place."""
    session.execute(delete(SourceItem).where(SourceItem.source_id == source_id, SourceItem.place == place))


def made_by(session: Session, source_id: int) -> Sequence[int]:
    """Ids of the documents that this source made, and no other source keeps."""
    other = aliased(SourceItem)
    kept = exists().where(other.document_id == SourceItem.document_id, other.source_id != source_id)
    mine = select(SourceItem.document_id).where(SourceItem.source_id == source_id, SourceItem.document_id.is_not(None))
    return [each for each in session.scalars(mine.where(~kept)) if each is not None]


def in_work(session: Session, source_id: int) -> Sequence[int]:
    """Ids of the versions, of documents at the places of this source, that are not read yet."""
    places = select(SourceItem.place).where(SourceItem.source_id == source_id)
    here = select(Source.collection_id).where(Source.id == source_id).scalar_subquery()
    return session.scalars(
        select(DocumentVersion.id)
        .join(Document)
        .where(
            Document.collection_id == here,
            Document.name.in_(places),
            DocumentVersion.status.in_((Status.QUEUED, Status.PROCESSING)),
        )
    ).all()
