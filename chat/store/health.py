"""What is amiss with documents that are there all the same: facts, for a page of the list at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from chat.store.tables import Chunk, Citation, Content, Document, DocumentVersion, Status

SHORT = 200
"""A document of fewer characters is more likely a mistake than a document."""
QUIET_DAYS = 30
"""A document that has been there for so long, and that no answer cites, is worth a look."""


@dataclass(frozen=True)
class Health:
    """What is amiss with one document. `duplicate_of` is the name of one with the same bytes in its collection."""

    warnings: Sequence[str] = ()
    """What of it could not be read or was left out: sentences."""
    short: bool = False
    duplicate_of: str | None = None
    outdated: bool = False
    disabled: int = 0
    uncited: bool = False


def of_documents(session: Session, document_ids: Sequence[int]) -> Mapping[int, Health]:
    """The health of each of the documents that has a version that answers; the others say what they need themselves."""
    live, newest = aliased(DocumentVersion), aliased(DocumentVersion)
    last = aliased(Chunk)
    rows = session.execute(
        select(
            Document.id,
            Document.collection_id,
            Document.created_at,
            live.sha256,
            Content.id.label("content_id"),
            Content.warnings,
            last.end_char,
            select(newest.status)
            .where(newest.document_id == Document.id)
            .order_by(newest.number.desc())
            .limit(1)
            .scalar_subquery()
            .label("newest"),
        )
        .join(live, sa.and_(live.document_id == Document.id, live.live))
        .join(Content, Content.id == live.content_id)
        .outerjoin(last, sa.and_(last.content_id == Content.id, last.ordinal == Content.chunk_count - 1))
        .where(Document.id.in_(document_ids))
    ).all()
    copies = _copies(session, [row.sha256 for row in rows])
    cited = set(session.scalars(select(Citation.document_id).where(Citation.document_id.in_(document_ids)).distinct()))
    disabled = _disabled(session, [row.content_id for row in rows])
    old = datetime.now(UTC) - timedelta(days=QUIET_DAYS)
    return {
        row.id: Health(
            warnings=row.warnings,
            short=(row.end_char or 0) < SHORT,
            duplicate_of=_other(copies.get((row.collection_id, row.sha256), ()), row.id),
            outdated=row.newest == Status.FAILED,
            disabled=disabled.get(row.content_id, 0),
            uncited=row.id not in cited and row.created_at < old,
        )
        for row in rows
    }


def _copies(session: Session, digests: Sequence[str]) -> Mapping[tuple[int, str], Sequence[tuple[int, str]]]:
    """The documents (id, name) whose live version has these bytes, by collection and digest."""
    rows = session.execute(
        select(Document.collection_id, DocumentVersion.sha256, Document.id, Document.name)
        .join(DocumentVersion)
        .where(DocumentVersion.live, DocumentVersion.sha256.in_(digests))
        .order_by(Document.id)
    )
    found: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for collection_id, sha256, document_id, name in rows:
        found.setdefault((collection_id, sha256), []).append((document_id, name))
    return found


def _other(copies: Sequence[tuple[int, str]], document_id: int) -> str | None:
    return next((name for other, name in copies if other != document_id), None)


def _disabled(session: Session, content_ids: Sequence[int]) -> Mapping[int, int]:
    """How many chunks of each content are disabled."""
    counted = select(Chunk.content_id, func.count()).where(Chunk.content_id.in_(content_ids), Chunk.disabled)
    return {content_id: count for content_id, count in session.execute(counted.group_by(Chunk.content_id))}  # noqa: C416
