"""A body of passages in the database, each one chunk of a single document, put there the way ingestion does it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chat.store import chunks, collections, contents, versions
from chat.store.session import Sessions
from chat.store.tables import Chunk

BETWEEN = "\n\n"


@dataclass(frozen=True)
class Corpus:
    """Where the passages are. Until `publish`, their chunks are stored but not searched."""

    collection_id: int
    content_id: int
    version_id: int
    attempt: int


def prepare(session: Session, name: str, passages: Sequence[str]) -> Corpus:
    """A collection `name` with one document of these passages, whose chunks are still to be written."""
    text = BETWEEN.join(passages)
    collection = collections.ensure(session, name)
    digest = hashlib.sha256(text.encode()).hexdigest()
    queued, _ = versions.add(
        session, collection.id, "passages.txt", "benchmark", sha256=digest, kind="txt", size=len(text)
    )
    version = versions.claim(session, queued.id)
    assert version is not None
    content_id = contents.add(
        session,
        collection.id,
        version,
        text=text,
        title=None,
        page_starts=[],
        language="en",
        chunk_count=len(passages),
    )
    return Corpus(collection.id, content_id, version.id, version.attempt)


def write(session: Session, corpus: Corpus, passages: Sequence[str], vectors: np.ndarray) -> None:
    """Write the chunks. `vectors` is float, (passages, embedding width)."""
    chunks.write(session, corpus.collection_id, corpus.content_id, "en", as_chunks(passages), vectors)


def publish(session: Session, corpus: Corpus) -> None:
    """Make the passages live: from here on they are indexed and searched."""
    assert versions.publish(session, corpus.version_id, corpus.attempt, corpus.content_id)


def install(sessions: Sessions, name: str, passages: Sequence[str], vectors: np.ndarray) -> Corpus:
    """Passages that are live and alone in the tables, vacuumed as autovacuum would leave them a minute later."""
    clear(sessions)
    with sessions.begin() as session:
        corpus = prepare(session, name, passages)
        write(session, corpus, passages, vectors)
        publish(session, corpus)
    settle(sessions)
    return corpus


def settle(sessions: Sessions) -> None:
    """Vacuum the chunks as autovacuum would a minute later."""
    alone(sessions, "VACUUM ANALYZE chunks")


def clear(sessions: Sessions) -> None:
    """Empty the tables, indexes too, so that no benchmark pays for what another left behind."""
    alone(sessions, "TRUNCATE collections CASCADE")


def alone(sessions: Sessions, statement: str) -> None:
    """Run a statement outside a transaction."""
    with sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute(sa.text(statement))


def places(session: Session, corpus: Corpus) -> dict[int, int]:
    """Chunk id to the place of its passage."""
    rows = session.execute(sa.select(Chunk.id, Chunk.ordinal).where(Chunk.content_id == corpus.content_id))
    return {row.id: row.ordinal for row in rows}


def as_chunks(passages: Sequence[str]) -> Iterator[chunks.NewChunk]:
    """The passages as chunks of their joined text."""
    start = 0
    for ordinal, passage in enumerate(passages):
        end = start + len(passage)
        yield chunks.NewChunk(ordinal, start, end, None, "", passage)
        start = end + len(BETWEEN)


def jittered(vectors: np.ndarray, count: int, distance: float = 0.3) -> np.ndarray:
    """`count` vectors of length 1, each about `distance` from one of `vectors`, in turn: (count, width), float32."""
    noise = np.random.default_rng(0).normal(scale=distance / vectors.shape[1] ** 0.5, size=(count, vectors.shape[1]))
    moved = np.resize(vectors, (count, vectors.shape[1])) + noise
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)
