"""What tests stand on: a real embedded Postgres, cloned from a migrated template for each test, and no network."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from admin.curation.formats.parser import Parser
from chat.models.embedder import Embedder
from chat.rights import Person
from chat.settings import Settings
from chat.store.database import Database
from chat.store.embedded import EmbeddedPostgres
from chat.store.schema import migrate
from chat.store.session import make_engine, make_sessions
from chat.store.tables import UserRole

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["TOKENIZERS_PARALLELISM"] = "false"

TEMPLATE = "template_apprentice"
CLONES = itertools.count()
OWNER = Person(1, "owner", UserRole.OWNER)
"""Who every migrated database belongs to, and whom a test acts for unless it says otherwise."""


def pytest_runtest_setup() -> None:
    """Forbid every address but this machine's own."""
    import pytest_socket

    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The test run's own Postgres, with a migrated database to clone."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("server"))
    embedded.start()
    control(embedded, f"CREATE DATABASE {TEMPLATE}")
    engine = make_engine(url_of(embedded, TEMPLATE))
    migrate(engine)
    engine.dispose()
    yield embedded
    embedded.stop()


@pytest.fixture
def database(server: EmbeddedPostgres) -> Iterator[Database]:
    """A fresh, migrated database."""
    name = f"test_{next(CLONES)}"
    control(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = url_of(server, name)
    engine = make_engine(url)
    yield Database(url, engine, make_sessions(engine), None)
    engine.dispose()
    control(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder of its own."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(database: Database, home: Path) -> Settings:
    """Settings that point to this test's database and folder."""
    return Settings(home=home, database_url=database.conninfo)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The bundled embedder, loaded once."""
    return Embedder(dtype="float32")


@pytest.fixture(scope="session")
def parser() -> Iterator[Parser]:
    """The child that reads files, started once."""
    with Parser() as parser:
        yield parser


def control(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(host=str(server.sockets), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def url_of(server: EmbeddedPostgres, name: str) -> str:
    return sa.make_url(server.url).set(database=name).render_as_string(hide_password=False)
