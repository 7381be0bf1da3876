"""What documents take up, and what goes when they go: the arithmetic of a deletion's receipt.

The invariant: the bytes of a version are kept on disk as long as any version refers to them. Whoever hands in a file
and whoever removes files hold `lock_files` meanwhile, so that no file is removed that a version is just being made for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from chat.store import cited
from chat.store.cited import Uses
from chat.store.tables import Collection, Content, Document, DocumentVersion

FILES_LOCK = 0x66696C65


@dataclass(frozen=True)
class Holdings:
    """What is there through some documents alone, and would go with them. `size` is bytes on disk."""

    document_ids: Sequence[int]
    versions: int
    chunks: int
    sizes: dict[str, int]
    """Bytes of each file that no other document refers to, by its sha256."""
    uses: Uses
    """The answers that cite them; these stay."""

    @property
    def documents(self) -> int:
        return len(self.document_ids)

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def of_documents(session: Session, document_ids: Sequence[int]) -> Holdings:
    """What these documents hold; ids that lead to none are passed over."""
    other = aliased(DocumentVersion)
    elsewhere = other.document_id.not_in(document_ids)
    there = session.scalars(select(Document.id).where(Document.id.in_(document_ids))).all()
    theirs = DocumentVersion.document_id.in_(document_ids)
    versions = session.scalars(select(func.count()).select_from(DocumentVersion).where(theirs)).one()
    contents = select(DocumentVersion.content_id).where(
        theirs, ~exists().where(other.content_id == DocumentVersion.content_id, elsewhere)
    )
    chunks = session.scalars(select(func.coalesce(func.sum(Content.chunk_count), 0)).where(Content.id.in_(contents)))
    files = select(DocumentVersion.sha256, DocumentVersion.size).where(
        theirs, ~exists().where(other.sha256 == DocumentVersion.sha256, elsewhere)
    )
    sizes = {row.sha256: row.size for row in session.execute(files)}
    return Holdings(there, versions, int(chunks.one()), sizes, cited.count(session, there))


def of_collection(session: Session, name: str) -> Holdings:
    """What the documents of the collection hold."""
    inside = select(Document.id).join(Collection).where(Collection.name == name)
    return of_documents(session, session.scalars(inside).all())


def unused(session: Session, digests: Sequence[str]) -> list[str]:
    """Those of the digests that no version refers to."""
    used = set(session.scalars(select(DocumentVersion.sha256).where(DocumentVersion.sha256.in_(digests))))
    return [digest for digest in digests if digest not in used]


def lock_files(session: Session, *, to_remove: bool = False) -> None:
    """Until the transaction ends, keep files from being removed or, `to_remove`, from being handed in."""
    lock = func.pg_advisory_xact_lock if to_remove else func.pg_advisory_xact_lock_shared
    session.execute(sa.select(lock(FILES_LOCK)))
