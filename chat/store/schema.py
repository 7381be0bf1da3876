"""Brings a database to the schema of this program, and checks that it can carry it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege

from chat.errors import DatabaseError

LOCK = 0x61707072
"""Advisory lock under which one process at a time migrates."""
LEAST_PGVECTOR = (0, 8, 2)
"""0.8.2 closes CVE-2026-3172; iterative scans, which filtered search stands on, came with 0.8.0."""


def migrate(engine: sa.Engine) -> None:
    """Apply the migrations that are missing. Safe to call from many processes at once.

    Raises `DatabaseError` when pgvector is missing or too old, the role may not make what is needed, or the database
    is newer than this program.
    """
    with engine.connect() as connection:
        require_pgvector(connection)
        connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
        connection.commit()
        try:
            upgrade(connection)
        except sa.exc.ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            raise DatabaseError(forbidden(connection, error.orig)) from None
        finally:
            connection.rollback()
            connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
            connection.commit()
    engine.dispose()


def forbidden(connection: sa.Connection, refusal: InsufficientPrivilege) -> str:
    """What an administrator of the server has to type, where our role may not make the tables."""
    connection.rollback()
    role, database = connection.execute(
        sa.text("SELECT quote_ident(current_user), quote_ident(current_database())")
    ).one()
    return (
        f"The role {role} may not prepare the database {database}: {str(refusal).partition(chr(10))[0]}. "
        f"Have an administrator of the server connect to it and type:\n"
        f"CREATE EXTENSION IF NOT EXISTS vector;\nGRANT CREATE ON SCHEMA public TO {role};"
    )


def upgrade(connection: sa.Connection) -> None:
    """Run alembic up to the newest revision, on a connection that holds the lock."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations").replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseError(
            f"The database is at revision {current}, which this program does not know: it was made by a newer "
            "Apprentice. Update the program (git pull && make install), or use another APPRENTICE_HOME or "
            "APPRENTICE_DATABASE_URL."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_pgvector(connection: sa.Connection) -> None:
    """Raise `DatabaseError` unless the server offers a pgvector new enough, and its version is the one installed."""
    found = connection.execute(
        sa.text("SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'vector'")
    ).one_or_none()
    connection.rollback()
    if found is None:
        raise DatabaseError(
            "This Postgres has no pgvector. Install it on the server (on Debian: postgresql-18-pgvector), use an "
            "image such as pgvector/pgvector, or unset APPRENTICE_DATABASE_URL to use the embedded one."
        )
    version = found.installed_version or found.default_version
    if tuple(map(int, version.split("."))) < LEAST_PGVECTOR:
        least = ".".join(map(str, LEAST_PGVECTOR))
        raise DatabaseError(
            f"This Postgres has pgvector {version}; {least} or newer is needed. Update it on the server, "
            "then run: ALTER EXTENSION vector UPDATE"
        )
