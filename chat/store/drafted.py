"""What examples are drafted from, and how a drafting goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.store.tables import FOLDERS, AuditEntry, Collection, Example

SHORTEST = 120
"""Characters of a chunk that there is something to ask about."""

CHUNKS = """
    SELECT chunks.id AS chunk_id, documents.id AS document_id, versions.number AS version, chunks.start_char AS start,
           chunks.section, chunks.text,
           coalesce(contents.title, regexp_replace(documents.name, cast(:folders AS text), '')) AS document
    FROM chunks
    JOIN contents ON contents.id = chunks.content_id
    JOIN document_versions AS versions ON versions.content_id = chunks.content_id AND versions.live
    JOIN documents ON documents.id = versions.document_id
    WHERE chunks.live AND chunks.collection_id = :collection
"""
DRAWN = sa.text(f"""
    SELECT chunk_id, document_id, version, start, section, text, document FROM (
        SELECT *, row_number() OVER (PARTITION BY document_id ORDER BY md5(chunk_id || :batch)) AS turn
        FROM ({CHUNKS}) AS every WHERE length(text) >= :shortest
    ) AS numbered
    ORDER BY turn, md5(document_id || :batch) LIMIT :most
""").bindparams(folders=FOLDERS, shortest=SHORTEST)  # noqa: S608  (of constants)
NEAR = sa.text(f"""
    {CHUNKS} AND documents.id <> :document
    ORDER BY chunks.embedding <=> (SELECT embedding FROM chunks AS from_here WHERE from_here.id = :chunk), chunks.id
    LIMIT :most
""").bindparams(folders=FOLDERS)  # noqa: S608
UNDER_WAY = sa.text("""
    SELECT procrastinate_jobs.id AS job, collections.name,
           args->>'batch' AS batch, cast(args->>'wanted' AS int) AS wanted
    FROM procrastinate_jobs JOIN collections ON collections.id = cast(args->>'collection_id' AS bigint)
    WHERE task_name = :task AND status IN ('todo', 'doing')
      AND cast(args->>'collection_id' AS bigint) = ANY(:collections)
    ORDER BY procrastinate_jobs.id LIMIT 1
""")


@dataclass(frozen=True)
class Chunk:
    """A live chunk. `start` is where it begins in its document's text, in characters."""

    chunk_id: int
    document_id: int
    document: str
    version: int
    start: int
    section: str
    text: str


@dataclass(frozen=True)
class UnderWay:
    """A drafting that waits or runs, and how many examples it has made so far."""

    job_id: int
    collection: str
    wanted: int
    made: int


def draw(session: Session, collection_id: int, batch: str, most: int) -> list[Chunk]:
    """Up to `most` chunks, from every document in turn; the same ones, in the same order, for the same batch."""
    rows = session.execute(DRAWN, {"collection": collection_id, "batch": batch, "most": most})
    return [Chunk(**row._mapping) for row in rows]


def near(session: Session, collection_id: int, chunk: Chunk, most: int) -> list[Chunk]:
    """The chunks of other documents that are nearest to this one in meaning, the nearest first."""
    scope = {"collection": collection_id, "document": chunk.document_id, "chunk": chunk.chunk_id, "most": most}
    return [Chunk(**row._mapping) for row in session.execute(NEAR, scope)]


def keys_of(session: Session, collection_id: int, prefix: str) -> set[str]:
    """The keys of the collection's examples that begin so."""
    found = select(Example.key).where(Example.collection_id == collection_id, Example.key.startswith(prefix))
    return set(session.scalars(found))


def under_way(session: Session, collections: Sequence[int], task: str) -> UnderWay | None:
    """The first drafting that waits or runs for one of these collections."""
    row = session.execute(UNDER_WAY, {"task": task, "collections": list(collections)}).one_or_none()
    if row is None:
        return None
    made = select(func.count(Example.id)).where(Example.key.startswith(f"d-{row.batch}-"))
    return UnderWay(row.job, row.name, row.wanted, session.scalars(made).one())


def last_report(session: Session, collections: Sequence[int], action: str) -> tuple[str, Mapping[str, Any]] | None:
    """What the audit log keeps of the last drafting for one of these collections: its name, and the counts."""
    names = select(Collection.name).where(Collection.id.in_(collections))
    entry = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.action == action, AuditEntry.subject.in_(names))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    return None if entry is None else (entry.subject, entry.after)
