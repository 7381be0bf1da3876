"""The composition root of admin: the only place that builds its database, models and services."""

from dataclasses import dataclass

from admin.curation.documents import Ingestion
from admin.curation.parser import Parser
from chat.models.embedder import Embedder
from chat.settings import Settings
from chat.store.database import Database, open_database
from chat.store.installation import require_embedder


@dataclass(frozen=True)
class Parts:
    """What a process of admin is made of. `close` gives everything back."""

    settings: Settings
    database: Database
    ingestion: Ingestion

    def close(self) -> None:
        self.ingestion.parser.close()
        self.database.close()


def assemble(settings: Settings) -> Parts:
    """Build what the admin app, a worker and the commands work with."""
    database = open_database(settings)
    embedder = Embedder(settings.embedder, settings.dtype)
    with database.sessions() as session:
        require_embedder(session, embedder.name)
    ingestion = Ingestion(database.sessions, embedder, Parser(), settings.home)
    return Parts(settings, database, ingestion)
