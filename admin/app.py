"""The composition root of admin: the only place that builds its database, models and services."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from admin.curation.bench import Bench
from admin.curation.documents import Ingestion
from admin.curation.parser import Parser
from admin.service.library import Library
from chat.door.headers import secure
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
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


def build(parts: Parts) -> FastAPI:
    """The web application: the page and the health check."""
    import gradio as gr

    from admin.ui import shell
    from chat.ui import kit

    library = Library(parts.database.sessions, parts.settings.home)
    bench = Bench(parts.database.sessions, parts.ingestion.embedder, Verifier(parts.settings.dtype))
    app = FastAPI(title="Apprentice admin", docs_url=None, redoc_url=None)
    app.middleware("http")(secure)

    @app.get("/healthz")
    def health() -> dict[str, Any]:
        queue = library.queue()
        return {"status": "ok", "workers": queue.workers, "waiting": queue.waiting, "running": queue.running}

    gr.mount_gradio_app(
        app,
        shell.build(library, bench, parts.settings.chat_port),
        path="/",
        theme=kit.theme(),
        head=shell.head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
    )
    return app
