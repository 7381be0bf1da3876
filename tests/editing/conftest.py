"""A library to be edited, over a database and a folder of its own, and an embedder that says what it was given."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from admin.curation.documents.ingesting import Ingestion, Submission
from admin.curation.formats.parser import Parser
from admin.service.editing import Editing
from admin.service.library import Library
from chat.models.embedder import Embedder
from chat.store.database import Database
from tests.conftest import OWNER

Add = Callable[..., Submission]

ISLANDS = """# Ferries

## Pets

Dogs travel free on the open deck of every ship. Cats stay in a carrier in the cabin, and birds are not taken at all.

## Fares

A day ticket costs 12 marks. Children under six travel free with a grown-up, and bicycles cost 3 marks each way.

## Winter

From November to March there is one ship a day, at noon, and none at all while the bay is frozen over.
"""


class CountingEmbedder(Embedder):
    """The bundled embedder; `given` holds every text that it was asked for."""

    given: list[str]

    def encode(self, texts: Sequence[str], *arguments: object, **named: object) -> np.ndarray:
        self.given.extend(texts)
        return super().encode(texts, *arguments, **named)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def counting() -> CountingEmbedder:
    embedder = CountingEmbedder(dtype="float32")
    embedder.given = []
    return embedder


@pytest.fixture
def ingestion(database: Database, home: Path, counting: CountingEmbedder, parser: Parser) -> Ingestion:
    counting.given.clear()
    return Ingestion(database.sessions, counting, parser, home)


@pytest.fixture
def library(database: Database, home: Path) -> Library:
    return Library(database.sessions, home, person=OWNER)


@pytest.fixture
def editing(database: Database, home: Path) -> Editing:
    return Editing(database.sessions, home, person=OWNER)


@pytest.fixture
def add(library: Library, ingestion: Ingestion, tmp_path: Path) -> Add:
    """Upload a text under a name, and have it read at once unless told otherwise."""

    def add(
        name: str = "islands.md", text: str = ISLANDS, *, draft: bool = False, read: bool = True, collection: str = "c"
    ) -> Submission:
        path = tmp_path / "upload"
        path.write_text(text)
        (upload,) = library.upload([(path, name)], collection, draft=draft)
        assert upload.submission is not None
        if read:
            ingestion.process(upload.submission.version_id)
        return upload.submission

    return add
