"""A service over a database of its own, a collection with documents in it, and people with and without rights."""

from collections.abc import Callable
from pathlib import Path

import pytest

from admin.curation.formats.parser import Parser
from admin.service.examples import Examples
from chat.models.embedder import Embedder
from chat.rights import Person
from chat.store import collections, members, users
from chat.store.database import Database
from chat.store.tables import MemberRole, UserRole
from tests.conftest import OWNER
from tests.rag.library import Library, make_library

GATE = "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n"


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    return make_library(database, embedder, parser, home)


@pytest.fixture
def examples(database: Database) -> Examples:
    with database.sessions.begin() as session:
        collections.ensure(session, "default")
    return Examples(database.sessions, person=OWNER)


@pytest.fixture
def person(database: Database) -> Callable[..., Person]:
    """A person with that role in a collection, or with none."""

    def person(name: str, role: MemberRole | None = None, collection: str = "default") -> Person:
        with database.sessions.begin() as session:
            user = users.add(session, name, UserRole.ASKER)
            if role is not None:
                members.put(session, collections.get(session, collection).id, user.id, role)
            return Person(user.id, user.name, UserRole.ASKER)

    return person
