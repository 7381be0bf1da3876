"""What tests of syncing say in a word."""

from pathlib import Path

import sqlalchemy as sa

from admin.service.sources import NewSource, Sources
from chat.store.database import Database
from chat.store.sources import Sync
from chat.store.tables import SourceKind


def of_folder(sources: Sources, folder: Path, name: str = "papers", collection: str = "default") -> int:
    return sources.add(NewSource(name, SourceKind.FOLDER, str(folder), collection))


def of_urls(sources: Sources, *urls: str) -> int:
    return sources.add(NewSource("pages", SourceKind.URLS, "\n".join(urls)))


def sync(sources: Sources, source_id: int, *, removing: bool = False) -> Sync:
    done = sources.sync_now(source_id, lambda _: None, removing=removing)
    assert done is not None
    return done


def counts(done: Sync) -> dict[str, int]:
    return {change: number for change, number in done.counts.items() if number}


def dry_run(sources: Sources, source_id: int) -> dict[str, str]:
    *_, last = sources.preview(source_id)
    assert last.complete
    return {finding.place: finding.change.value for finding in last.findings}


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def documents(database: Database) -> dict[object, object]:
    """Names of the documents, with the number of their versions."""
    return dict(
        rows(
            database,
            "SELECT name, count(*) FROM documents JOIN document_versions v ON v.document_id = documents.id GROUP BY 1",
        )
    )
