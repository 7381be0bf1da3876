"""Runs migrations on the connection that `chat.store.schema` hands over, or on `APPRENTICE_DATABASE_URL`."""

import sqlalchemy as sa
from alembic import context

from chat.settings import load_settings
from chat.store.tables import Base


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Whether autogenerate looks at it: procrastinate owns its own tables."""
    return not (kind in ("table", "index") and (name or "").startswith(("procrastinate_", "idx_procrastinate")))


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=ours,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = load_settings().database_url
    if url is None:
        raise SystemExit("Set APPRENTICE_DATABASE_URL: the embedded database migrates itself when an app starts.")
    with sa.create_engine(url).connect() as opened:
        run(opened)
