"""What documents say, by the names that people know them by."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store.tables import Content, Document, DocumentVersion


def live(session: Session, collection_id: int, names: Sequence[str]) -> dict[str, str]:
    """What documents of a collection say now, by name; those that answer nothing now are left out."""
    rows = session.execute(
        select(Document.name, Content.text)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .join(Content, Content.id == DocumentVersion.content_id)
        .where(Document.collection_id == collection_id, Document.name.in_(names), DocumentVersion.live)
    )
    return dict(rows.all())


def names(session: Session, document_ids: Sequence[int]) -> dict[int, str]:
    """The names of documents, which are not always what they are called."""
    rows = session.execute(select(Document.id, Document.name).where(Document.id.in_(document_ids)))
    return dict(rows.all())
