"""The newest migration can be taken back and made again, with what was read twice kept; the schema is as it was."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from chat.store.database import Database
from tests.store.test_schema import ROOT


def test_down_and_up_again_loses_no_content(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    content = "INSERT INTO contents (collection_id, sha256, kind, text, page_starts, complete, superseded) VALUES "
    with database.engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO collections (name) VALUES ('c')"))
        connection.execute(sa.text(f"{content} (1, 'x', 'text', 'old', '[]', true, true)"))
        connection.execute(sa.text(f"{content} (1, 'x', 'text', 'new', '[]', true, false)"))
        connection.commit()
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        command.upgrade(config, "head")
        command.check(config)
        assert connection.scalars(sa.text("SELECT text FROM contents ORDER BY id")).all() == ["old", "new"]
