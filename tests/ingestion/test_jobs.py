"""A job and its row exist or do not together; what nobody foresaw is tried again, and then told in words."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from admin import worker
from admin.curation.documents.ingesting import Ingestion
from chat.models.embedder import Embedder
from chat.store import documents, holdings, jobs, versions
from chat.store.tables import Status
from tests.ingestion.test_documents import HARBOUR, NEW_HARBOUR, found
from tests.rag.library import Library

JOBS = "SELECT count(*) FROM procrastinate_jobs"


class Unlucky(Embedder):
    """Breaks `times` times in a way that nobody foresaw."""

    def __init__(self, embedder: Embedder, times: int) -> None:
        self._embedder = embedder
        self.left = times
        self.calls = 0

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += 1
        if self.left > 0:
            self.left -= 1
            raise RuntimeError("the chip melted\nand dripped")
        return self._embedder.encode(texts)


def with_embedder(library: Library, embedder: Embedder) -> Ingestion:
    return Ingestion(library.database.sessions, embedder, library.ingestion.parser, library.ingestion.home)


def work(library: Library, ingestion: Ingestion, version_id: int) -> None:
    """Run a real worker until the version is done."""

    async def done() -> bool:
        return await asyncio.to_thread(lambda: library.state(version_id).done)

    asyncio.run(asyncio.wait_for(worker.run(worker.make_app(library.database.conninfo, ingestion), done), 60))


def test_a_job_is_queued_in_the_caller_s_transaction(library: Library) -> None:
    with library.database.sessions() as session:
        jobs.enqueue(session, "ingest", version_id=1)
        assert jobs.state(session).waiting == 1
        session.rollback()
    assert library.scalar(JOBS) == 0
    with library.database.sessions.begin() as session:
        jobs.enqueue(session, "ingest", version_id=1)
    assert library.scalar(JOBS) == 1


def test_a_worker_takes_documents_from_queued_to_ready(library: Library) -> None:
    first = library.submit("harbour.md", HARBOUR)
    twin = library.submit("twin.md", HARBOUR)
    work(library, library.ingestion, twin.version_id)
    assert library.state(first.version_id).status == library.state(twin.version_id).status == Status.READY
    assert library.scalar("SELECT count(*) FROM contents") == 1
    assert library.scalar("SELECT count(*) FROM procrastinate_workers") == 0, "a worker that ended signs off"


def test_what_passes_is_tried_again(library: Library) -> None:
    done = library.submit("harbour.md", HARBOUR)
    work(library, with_embedder(library, Unlucky(library.ingestion.embedder, 1)), done.version_id)
    assert (library.state(done.version_id).status, library.scalar("SELECT count(*) FROM contents")) == ("ready", 1)


def test_what_does_not_pass_fails_in_words_after_some_tries(library: Library) -> None:
    library.add("harbour.md", HARBOUR)
    done = library.submit("harbour.md", NEW_HARBOUR)
    unlucky = Unlucky(library.ingestion.embedder, 99)
    work(library, with_embedder(library, unlucky), done.version_id)
    state = library.state(done.version_id)
    assert (state.status, unlucky.calls) == (Status.FAILED, worker.TRIES)
    assert state.error == "Something went wrong that should not have: RuntimeError: the chip melted"
    assert found(library, "gate barrier") == [HARBOUR.strip()]
    assert library.scalar("SELECT status FROM procrastinate_jobs ORDER BY id DESC LIMIT 1") == "failed"


def test_what_kills_every_worker_is_given_up(library: Library) -> None:
    done = library.submit("poison.md", HARBOUR)
    for _ in range(versions.MOST_DEATHS):
        with library.database.sessions.begin() as session:
            assert versions.claim(session, done.version_id) is not None, "a worker takes it, and dies"
    library.ingestion.process(done.version_id)
    state = library.state(done.version_id)
    assert state.status == Status.FAILED
    assert "ended the worker 5 times" in (state.error or "")
    assert library.scalar("SELECT count(*) FROM contents") == 0


def test_of_two_tries_at_once_the_latest_counts(library: Library) -> None:
    """The first worker is thought dead, but only slow: while it embeds, another takes its job and finishes it."""
    done = library.submit("harbour.md", HARBOUR)

    class Slow(Unlucky):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            library.ingestion.process(done.version_id)
            return super().encode(texts)

    with_embedder(library, Slow(library.ingestion.embedder, 0)).process(done.version_id)
    assert library.state(done.version_id).status == Status.READY
    assert library.scalar("SELECT attempt FROM document_versions") == 2
    assert (library.scalar("SELECT count(*) FROM contents"), library.scalar("SELECT count(*) FROM chunks")) == (1, 1)


def test_no_file_is_handed_in_while_files_are_removed(library: Library) -> None:
    """Otherwise the bytes of a version that is just being made could be taken for unused ones."""
    submitting = threading.Thread(target=library.submit, args=("harbour.md", HARBOUR))
    with library.database.sessions.begin() as session:
        holdings.lock_files(session, to_remove=True)
        submitting.start()
        submitting.join(0.5)
        assert submitting.is_alive()
        assert session.execute(sa.text("SELECT count(*) FROM documents")).scalar_one() == 0
    submitting.join(10)
    assert library.scalar("SELECT count(*) FROM documents") == 1


def test_documents_that_share_bytes_change_at_once(library: Library) -> None:
    """One document takes up a content in the moment in which another leaves it: it must go on being found."""
    library.add("one.md", HARBOUR)
    leaving = library.submit("one.md", NEW_HARBOUR)
    joining = library.submit("two.md", HARBOUR)
    content_id = library.scalar("SELECT id FROM contents")
    leaves = threading.Thread(target=library.ingestion.process, args=(leaving.version_id,))
    with library.database.sessions.begin() as session:
        claimed = versions.claim(session, joining.version_id)
        assert claimed is not None
        assert versions.publish(session, claimed.id, claimed.attempt, content_id)
        leaves.start()
        leaves.join(2)
    leaves.join(10)
    assert sorted(found(library, "gate barrier")) == sorted([HARBOUR.strip(), NEW_HARBOUR.strip()])


def test_a_content_is_taken_up_while_its_last_document_is_deleted(library: Library) -> None:
    one = library.add("one.md", HARBOUR)
    joining = library.submit("two.md", HARBOUR)
    content_id = library.scalar("SELECT id FROM contents")
    failures: list[Exception] = []

    def delete() -> None:
        try:
            with library.database.sessions.begin() as session:
                documents.remove(session, one.document_id)
        except sa.exc.DBAPIError as error:
            failures.append(error)

    deletes = threading.Thread(target=delete)
    with library.database.sessions.begin() as session:
        claimed = versions.claim(session, joining.version_id)
        assert claimed is not None
        assert versions.publish(session, claimed.id, claimed.attempt, content_id)
        deletes.start()
        deletes.join(1)
    deletes.join(10)
    assert not failures
    assert found(library, "gate") == [HARBOUR.strip()]
