"""A queue with real workers, and documents for them to read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.curation.parser import Parser
from chat.models.embedder import Embedder
from chat.store.database import Database
from tests.rag.library import Library, make_library


@pytest.fixture(scope="session")
def parser() -> Iterator[Parser]:
    with Parser() as parser:
        yield parser


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    return make_library(database, embedder, parser, home)
