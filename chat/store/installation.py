"""Facts about this database as a whole: one row."""

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chat.errors import DatabaseError
from chat.store.tables import Chunk, Installation


def adopt_embedder(session: Session, embedder: str, dimension: int) -> None:
    """Make `embedder` the one whose vectors this database holds; the first that is used decides.

    Vectors of two embedders cannot be compared, so a second one is refused while there are chunks of the first.
    Raises `DatabaseError` naming both.
    """
    row = session.execute(select(Installation).with_for_update()).scalar_one()
    if row.embedder == embedder:
        return
    require_embedder(session, embedder)
    session.execute(sa.text(f"ALTER TABLE chunks ALTER COLUMN embedding TYPE halfvec({int(dimension)})"))
    row.embedder = embedder
    session.flush()


def require_embedder(session: Session, embedder: str) -> None:
    """Raise `DatabaseError` where the chunks here came from another embedder."""
    adopted = session.scalars(select(Installation.embedder)).one()
    if adopted not in (None, embedder) and session.execute(select(Chunk.id).limit(1)).first() is not None:
        raise DatabaseError(
            f"The documents here were embedded with {adopted}, but APPRENTICE_EMBEDDER says {embedder}. "
            "Set it back, or delete the collections and ingest them again."
        )


def take_demo(session: Session) -> bool:
    """Whether the demo has never been loaded here; from now on it counts as loaded, also if it is deleted later."""
    taken = session.execute(
        update(Installation)
        .where(Installation.demo_loaded_at.is_(None))
        .values(demo_loaded_at=func.now())
        .returning(Installation.id)
    )
    return taken.first() is not None
