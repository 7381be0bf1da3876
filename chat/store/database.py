"""The database of the settings, opened: embedded or given by URL, migrated, with its sessions."""

from dataclasses import dataclass

import sqlalchemy as sa

from chat.errors import DatabaseError
from chat.settings import Settings
from chat.store.embedded import EmbeddedPostgres
from chat.store.schema import migrate
from chat.store.session import Sessions, make_engine, make_sessions


@dataclass(frozen=True)
class Database:
    """An open database. `close` returns its connections and, where it is embedded, our share in the server."""

    url: str
    engine: sa.Engine
    sessions: Sessions
    embedded: EmbeddedPostgres | None

    @property
    def conninfo(self) -> str:
        """The URL as libpq reads it."""
        return self.url.replace("postgresql+psycopg://", "postgresql://", 1)

    def close(self) -> None:
        self.engine.dispose()
        if self.embedded is not None:
            self.embedded.stop()


def open_database(settings: Settings) -> Database:
    """Start or reach the database and bring it to our schema. Raises `DatabaseError` saying what to mend."""
    embedded = None if settings.database_url else EmbeddedPostgres(settings.home)
    url = settings.database_url or (embedded.start() if embedded else "")
    engine = make_engine(url, revive=embedded.start if embedded else None)
    try:
        migrate(engine)
    except sa.exc.OperationalError as error:
        raise DatabaseError(
            f"The database cannot be reached: {str(error.orig).strip()}\n"
            "Check APPRENTICE_DATABASE_URL, or unset it to use the embedded Postgres."
        ) from None
    return Database(url, engine, make_sessions(engine), embedded)
