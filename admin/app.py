"""The composition root of admin: the only place that builds its database, models and services."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from admin.curation.addresses import Allowed
from admin.curation.documents import Ingestion
from admin.curation.embedders import Changeover
from admin.curation.fetch import Fetcher
from admin.curation.parser import Parser
from admin.service.bench import Bench
from admin.service.editing import Editing
from admin.service.jobs import Jobs
from admin.service.library import Library
from admin.service.members import Membership
from admin.service.sources import Sources
from chat import rights
from chat.door.headers import secure
from chat.models.embedder import LibraryEmbedder
from chat.models.verifier import Verifier
from chat.rights import Person
from chat.settings import Settings
from chat.store.database import Database, open_database
from chat.store.installation import require_setting

MAX_UPLOAD = "1gb"
"""The most that one file may take of the disk. Far above what is read of one, whose limit is told in words later: what
the browser refuses takes the files that were dropped beside it along."""


@dataclass(frozen=True)
class Parts:
    """What a process of admin is made of. `close` gives everything back."""

    settings: Settings
    database: Database
    ingestion: Ingestion
    changeover: Changeover

    @property
    def owner(self) -> Person:
        """Whom the commands act for: who works on this machine."""
        with self.database.sessions() as session:
            return rights.owner(session)

    @property
    def sources(self) -> Sources:
        """The sources and web pages, with the hosts of this network that the owner allows."""
        fetcher = Fetcher(Allowed.of(self.settings.fetch_private))
        return Sources(self.database.sessions, self.settings.home, fetcher, person=self.owner)

    @property
    def bench(self) -> Bench:
        """The retrieval bench. Its models are loaded when they are first used."""
        verifier = Verifier(self.settings.dtype)
        return Bench(self.database.sessions, self.ingestion.embedder, verifier, person=self.owner)

    def close(self) -> None:
        self.ingestion.parser.close()
        self.database.close()


def assemble(settings: Settings) -> Parts:
    """Build what the admin app, a worker and the commands work with."""
    database = open_database(settings)
    embedder = LibraryEmbedder(database.sessions, settings.embedder, settings.dtype)
    with database.sessions() as session:
        require_setting(session, settings.embedder)
    ingestion = Ingestion(database.sessions, embedder, Parser(), settings.home)
    return Parts(settings, database, ingestion, Changeover(database.sessions, embedder))


def build(parts: Parts) -> FastAPI:
    """The web application: the page and the health check."""
    import gradio as gr

    from admin.ui import shell
    from chat.ui import kit

    sessions, home, owner = parts.database.sessions, parts.settings.home, parts.owner
    library, editing = Library(sessions, home, person=owner), Editing(sessions, home, person=owner)
    bench = Bench(sessions, parts.ingestion.embedder, Verifier(parts.settings.dtype), person=owner)
    membership, work = Membership(sessions, person=owner), Jobs(sessions, person=owner)
    app = FastAPI(title="Apprentice admin", docs_url=None, redoc_url=None)
    app.middleware("http")(secure)

    @app.get("/healthz")
    def health() -> dict[str, Any]:
        queue = library.queue()
        return {"status": "ok", "workers": queue.workers, "waiting": queue.waiting, "running": queue.running}

    gr.mount_gradio_app(
        app,
        shell.build(library, editing, bench, membership, parts.sources, work, parts.settings.chat_port),
        path="/",
        theme=kit.theme(),
        head=shell.head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=MAX_UPLOAD,
    )
    return app
