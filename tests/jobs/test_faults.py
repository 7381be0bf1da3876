"""What the database may refuse for a while, and disks that are full: waited out or told in words, never a lost file."""

import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import keep_blob
from chat.errors import AppError, DatabaseError
from tests.ingestion.test_documents import HARBOUR
from tests.jobs.running import run_until, work_for
from tests.rag.library import Library

PASSING = ("53100", "53300", "40P01", "40001", "55P03", "57P01", "25006")
"""Disk full, too many connections, deadlock, serialization, lock timeout, shutdown, read-only standby."""
FAULTY = f"""
    CREATE SEQUENCE faults;
    CREATE FUNCTION fail_first() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE code text := ('{{{",".join(PASSING)}}}'::text[])[nextval('faults')]; BEGIN
        IF code IS NOT NULL THEN RAISE EXCEPTION 'refused' USING ERRCODE = code; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER faulty BEFORE INSERT ON chunks FOR EACH STATEMENT EXECUTE FUNCTION fail_first();
"""


def test_what_the_database_cannot_do_just_now_is_done_later(library: Library) -> None:
    """Each document meets another of the faults, and waits for its next try beside the others."""
    with library.database.engine.begin() as connection:
        connection.execute(sa.text(FAULTY))
    handed_in = [library.submit(f"{code}.md", f"{HARBOUR}\n\nPier {code}.").version_id for code in PASSING]
    run_until(work_for(library), lambda: all(library.state(version).done for version in handed_in))
    assert [library.state(version).status for version in handed_in] == ["ready"] * len(PASSING)
    assert library.scalar("SELECT last_value FROM faults") == 2 * len(PASSING)
    assert library.scalar("SELECT count(DISTINCT content_id) FROM chunks") == len(PASSING)


def test_a_lock_on_the_documents_is_waited_out(library: Library) -> None:
    done = library.submit("harbour.md", HARBOUR)
    reading = threading.Thread(target=library.ingestion.process, args=(done.version_id,))
    with library.database.engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE document_versions IN ACCESS EXCLUSIVE MODE"))
        reading.start()
        time.sleep(0.5)
        assert reading.is_alive()
    reading.join(30)
    assert library.state(done.version_id).status == "ready"


def test_who_holds_a_transaction_open_for_long_does_not_stop_the_queue(library: Library) -> None:
    done = library.submit("harbour.md", HARBOUR)
    with library.database.engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_current_xact_id()"))
        run_until(work_for(library), lambda: library.state(done.version_id).done)
    assert library.state(done.version_id).status == "ready"


def test_a_full_data_folder_is_told_in_words_and_holds_nothing_half(library: Library, home: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    library.incoming.mkdir(exist_ok=True)
    body = b"The gate closes at ten. " * 100
    (library.incoming / "large.txt").write_bytes(body)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(AppError, match=r"There is no room for .* Make room, then add it again\."):
            keep_blob(home, library.incoming / "large.txt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in (home / "blobs").rglob("*") if path.is_file()]
    assert library.scalar("SELECT count(*) FROM documents") == 0
    assert library.state(library.add("large.txt", body).version_id).status == "ready"


def test_a_data_folder_that_cannot_be_written_is_told_in_words(library: Library, home: Path) -> None:
    (home / "blobs").write_text("in the way")
    with pytest.raises(DatabaseError, match=r"cannot be kept in .*blobs"):
        library.submit("harbour.md", HARBOUR)
    assert library.scalar("SELECT count(*) FROM documents") == 0


def test_the_same_file_handed_in_by_eight_at_once_is_one_version(library: Library) -> None:
    with ThreadPoolExecutor(8) as several:
        done = list(several.map(lambda _: library.submit("harbour.md", HARBOUR), range(8)))
    assert len({each.version_id for each in done}) == 1
    assert sum(each.new for each in done) == 1
    assert library.scalar("SELECT count(*) FROM procrastinate_jobs") == 1
