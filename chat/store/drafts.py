"""Drafts, searched as if they were published: what a question would find, were these versions the live ones.

The chunks of the given contents are compared one by one, exactly; they stand in for the live chunks of the documents
that they are drafts of. Every search looks only into the collections that it is given and, where it takes tags, only at
documents that have all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from pgvector import HalfVector
from sqlalchemy.orm import Session

from chat.store import chunks
from chat.store.chunks import ChunkSource, Hit
from chat.store.tables import FOLDERS

READY = sa.text("""
    SELECT versions.content_id
    FROM document_versions AS versions JOIN documents ON documents.id = versions.document_id
    WHERE versions.id = ANY(:versions) AND versions.content_id IS NOT NULL
      AND documents.collection_id = ANY(:collections) AND documents.tags @> cast(:tags AS varchar[])
""")
REPLACED = sa.text("""
    SELECT chunks.id
    FROM document_versions AS drafts
    JOIN document_versions AS live ON live.document_id = drafts.document_id AND live.live
    JOIN chunks ON chunks.content_id = live.content_id
    WHERE drafts.content_id = ANY(:contents) AND drafts.draft AND NOT live.content_id = ANY(:contents)
      AND NOT EXISTS (
          SELECT FROM document_versions AS others
          WHERE others.content_id = live.content_id AND others.live AND others.document_id <> live.document_id
      )
""")
NEAREST = sa.text("""
    SELECT id, embedding <=> cast(:vector AS halfvec) AS distance
    FROM chunks
    WHERE content_id = ANY(:contents) AND collection_id = ANY(:collections) AND NOT disabled AND NOT live
    ORDER BY distance, id LIMIT :depth
""")
SOURCES = sa.text("""
    SELECT chunks.id AS chunk_id, documents.id AS document_id,
           coalesce(contents.title, regexp_replace(documents.name, cast(:folders AS text), '')) AS document,
           holder.id AS version_id, holder.number AS version, page, start_char, end_char, section, chunks.text
    FROM chunks
    JOIN contents ON contents.id = chunks.content_id
    CROSS JOIN LATERAL (
        SELECT * FROM document_versions AS versions
        WHERE versions.content_id = contents.id AND versions.draft ORDER BY versions.id LIMIT 1
    ) AS holder
    JOIN documents ON documents.id = holder.document_id
    WHERE chunks.id = ANY(:ids) AND NOT chunks.live AND chunks.content_id = ANY(:contents)
      AND chunks.collection_id = ANY(:collections)
""").bindparams(folders=FOLDERS)

WAITING = sa.text("""
    SELECT versions.id AS version_id, versions.number, documents.id AS document_id,
           coalesce(contents.title, regexp_replace(documents.name, cast(:folders AS text), '')) AS document
    FROM document_versions AS versions
    JOIN documents ON documents.id = versions.document_id
    JOIN contents ON contents.id = versions.content_id
    WHERE versions.draft AND versions.status = 'ready' AND documents.collection_id = ANY(:collections)
    ORDER BY document, versions.number DESC
""").bindparams(folders=FOLDERS)


@dataclass(frozen=True)
class ReadyDraft:
    """A version that could be published."""

    version_id: int
    number: int
    document_id: int
    document: str


def ready(session: Session, collections: Sequence[int]) -> list[ReadyDraft]:
    """The drafts of these collections that could be published, by document."""
    rows = session.execute(WAITING, {"collections": list(collections)})
    return [ReadyDraft(**row._mapping) for row in rows]


def contents_of(
    session: Session, collections: Sequence[int], version_ids: Sequence[int], tags: Sequence[str] = ()
) -> list[int]:
    """Ids of the contents of those versions that are ready, in these collections and of documents with all these tags:
    what the searches here take.
    """
    scope = {"versions": list(version_ids), "collections": list(collections), "tags": list(tags)}
    return list(session.scalars(READY, scope))


def nearest_in(
    session: Session,
    collections: Sequence[int],
    content_ids: Sequence[int],
    vector: np.ndarray,
    depth: int,
    tags: Sequence[str] = (),
) -> list[Hit]:
    """The `depth` chunks of least cosine distance to `vector`, were the contents live; `score` is the similarity."""
    scope = _scope(collections, content_ids) | {"vector": HalfVector(vector), "depth": depth}
    drafted = [Hit(row.id, 1.0 - row.distance) for row in session.execute(NEAREST, scope)]
    gone = _replaced(session, content_ids)
    live = chunks.nearest(session, collections, vector, depth + len(gone), tags=tags)
    return _best(drafted, live, gone, depth)


def matching_in(
    session: Session,
    collections: Sequence[int],
    content_ids: Sequence[int],
    words: str,
    depth: int,
    tags: Sequence[str] = (),
) -> list[Hit]:
    """The `depth` chunks that share any word with `words`, best text rank first, were the contents live."""
    gone = _replaced(session, content_ids)
    found = chunks.matching(session, collections, words, depth + len(gone), content_ids, tags=tags)
    return _best([], found, gone, depth)


def sources_in(
    session: Session,
    collections: Sequence[int],
    content_ids: Sequence[int],
    chunk_ids: Sequence[int],
    tags: Sequence[str] = (),
) -> list[ChunkSource]:
    """What `chunk_ids`, of the contents or live, say and where they stand, in the order given."""
    rows = session.execute(SOURCES, _scope(collections, content_ids) | {"ids": list(chunk_ids)})
    found = {row.chunk_id: ChunkSource(**row._mapping) for row in rows}
    found |= {source.chunk_id: source for source in chunks.sources(session, collections, chunk_ids, tags=tags)}
    return [found[chunk_id] for chunk_id in chunk_ids if chunk_id in found]


def _scope(collections: Sequence[int], content_ids: Sequence[int]) -> dict[str, object]:
    return {"collections": list(collections), "contents": list(content_ids)}


def _replaced(session: Session, content_ids: Sequence[int]) -> set[int]:
    """Live chunks that nobody would find any more, were the contents live."""
    return set(session.scalars(REPLACED, {"contents": list(content_ids)}))


def _best(drafted: Sequence[Hit], live: Sequence[Hit], gone: set[int], depth: int) -> list[Hit]:
    kept = [hit for hit in live if hit.chunk_id not in gone]
    return sorted([*drafted, *kept], key=lambda hit: (-hit.score, hit.chunk_id))[:depth]
