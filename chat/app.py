"""The composition root of chat: the only place that builds its database, models and service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from chat import rights
from chat.door.headers import secure
from chat.door.keys import Gate, is_loopback
from chat.models.chat import ModelConnection
from chat.models.embedder import LibraryEmbedder
from chat.models.verifier import Verifier
from chat.rag.chain import Chain
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Writer
from chat.service import Assistant
from chat.settings import Settings
from chat.store.database import Database, open_database
from chat.store.installation import require_setting

SWEEP_S = 30


@dataclass(frozen=True)
class Parts:
    """What a process of chat is made of. `close` gives everything back."""

    database: Database
    models: ModelConnection
    assistant: Assistant
    gate: Gate

    def close(self) -> None:
        self.models.close()
        self.database.close()


def assemble(settings: Settings, *, wait_for_model: bool) -> Parts:
    """Build the service. `wait_for_model`: whether a question waits for a model that is still starting."""
    database = open_database(settings)
    embedder = LibraryEmbedder(database.sessions, settings.embedder, settings.dtype)
    with database.sessions() as session:
        require_setting(session, settings.embedder)
        owner = rights.owner(session)
    models = ModelConnection(settings)
    chain = Chain(
        retriever=HybridRetriever(sessions=database.sessions, embedder=embedder, person=owner),
        verifier=Verifier(settings.dtype),
        writer=Writer(models, embedder, wait=wait_for_model),
    )
    gate = Gate(database.sessions, open=is_loopback(settings.host))
    return Parts(database, models, Assistant(database.sessions, chain, person=owner), gate)


def build(parts: Parts) -> FastAPI:
    """The web application: the page, the OpenAI-compatible interface and the health check."""
    import gradio as gr

    from chat.api.routes import router
    from chat.ui import kit, page

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        parts.models.get_soon()
        sweeper = asyncio.create_task(sweep(parts.assistant))
        yield
        sweeper.cancel()

    app = FastAPI(title="Apprentice", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.middleware("http")(secure)
    app.include_router(router(parts.assistant, parts.models, parts.gate))
    gr.mount_gradio_app(
        app,
        page.build(parts.assistant),
        path="/",
        theme=kit.theme(),
        head=kit.head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
    )
    return app


async def sweep(assistant: Assistant) -> None:
    """Seal, again and again, the answers whose process died."""
    while True:
        await asyncio.to_thread(assistant.seal_abandoned)
        await asyncio.sleep(SWEEP_S)
