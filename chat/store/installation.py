"""Facts about this database as a whole: one row."""

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chat.errors import EmbedderChangedError
from chat.store.tables import Chunk, Installation


def adopt_embedder(session: Session, embedder: str, dimension: int) -> None:
    """Make `embedder` the one whose vectors this database holds; the first that is used decides.

    Vectors of two embedders cannot be compared, so a second one is refused while there are chunks of the first.
    Raises `EmbedderChangedError` naming both.
    """
    row = session.execute(select(Installation).with_for_update()).scalar_one()
    if row.embedder == embedder:
        return
    require_embedder(session, embedder)
    session.execute(sa.text(f"ALTER TABLE chunks ALTER COLUMN embedding TYPE halfvec({int(dimension)})"))
    row.embedder = embedder
    session.flush()


def require_embedder(session: Session, embedder: str) -> None:
    """Raise `EmbedderChangedError` where the chunks here are searched by the vectors of another embedder."""
    adopted = session.scalars(select(Installation.embedder)).one()
    if adopted not in (None, embedder) and session.execute(select(Chunk.id).limit(1)).first() is not None:
        raise EmbedderChangedError(
            f"The documents here were embedded with {adopted}, but APPRENTICE_EMBEDDER says {embedder}. "
            f"Unset it; to change over, `python -m admin embedder build {embedder}`, then `embedder cutover`."
        )


def require_setting(session: Session, setting: str) -> None:
    """As `require_embedder`, of what the settings say; `bundled`, which they say unasked, fits every database."""
    if setting != "bundled":
        require_embedder(session, setting)


def hold_embedder(session: Session, embedder: str) -> None:
    """From here to the end of the transaction, chunks are searched by the vectors of `embedder`, or this raises.

    Raises `EmbedderChangedError`.
    """
    session.execute(sa.text("LOCK TABLE chunks IN ACCESS SHARE MODE"))
    require_embedder(session, embedder)


def embedders(session: Session) -> tuple[str | None, str | None]:
    """The embedder whose vectors are searched, and the one whose vectors stand beside them."""
    row = session.execute(select(Installation.embedder, Installation.embedder_beside)).one()
    return row.embedder, row.embedder_beside


def take_demo(session: Session) -> bool:
    """Whether the demo has never been loaded here; from now on it counts as loaded, also if it is deleted later."""
    taken = session.execute(
        update(Installation)
        .where(Installation.demo_loaded_at.is_(None))
        .values(demo_loaded_at=func.now())
        .returning(Installation.id)
    )
    return taken.first() is not None
