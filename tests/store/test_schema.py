"""The migrations make exactly the tables that the program knows, once, whoever comes at the same time."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from chat.errors import DatabaseError
from chat.store import schema
from chat.store.database import Database
from chat.store.embedded import EmbeddedPostgres
from chat.store.schema import migrate
from chat.store.session import make_engine
from tests.conftest import control, url_of

ROOT = Path(__file__).parents[2]


def test_migrations_and_tables_agree(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_many_processes_migrate_at_once(server: EmbeddedPostgres) -> None:
    control(server, "CREATE DATABASE empty_one")
    failures: list[Exception] = []

    def run() -> None:
        engine = make_engine(url_of(server, "empty_one"))
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001 - to be seen by the thread that asserts
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    engine = make_engine(url_of(server, "empty_one"))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM installation")) == 1
    engine.dispose()
    control(server, "DROP DATABASE empty_one")


def test_a_database_from_a_newer_program_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer Apprentice"):
        migrate(database.engine)


def test_an_old_pgvector_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "LEAST_PGVECTOR", (99, 0, 0))
    with pytest.raises(DatabaseError, match=r"99\.0\.0 or newer"):
        migrate(database.engine)
