"""The vectors of a second embedder, beside those that are searched: built, compared, exchanged with them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from pgvector import HalfVector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.errors import DatabaseError, EmbedderChangedError, NotFoundError
from chat.store import installation
from chat.store.session import raw_connection
from chat.store.tables import Chunk, Content, Installation

INDEX = "ix_chunks_embedding"
BESIDE = "ix_chunks_embedding_beside"
INDEXED = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
ABSENT = "There are no vectors of another embedder. `python -m admin embedder build MODEL` makes them."


@dataclass(frozen=True)
class Standing:
    """Whose vectors are searched, whose stand beside them, and how many of all chunks have those."""

    embedder: str | None
    beside: str | None
    chunks: int
    built: int


@dataclass(frozen=True)
class Text:
    """What of a chunk becomes its vector: it, and where it stands."""

    chunk_id: int
    title: str | None
    section: str
    text: str

    @property
    def embedded(self) -> str:
        where = " › ".join(part for part in (self.title, self.section) if part)
        return f"{where}\n{self.text}" if where else self.text


def standing(session: Session) -> Standing:
    """How far the vectors beside are."""
    counted = select(func.count(), func.count(Chunk.embedding_beside)).select_from(Chunk)
    return Standing(*installation.embedders(session), *session.execute(counted).one())


def begin(session: Session, embedder: str, dimension: int) -> None:
    """Make room for the vectors of `embedder`; what stood beside is given up, unless they were its own already.

    Raises `EmbedderChangedError` where its vectors are those that are searched.
    """
    row = session.execute(select(Installation).with_for_update()).scalar_one()
    if row.embedder == embedder:
        raise EmbedderChangedError(f"The documents are already searched by the vectors of {embedder}.")
    if row.embedder_beside == embedder:
        return
    session.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
    session.execute(
        sa.text(
            f"ALTER TABLE chunks DROP COLUMN embedding_beside, ADD COLUMN embedding_beside halfvec({int(dimension)})"
        )
    )
    session.execute(sa.text("ALTER TABLE chunks ALTER COLUMN embedding_beside SET STORAGE MAIN"))
    row.embedder_beside = embedder
    session.flush()


def forget(session: Session) -> str:
    """Give up the vectors beside. Returns whose they were. Raises `NotFoundError` where there are none."""
    row = session.execute(select(Installation).with_for_update()).scalar_one()
    if row.embedder_beside is None:
        raise NotFoundError(ABSENT)
    forgotten, row.embedder_beside = row.embedder_beside, None
    session.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
    session.execute(sa.text("ALTER TABLE chunks DROP COLUMN embedding_beside, ADD COLUMN embedding_beside halfvec"))
    session.flush()
    return forgotten


def hold(session: Session, embedder: str, beside: str | None) -> None:
    """Until the transaction ends, chunks get vectors of these two. Raises `EmbedderChangedError` if not so.

    Whoever exchanges them waits for the transaction.
    """
    row = session.execute(select(Installation).with_for_update(read=True)).scalar_one()
    if row.embedder != embedder or row.embedder_beside != beside:
        raise EmbedderChangedError(f"The vectors of {embedder} are not wanted any more. Try again.")


def missing(session: Session, limit: int) -> list[Text]:
    """The first `limit` chunks, those that are searched before others, that have no vector beside yet."""
    rows = session.execute(
        select(Chunk.id, Content.title, Chunk.section, Chunk.text)
        .join(Content, Content.id == Chunk.content_id)
        .where(Chunk.embedding_beside.is_(None))
        .order_by(Chunk.live.desc(), Chunk.id)
        .limit(limit)
    )
    return [Text(*row) for row in rows]


def fill(session: Session, embedder: str, chunk_ids: Sequence[int], vectors: np.ndarray) -> None:
    """Give chunks their vectors by `embedder`, float, (chunks, width); those deleted meanwhile are passed over.

    Raises `EmbedderChangedError` where the vectors beside are another's by now.
    """
    beside = session.scalars(select(Installation.embedder_beside).with_for_update(read=True)).one()
    if beside != embedder:
        raise EmbedderChangedError(f"The vectors of {embedder} are not wanted any more: {beside or 'none'} is built.")
    rows = [{"id": i, "embedding_beside": HalfVector(each)} for i, each in zip(chunk_ids, vectors, strict=True)]
    # Not by the ORM's bulk update, which insists that every row is still there.
    raw_connection(session).cursor().executemany(
        "UPDATE chunks SET embedding_beside = %(embedding_beside)s WHERE id = %(id)s", rows
    )


def index(session: Session) -> None:
    """Make the index of the vectors beside, while searching and writing go on. The session must be a fresh one."""
    connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    if connection.execute(INDEXED, {"name": BESIDE}).scalar():
        return
    connection.execute(sa.text(f"DROP INDEX IF EXISTS {BESIDE}"))  # what an interrupted try left is not valid
    connection.execute(
        sa.text(
            f"CREATE INDEX CONCURRENTLY {BESIDE} ON chunks USING hnsw (embedding_beside halfvec_cosine_ops) "
            "WITH (m = 16, ef_construction = 64) WHERE live"
        )
    )


def ready(session: Session) -> bool:
    """Whether every chunk has its vector beside, and those are indexed."""
    return bool(session.execute(INDEXED, {"name": BESIDE}).scalar()) and not missing(session, 1)


def exchange(session: Session) -> bool:
    """Search by the vectors beside from now on, and keep the others in their place. One transaction; no row is touched.

    False, and nothing is done, where a chunk lacks its vector or the index is not there: build first. Who searches
    or writes at this moment is waited for, ten seconds at most. Raises `NotFoundError` where none stand beside.
    """
    session.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
    row = session.execute(select(Installation).with_for_update()).scalar_one()
    if row.embedder_beside is None:
        raise NotFoundError(ABSENT)
    try:
        session.execute(sa.text("LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE"))
    except sa.exc.OperationalError as error:
        raise DatabaseError("Something has used the chunks for ten seconds on end. Try again in a minute.") from error
    if not ready(session):
        return False
    for statement in EXCHANGE:
        session.execute(sa.text(statement))
    row.embedder, row.embedder_beside = row.embedder_beside, row.embedder
    session.flush()
    return True


EXCHANGE = (
    "ALTER TABLE chunks RENAME embedding TO embedding_before",
    "ALTER TABLE chunks RENAME embedding_beside TO embedding",
    "ALTER TABLE chunks RENAME embedding_before TO embedding_beside",
    "ALTER TABLE chunks ALTER embedding SET NOT NULL, ALTER embedding_beside DROP NOT NULL",
    f"ALTER INDEX {INDEX} RENAME TO ix_chunks_embedding_before",
    f"ALTER INDEX {BESIDE} RENAME TO {INDEX}",
    f"ALTER INDEX ix_chunks_embedding_before RENAME TO {BESIDE}",
)
