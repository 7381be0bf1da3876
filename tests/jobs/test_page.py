"""The Jobs tab: what it says of workers and jobs, and that strangers' words stay words."""

from pathlib import Path

import gradio as gr
import pytest
import sqlalchemy as sa

from admin.service.jobs import Jobs
from admin.ui.jobs_handlers import JobsHandlers
from chat.store import jobs
from tests.conftest import OWNER
from tests.rag.library import Library

NAME = "<b>harbour</b>.md"


def event(**data: str) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def handlers(library: Library) -> JobsHandlers:
    return JobsHandlers(Jobs(library.database.sessions, person=OWNER))


def test_an_empty_page_says_what_to_do_first(handlers: JobsHandlers) -> None:
    page, clock = handlers.workload()
    assert "python -m admin worker" in page
    assert not clock.active


def test_a_waiting_document_is_cancelled_and_tried_again(library: Library, handlers: JobsHandlers) -> None:
    done = library.submit(NAME, "The gate closes at ten.")
    page, clock = handlers.workload()
    assert clock.active
    assert "1 job left. Nothing is lost while no worker runs" in page
    assert "&lt;b&gt;harbour&lt;/b&gt;.md" in page
    assert NAME not in page
    job_id = library.scalar("SELECT id FROM procrastinate_jobs")
    assert "It is cancelled." in handlers.cancelled(event(id=str(job_id)))
    page, clock = handlers.workload()
    assert "It was cancelled." in page
    assert not clock.active
    assert "It is tried once more." in handlers.tried_again(event(id=str(job_id)))
    assert library.state(done.version_id).status == "failed"
    assert library.scalar("SELECT status FROM document_versions ORDER BY id DESC LIMIT 1") == "queued"


def test_a_failure_is_told_in_words(library: Library, handlers: JobsHandlers) -> None:
    with library.database.sessions.begin() as session:
        job_id = jobs.enqueue(session, "count", number=1)
        session.execute(sa.text("UPDATE procrastinate_jobs SET status = 'failed'"))
        jobs.note_failure(session, job_id, "The <script> did not answer.")
    page, _ = handlers.workload()
    assert "The &lt;script&gt; did not answer." in page


@pytest.mark.parametrize("sent", ["", "-1", "x", "9" * 40, "1; DROP TABLE documents", "999999"])
def test_what_a_stranger_sends_is_refused_in_words(handlers: JobsHandlers, sent: str) -> None:
    for handler in (handlers.cancelled, handlers.tried_again):
        with pytest.raises(gr.Error):
            handler(event(id=sent))


def test_the_command_line_lists_cancels_and_retries(
    library: Library, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    from typer.testing import CliRunner

    from admin.__main__ import cli

    monkeypatch.setenv("APPRENTICE_HOME", str(home))
    monkeypatch.setenv("APPRENTICE_DATABASE_URL", library.database.conninfo)
    library.submit("harbour.md", "The gate closes at ten.")

    def run(*words: str) -> dict[str, object]:
        done = CliRunner().invoke(cli, ["jobs", *words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    (job,) = run("list")["jobs"]  # type: ignore[misc]
    assert (job["state"], job["document"]) == ("waiting", "harbour.md")  # type: ignore[index]
    number = str(job["id"])  # type: ignore[index]
    assert run("cancel", number) == {"job": int(number), "cancelled": True}
    assert run("retry", number) == {"job": int(number), "retried": True}
    assert [each["state"] for each in run("list")["jobs"]] == ["waiting"]  # type: ignore[attr-defined]
