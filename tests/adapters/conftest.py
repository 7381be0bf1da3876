"""A registry over a database and a folder of its own, and a real engine that hears its adapters: a tiny model."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from admin.service.adapters import Adapters
from chat.engine.loading import LoadedModel
from chat.engine.process import ADAPTERS, Address
from chat.rights import Person
from chat.settings import Settings
from chat.store import adapters, users
from chat.store import collections as store_collections
from chat.store.database import Database
from chat.store.tables import UserRole
from tests.conftest import OWNER
from tests.engine.conftest import KEY, loaded, model_folder, running  # noqa: F401
from tests.engine.conftest import Adapters as Trained
from tests.engine.conftest import adapters as trained  # noqa: F401 - fixtures

REMOTE = "http://127.0.0.1:9/v1"
"""A model of somebody else's: no engine of ours hears what is registered for it."""


@pytest.fixture
def engine(home: Path, loaded: LoadedModel, model_folder: Path) -> Iterator[Settings]:  # noqa: F811
    """Settings whose engine runs in this process, with this HOME's adapters."""
    settings = Settings(home=home, model=str(model_folder), dtype="float32")
    (home / ADAPTERS).mkdir()
    with running(loaded, adapters=home / ADAPTERS) as url:
        Address(url, KEY, os.getpid(), loaded.id, settings.model).write(home)
        yield settings


@pytest.fixture
def heard(database: Database, engine: Settings) -> Adapters:
    """The registry, with an engine."""
    return Adapters(database.sessions, engine, person=OWNER)


@pytest.fixture
def registry(database: Database, home: Path) -> Adapters:
    """The registry of an installation whose model is elsewhere."""
    return Adapters(database.sessions, Settings(home=home, model=REMOTE), person=OWNER)


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:  # noqa: F811
    """A copy of a trained adapter's folder, to spoil."""
    return shutil.copytree(trained.root / trained.names[0], tmp_path / "mine")


@pytest.fixture
def three(registry: Adapters, trained: Trained) -> Adapters:  # noqa: F811
    """The registry with the adapters `one`, `two` and `three`."""
    for name, its in zip(("one", "two", "three"), trained.names, strict=False):
        registry.take_in(trained.root / its, name)
    return registry


@pytest.fixture
def somebody(database: Database) -> Callable[[UserRole], Person]:
    """Makes a person with that role."""

    def make(role: UserRole) -> Person:
        with database.sessions.begin() as session:
            made = users.add(session, f"a-{role}", role)
            return Person(made.id, made.name, role)

    return make


@pytest.fixture
def harbour(three: Adapters) -> str:
    """A collection."""
    with three.sessions.begin() as session:
        return store_collections.ensure(session, "harbour").name


def serving(registry: Adapters, collection: str | None = None) -> str | None:
    """Name of the adapter that answers there, or everywhere."""
    with registry.sessions() as session:
        place = store_collections.get(session, collection).id if collection else None
        found = adapters.serving(session, place)
    return found and found.name
