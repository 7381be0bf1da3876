"""A bench over a small library, and documents read without waiting for a worker."""

from pathlib import Path

import pytest

from admin.curation.formats.parser import Parser
from admin.service.bench import Bench
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.store.database import Database
from tests.conftest import OWNER
from tests.rag.library import Library, make_library

TICKETS = "# Tickets\n\nA return ticket must be used within 21 days of the outward crossing.\n"
DOGS = "# Dogs\n\nDogs travel free of charge on the car deck, and pay half a fare in the saloon.\n"
HARBOUR = "# Harbour\n\nThe harbour gate closes at ten in the evening, and opens again at five.\n"


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    return make_library(database, embedder, parser, home)


@pytest.fixture
def ferries(library: Library) -> Library:
    """Three documents of a collection."""
    for name, text in (("tickets.md", TICKETS), ("dogs.md", DOGS), ("harbour.md", HARBOUR)):
        library.add(name, text, "ferries")
    return library


@pytest.fixture
def bench(library: Library) -> Bench:
    return Bench(library.database.sessions, library.ingestion.embedder, Verifier("float32"), person=OWNER)
