"""A library over a database and a folder of its own, and a way to have documents read without waiting for a worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from admin.curation.documents.ingesting import Ingestion
from admin.curation.formats.parser import Parser
from admin.service.bench import Bench
from admin.service.library import Library, Upload
from admin.ui.handlers import Handlers
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.store.database import Database
from tests.conftest import OWNER

Add = Callable[..., Upload]


@pytest.fixture
def ingestion(database: Database, home: Path, embedder: Embedder, parser: Parser) -> Ingestion:
    return Ingestion(database.sessions, embedder, parser, home)


@pytest.fixture
def library(database: Database, home: Path) -> Library:
    return Library(database.sessions, home, person=OWNER)


@pytest.fixture
def handlers(library: Library, ingestion: Ingestion) -> Handlers:
    return Handlers(library, Bench(ingestion.sessions, ingestion.embedder, Verifier("float32"), person=OWNER))


@pytest.fixture
def add(library: Library, ingestion: Ingestion, tmp_path: Path) -> Add:
    """Upload a text under a name, and have it read at once unless told otherwise."""

    def add(name: str, text: str, collection: str = "ferries", *, read: bool = True) -> Upload:
        path = tmp_path / "upload"
        path.write_text(text)
        (upload,) = library.upload([(path, name)], collection)
        if read and upload.submission is not None:
            ingestion.process(upload.submission.version_id)
        return upload

    return add
