"""A queue with real workers, and documents for them to read."""

from pathlib import Path

import pytest

from admin.curation.formats.parser import Parser
from chat.models.embedder import Embedder
from chat.store.database import Database
from tests.rag.library import Library, make_library


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    return make_library(database, embedder, parser, home)
