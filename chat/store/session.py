"""Connections to the database: one engine per process, sessions that the caller opens and commits."""

from collections.abc import Callable
from typing import Any, TypeVar

import pgvector.psycopg
import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from chat.errors import DatabaseError

Sessions = sessionmaker[Session]
T = TypeVar("T")

HNSW = "-c hnsw.ef_search=200 -c hnsw.iterative_scan=relaxed_order"
"""With pgvector's own default of 40, an index scan returns at most 40 rows whatever the LIMIT says."""


def make_engine(url: str, revive: Callable[[], object] | None = None) -> sa.Engine:
    """Engine for `url`. `revive`, where given, starts the database again when a connection is refused."""
    engine = sa.create_engine(
        url,
        pool_size=5,
        max_overflow=15,
        pool_pre_ping=True,
        connect_args={"options": f"{HNSW} -c idle_in_transaction_session_timeout=60000"},
    )

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> psycopg.Connection:
        try:
            return psycopg.connect(**arguments)
        except psycopg.OperationalError:
            if revive is None:
                raise
            try:
                revive()
            except DatabaseError as error:
                raise psycopg.OperationalError(str(error)) from error
            return psycopg.connect(**arguments)

    @sa.event.listens_for(engine, "connect")
    def register(connection: psycopg.Connection, _record: object) -> None:
        if psycopg.types.TypeInfo.fetch(connection, "vector") is not None:
            pgvector.psycopg.register_vector(connection)
        connection.rollback()

    return engine


def make_sessions(engine: sa.Engine) -> Sessions:
    """Factory of sessions. `with sessions.begin() as session:` is the only place that commits."""
    return sessionmaker(engine, expire_on_commit=False)


def once_more(transaction: Callable[[], T]) -> T:
    """What a transaction comes to; done again where its connection broke, as it does when the database is restarted.

    Only for what may be done twice: it may have been kept, and only the word of that been lost.
    """
    try:
        return transaction()
    except sa.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return transaction()


def raw_connection(session: Session) -> psycopg.Connection:
    """The session's own psycopg connection, inside its transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection
