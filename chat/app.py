"""The composition root of chat: the only place that builds its database, models and service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from chat import rights
from chat.door.account import account
from chat.door.entrance import Entrance
from chat.door.files import hand_out_none
from chat.door.guard import Guard
from chat.door.headers import secure
from chat.door.keys import Gate, is_loopback
from chat.door.pages import Pages
from chat.door.sign_on import Provider
from chat.live import Desk, Live
from chat.models.chat import ModelConnection
from chat.models.embedder import LibraryEmbedder
from chat.models.verifier import Verifier
from chat.rag.chain import Chain
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Writer
from chat.service import Assistant, Talks
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
    entrance: Entrance
    sign_on: Provider | None = None
    """The organisation's own sign-on."""

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
    entrance = Entrance(database.sessions, is_loopback(settings.host))
    assistant = Assistant(database.sessions, chain, person=owner)
    return Parts(database, models, assistant, Gate(database.sessions), entrance, Provider.of(settings))


def build(parts: Parts) -> FastAPI:
    """The web application behind its door: the page, the OpenAI-compatible interface and the health check."""
    import gradio as gr

    from chat.api.routes import router
    from chat.ui import copies, entrance, kit, page

    # Who asks, each request says; a request that did not pass the door finds nobody's services.
    assistant = parts.assistant.for_person(rights.NOBODY)
    desk = Desk(parts.database.conninfo)
    talks = Talks(parts.database.sessions, person=assistant.person)
    app = FastAPI(title="Apprentice", lifespan=partial(_living, parts, desk), docs_url=None, redoc_url=None)
    app.add_middleware(Pages)
    app.add_middleware(Guard, entrance=parts.entrance)
    app.middleware("http")(secure)
    hand_out_none(app)
    app.include_router(router(assistant, parts.models, parts.gate))
    for routes in entrance.routers(parts.entrance, parts.sign_on):
        app.include_router(routes)
    app.include_router(copies.router(assistant, talks))
    gr.mount_gradio_app(
        app,
        page.build(assistant, Live(assistant, desk), talks),
        path="/",
        auth_dependency=account,
        theme=kit.theme(),
        head=kit.head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
    )
    return app


@asynccontextmanager
async def _living(parts: Parts, desk: Desk, _: FastAPI) -> AsyncIterator[None]:
    """What goes on while the application answers, beside the answers themselves."""
    parts.models.get_soon()
    sweeper = asyncio.create_task(sweep(parts.assistant))
    desk.open()
    yield
    sweeper.cancel()
    await asyncio.to_thread(desk.close)


async def sweep(assistant: Assistant) -> None:
    """Seal, again and again, the answers whose process died."""
    while True:
        await asyncio.to_thread(assistant.seal_abandoned)
        await asyncio.sleep(SWEEP_S)
