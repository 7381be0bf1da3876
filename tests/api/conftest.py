"""The routes under a real server, over a small library and a model that says what a test wants it to say."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import openai
import pytest
import uvicorn
from fastapi import FastAPI
from langchain_core.language_models import BaseChatModel

from admin.curation.formats.parser import Parser
from chat.api.routes import router
from chat.door.keys import Gate, Keys
from chat.models.chat import ModelConnection
from chat.models.embedder import Embedder
from chat.service import Assistant
from chat.settings import Settings
from chat.store.database import Database
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, make_library, models

GATE = "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n"
ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."


@pytest.fixture
def library(database: Database, embedder: Embedder, settings: Settings) -> Iterator[Library]:
    with Parser() as parser:
        library = make_library(database, embedder, parser, settings.home)
        library.add("gate.md", GATE)
        yield library


@pytest.fixture
def model() -> Speaker:
    return Speaker(answers=[SAID])


@contextmanager
def serve(library: Library, model: BaseChatModel | ModelConnection | None, *, open_door: bool = True) -> Iterator[str]:
    """The routes over a model, or a way to one; their address."""
    way = model if isinstance(model, ModelConnection) else models(model)
    sessions = library.database.sessions
    app = FastAPI()
    app.include_router(
        router(Assistant(sessions, make_chain(library, way), person=OWNER), way, Gate(sessions, open_door))
    )
    with listening(app) as address:
        yield address


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """A real server on a real port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address(library: Library, model: Speaker) -> Iterator[str]:
    with serve(library, model) as address:
        yield address


@pytest.fixture
def closed_address(library: Library, model: Speaker) -> Iterator[str]:
    """Where the door asks everybody for a key."""
    with serve(library, model, open_door=False) as address:
        yield address


@pytest.fixture
def keys(database: Database) -> Keys:
    """The keys, for the installation's owner."""
    return Keys(database.sessions, person=OWNER)


@contextmanager
def official(address: str, key: str = "none") -> Iterator[openai.OpenAI]:
    """OpenAI's own client."""
    with openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client:
        yield client


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with official(address) as client:
        yield client


def asked(question: str = ASKED) -> list[openai.types.chat.ChatCompletionMessageParam]:
    return [{"role": "user", "content": question}]
