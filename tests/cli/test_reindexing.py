"""`documents reindex`: which documents it takes, what it prints, and what it exits with."""

from pathlib import Path

from admin.curation.documents.ingesting import blob_path
from chat.store.database import Database
from tests.cli.conftest import Run


def test_all_are_read_again_and_one_whose_file_is_gone_is_named(
    run: Run, folder: Path, home: Path, database: Database
) -> None:
    run("admin", "ingest", folder)
    again = run("admin", "documents", "reindex", "--all", "--json")
    assert again.status == 0
    assert [(each["version"], each["status"], each["error"]) for each in again.document["documents"]] == [
        (2, "ready", None),
        (2, "ready", None),
    ]
    with database.engine.connect() as connection:
        sha256 = connection.exec_driver_sql("SELECT min(sha256) FROM document_versions").scalar_one()
    blob_path(home, sha256).unlink()
    one_lost = run("admin", "documents", "reindex", "--collection", "default")
    assert one_lost.status == 1
    assert "not in" in one_lost.out
    assert "Add the document again" in one_lost.out
    assert "version 3" in one_lost.out


def test_it_is_said_which_documents_and_in_one_way(run: Run, folder: Path) -> None:
    run("admin", "ingest", folder)
    assert run("admin", "documents", "reindex").status == 2
    assert run("admin", "documents", "reindex", 1, "--all").status == 2
    assert run("admin", "documents", "reindex", 1).status == 0
    nobody = run("admin", "documents", "reindex", 99)
    assert (nobody.status, "no document 99" in nobody.out) == (1, True)
    nowhere = run("admin", "documents", "reindex", "--collection", "nowhere")
    assert (nowhere.status, nowhere.out) == (1, "")
