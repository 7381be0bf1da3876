"""A run from its snapshot to a candidate, by real workers: followed, paused, killed, refused, one at a time."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from admin.curation.documents.ingesting import Interrupted
from admin.service.jobs import Jobs
from admin.service.training import Wanted
from admin.training import estimate
from admin.training.estimate import Estimate
from admin.training.folder import RunFolder
from admin.training.packing import Pack
from admin.training.presets import TrainingSettings
from admin.training.runs import BrokenOffError
from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.rights import Person
from chat.settings import Settings
from chat.store.tables import RunStatus, UserRole
from tests.conftest import OWNER
from tests.jobs.conftest import library  # noqa: F401
from tests.rag.library import Library
from tests.training.conftest import Starts
from tests.training.running import steps
from tests.training.yard import Yard, make_yard


@pytest.fixture
def yard(library: Library, ending_model: Path, home: Path, start: Starts) -> Yard:  # noqa: F811
    return make_yard(library, ending_model, home, start)


def test_a_run_goes_from_a_snapshot_to_a_candidate_with_its_card(yard: Yard) -> None:
    run_id = yard.training.start(yard.wanted())
    assert yard.status(run_id) == RunStatus.QUEUED
    yard.trainer.work(lambda: True, run_id)
    shown = yard.training.show(run_id)
    assert (shown.line.status, shown.line.step, shown.line.steps, shown.left_s) == ("finished", 8, 8, None)
    [(name, card)] = yard.registered
    assert (name, shown.line.record["adapter"]) == ("owner: first-1", "first-1")
    assert (card["snapshot"]["name"], card["by"], card["seed"], card["base"]) == ("first", "owner", 1, "tiny")
    assert card["settings"] == shown.line.settings
    assert card["result"]["libraries"].keys() >= {"torch", "peft"}
    assert [step for step, _ in card["curve"]["loss"]] == list(range(1, 9))
    assert [step for step, _ in card["curve"]["held_out"]] == [0, 4, 8]
    assert json.loads(json.dumps(card)) == card, "it is kept as JSON"
    events = yard.training.curve(run_id)
    assert [event["event"] for event in events.events].count("step") == 8
    assert yard.training.curve(run_id, events.at).events == []


def test_passages_are_looked_up_as_the_chat_finds_them_and_frozen(yard: Yard) -> None:
    wanted = yard.wanted("answer", max_rows=None, epochs=1)
    tokens = "".join(token.text for token in yard.training.preview(wanted, 16).tokens)
    assert "Passages:\n\n[1] " in tokens
    assert "The ferry leaves the quay at seven" in tokens
    assert "The ferry leaves" not in "".join(token.text for token in yard.training.preview(wanted, 0).tokens), (
        "where the document that an answer comes from is not found, nothing else is put in its place"
    )
    run_id = yard.training.start(wanted)
    yard.trainer.work(lambda: True, run_id)
    said = {row.id: row for row in yard.folder(run_id).read_rows()}
    assert "The ferry leaves the quay at seven" in said["ferry"].passages[0].text
    assert said["r0"].passages == []


def test_domain_wording_reads_the_documents_and_preference_the_pairs(yard: Yard) -> None:
    read = yard.training.report(yard.wanted("wording", max_tokens=64))
    assert (read.rows, read.train > 1, read.masked) == (1, True, 0)
    tokens = "".join(token.text for token in yard.training.preview(yard.wanted("wording"), 16).tokens)
    assert tokens.startswith("# Ferry times") or "The ferry leaves the quay" in tokens
    pairs = yard.training.report(yard.wanted("preference"))
    assert (pairs.train, len(pairs.dropped)) == (1, 16)


def test_paused_stopped_and_resumed(yard: Yard) -> None:
    run_id = yard.training.start(yard.wanted(epochs=100))
    working = threading.Thread(target=yard.see_through, args=(run_id,))
    working.start()
    wait_for(lambda: len(steps(yard.folder(run_id))) > 2)
    wait_for(lambda: yard.training.show(run_id).left_s)
    with pytest.raises(InvalidInputError, match=r"is under way\. Stop it first"):
        yard.training.delete(run_id)
    yard.training.pause(run_id)
    working.join(30)
    line = yard.training.show(run_id).line
    assert (line.status, line.step) == (RunStatus.PAUSED, len(steps(yard.folder(run_id))))
    assert yard.training.resume() == run_id
    assert yard.status(run_id) == RunStatus.QUEUED
    yard.training.stop(run_id)
    assert yard.status(run_id) == RunStatus.STOPPED, "who only waits is stopped at once"
    yard.trainer.work(lambda: True, run_id)
    assert yard.status(run_id) == RunStatus.STOPPED, "and what is left of its job does nothing"
    folder = yard.folder(run_id).path
    yard.training.delete(run_id)
    assert not folder.exists()
    with pytest.raises(NotFoundError, match="no training run"):
        yard.training.show(run_id)


def test_a_worker_that_is_to_end_lets_the_run_wait_for_the_next(yard: Yard, library: Library) -> None:  # noqa: F811
    run_id = yard.training.start(yard.wanted(epochs=4))
    folder = yard.folder(run_id)
    with pytest.raises(Interrupted):
        yard.trainer.work(lambda: len(steps(folder)) < 3, run_id)
    assert yard.status(run_id) == RunStatus.QUEUED
    yard.trainer.work(lambda: True, run_id)
    result = folder.result()
    assert result is not None
    assert len(result["resumed_at"]) == 1
    assert [event["step"] for event in steps(folder)] == list(range(1, 17)), "no step is done twice"


def test_a_training_program_that_the_system_kills_is_told_and_resumed(yard: Yard) -> None:
    run_id = yard.training.start(yard.wanted(epochs=100))
    working = threading.Thread(target=yard.see_through, args=(run_id,))
    working.start()
    wait_for(lambda: len(steps(yard.folder(run_id))) > 2)
    [program] = [child.pid for child in multiprocessing.active_children()]
    os.kill(program or 0, signal.SIGKILL)
    working.join(30)
    line = yard.training.show(run_id).line
    assert line.status == RunStatus.FAILED
    assert "for want of memory" in (line.error or "")
    assert yard.training.resume(run_id) == run_id
    assert yard.status(run_id) == RunStatus.QUEUED


def test_the_program_dies_with_its_worker(yard: Yard, tmp_path: Path) -> None:
    """Killed with -9, so that it has no chance to say good-bye."""
    run_id = yard.training.start(yard.wanted(epochs=100))
    with yard.training.sessions() as session:
        conninfo = session.get_bind().engine.url.render_as_string(hide_password=False)
    environment = os.environ | {
        "APPRENTICE_HOME": str(yard.training.settings.home), "APPRENTICE_DATABASE_URL": conninfo,
        "APPRENTICE_MODEL": yard.training.settings.model, "APPRENTICE_DTYPE": "float32",
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "-m", "admin", "worker"], env=environment)
    try:
        wait_for(lambda: len(steps(yard.folder(run_id))) > 2, 90)
        [program] = children(worker.pid)
        worker.kill()
        worker.wait()
        wait_for(lambda: not Path(f"/proc/{program}").exists() or "Z" in Path(f"/proc/{program}/stat").read_text())
    finally:
        worker.kill()
        worker.wait()
    assert yard.status(run_id) == RunStatus.RUNNING, "until another worker takes it up"
    folder = yard.folder(run_id)
    done = len(steps(folder))
    with pytest.raises(Interrupted):
        yard.trainer.work(lambda: len(lives(folder)) < 2, run_id)
    assert lives(folder)[0] == 0
    assert done - lives(folder)[1] <= 2, "at most the steps since the last checkpoint are done again"


def test_of_two_owners_at_once_the_second_waits_with_words(yard: Yard) -> None:
    first, second = yard.training.start(yard.wanted(epochs=100)), yard.training.start(yard.wanted(epochs=1))
    working = threading.Thread(target=yard.see_through, args=(first,))
    working.start()
    wait_for(lambda: len(steps(yard.folder(first))) > 0)
    lines = {line.id: line for line in yard.training.list()}
    assert (lines[second].status, lines[second].behind) == (RunStatus.QUEUED, first)
    device = "(SELECT device FROM runs WHERE id = :first)"
    both = sa.text(f"UPDATE runs SET status = 'running', device = {device} WHERE id = :second")
    with yard.training.sessions() as session, pytest.raises(sa.exc.IntegrityError, match="uq_runs_device"):
        session.execute(both, {"first": first, "second": second})
    locks = sa.text("SELECT DISTINCT lock FROM procrastinate_jobs WHERE task_name = 'train'")
    with yard.training.sessions() as session:
        assert session.scalars(locks).all() == ["training"], "so the queue gives out one at a time"
    yard.training.stop(first)
    working.join(30)
    assert yard.training.show(second).line.behind is None


def test_what_cannot_be_trained_is_refused_before_it_begins(yard: Yard) -> None:
    with pytest.raises(NotFoundError, match=r"There is no snapshot 'second'\. There are: first"):
        yard.training.start(Wanted("second"))
    with pytest.raises(InvalidInputError, match="answers here; an adapter trained on other could not"):
        yard.training.start(Wanted("first", base="other"))
    with pytest.raises(InvalidInputError, match="There is no preset"):
        yard.training.start(Wanted("first", "magic"))
    with pytest.raises(InvalidInputError, match="cannot be an adapter's name"):
        yard.training.start(Wanted("first", name="No Name"))
    yard.training.start(Wanted("first", name="mine"))
    with pytest.raises(InvalidInputError, match="There is an adapter mine already, or a run that makes one"):
        yard.training.start(Wanted("first", name="mine"))


def test_who_may_not_train_may_not_and_who_may_not_read_finds_nothing(yard: Yard) -> None:
    run_id = yard.training.start(yard.wanted())
    people: dict[str, Person] = {}
    with yard.training.sessions.begin() as session:
        session.execute(sa.text("UPDATE collections SET open = false"))
        for name, role in (("asker", UserRole.ASKER), ("trainer", UserRole.TRAINER)):
            made = session.execute(
                sa.text("INSERT INTO users (name, role) VALUES (:n, :r) RETURNING id"), {"n": name, "r": role}
            )
            people[name] = Person(made.scalar_one(), name, role)
    asker, trainer = (yard.training.for_person(people[name]) for name in ("asker", "trainer"))
    for act in (asker.start, asker.report, asker.preview):
        with pytest.raises(NotAllowedError, match="takes a trainer"):
            act(yard.wanted())
    for act in (asker.pause, asker.stop, asker.resume, asker.delete):
        with pytest.raises(NotAllowedError):
            act(run_id)
    with pytest.raises(NotFoundError, match="There is no snapshot"):
        trainer.start(yard.wanted())
    for act in (trainer.show, trainer.pause, trainer.resume, trainer.delete, trainer.curve):
        with pytest.raises(NotFoundError):
            act(run_id)
    assert (list(trainer.list()), list(trainer.snapshots())) == ([], [])


def test_cancelling_its_job_stops_a_run_and_retrying_resumes_it(yard: Yard) -> None:
    run_id = yard.training.start(yard.wanted())
    service = Jobs(yard.training.sessions, person=OWNER)
    [job] = [job for job in service.workload().waiting if job.task == "train"]
    assert service.cancel(job.id)
    assert yard.status(run_id) == RunStatus.STOPPED
    assert [job.task for job in service.workload().waiting] == ["ingest"]


def test_the_estimate_is_measured_and_leaves_nothing(yard: Yard) -> None:
    *words, found = yard.training.estimate(yard.wanted())
    assert isinstance(found, Estimate)
    assert words[0] == "Reading the rows"
    assert found.steps == 8
    assert (found.seconds > 0, found.memory > 50 << 20, found.disk > 1000, found.fits) == (True, True, True, True)
    assert list((yard.training.settings.home / "runs").iterdir()) == []


def test_what_a_killed_trial_left_is_taken_away_by_the_next_and_what_lives_is_not(tmp_path: Path) -> None:
    left = tmp_path / "runs" / ".trial-0badcafe"
    left.mkdir(parents=True)
    tried = Settings(home=tmp_path), "tiny", [], TrainingSettings(), Pack([])
    with estimate.trial(*tried) as first:
        assert not left.exists()
        left.mkdir()
        with estimate.trial(*tried) as second:
            assert first.path.exists()
            assert left.exists(), "as long as any trial lives, nobody can tell whose it is"
        assert not second.path.exists()
    with estimate.trial(*tried):
        assert not left.exists()
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_program_that_cannot_begin_says_why(yard: Yard) -> None:
    run_id = yard.training.start(yard.wanted())
    folder = yard.folder(run_id)
    folder.path.mkdir(parents=True)
    yard.trainer.inputs.freeze(run_id, OWNER, folder, lambda: True)
    folder.rows.write_text("")
    with pytest.raises(BrokenOffError, match="was changed since the run was planned"):
        yard.trainer.work(lambda: True, run_id)


def lives(folder: RunFolder) -> list[int]:
    """Steps at which a life of the run began."""
    return [event["step"] for event in folder.log()[0] if event["event"] == "begin"]


def children(of: int) -> list[int]:
    """Training programs that this process started."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(of)], capture_output=True, check=False)
    lines = found.stdout.decode().splitlines()
    return [int(line.split()[0]) for line in lines if "admin.training.train" in line]


def wait_for(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
