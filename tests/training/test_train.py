"""A training run: repeatable to the byte, killed at any second, paused, refused, and told in words."""

import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator

from admin.training import checkpoints
from admin.training.checkpoints import DiskFullError
from admin.training.folder import RunFolder
from admin.training.train import DivergedError, PausedError, Run
from chat.engine import adapters
from chat.engine.fitting import fit
from chat.engine.loading import LoadedModel
from chat.errors import InvalidInputError
from tests.training.conftest import Starts
from tests.training.running import rows, sharing_rows, steps, train, write_run

KILLS = min(int(os.environ.get("APPRENTICE_KILLS") or 0), 20)
"""In all, of one run; without it, two or three."""
EVENTS = (3, 6) if KILLS else (10, 18)
"""After so many lines of the log it is killed: some are steps, some checkpoints, some evaluations."""


def bytes_of(folder: RunFolder) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.adapter.iterdir()}


@pytest.fixture(scope="module")
def uninterrupted(ending_model: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """What a run comes to that nobody disturbs."""
    folder = write_run(tmp_path_factory.mktemp("runs") / "whole", ending_model, rows(), dropout=0.1, epochs=4)
    train(folder)
    return folder


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    ending_model: Path, uninterrupted: RunFolder, tmp_path: Path
) -> None:
    again = write_run(tmp_path / "again", ending_model, rows(), dropout=0.1, epochs=4)
    other = write_run(tmp_path / "other", ending_model, rows(), dropout=0.1, epochs=4, seed=2)
    train(again)
    train(other)
    assert bytes_of(again) == bytes_of(uninterrupted)
    assert bytes_of(other) != bytes_of(uninterrupted)


def test_it_learns_and_the_engine_serves_what_it_learned(uninterrupted: RunFolder, ending: LoadedModel) -> None:
    result = uninterrupted.result()
    assert result is not None
    assert result["loss"]["best"] < 0.8 * result["loss"]["base"]
    file = adapters.read(uninterrupted.adapter)
    assert (file.card.base, file.card.rank, file.card.revision) == (ending.id, 4, ending.revision)
    assert len(fit(file, ending).matrices) == file.card.layers == 14
    events = [event["event"] for event in uninterrupted.log()[0]]
    assert (events[0], events[-1], events.count("step"), events.count("evaluation")) == ("begin", "end", 16, 5)


def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(
    ending_model: Path, uninterrupted: RunFolder, tmp_path: Path, start: Starts
) -> None:
    """And at most the steps since the last checkpoint are done again, which the log shows."""
    epochs, whole = 4, uninterrupted
    if KILLS:
        epochs = KILLS
        whole = write_run(tmp_path / "whole", ending_model, rows(), dropout=0.1, epochs=epochs)
        train(whole)
    folder = write_run(tmp_path / "killed", ending_model, rows(), dropout=0.1, epochs=epochs)
    kills, moment = 0, random.Random(5)
    while folder.result() is None:
        running, wanted = start(folder), len(folder.log()[0]) + moment.randint(*EVENTS)
        while running.poll() is None and (len(folder.log()[0]) < wanted or kills == KILLS > 0):
            time.sleep(0.002)
        time.sleep(moment.random() * 0.1)
        running.kill()
        kills += running.wait() == -signal.SIGKILL
    assert kills >= (KILLS or 1)
    assert bytes_of(folder) == bytes_of(whole)
    done = [event["step"] for event in steps(folder)]
    assert sorted(set(done)) == list(range(1, 4 * epochs + 1))
    for before, after in pairwise(done):
        assert after == before + 1 or before - after < 2 + 1, "no more is done again than since the last checkpoint"
    lives = [event for event in folder.log()[0] if event["event"] == "begin"]
    assert len(lives) == kills + 1
    assert [event["life"] for event in lives] == sorted({event["life"] for event in lives})


def test_paused_it_goes_on_to_the_same_bytes(ending_model: Path, uninterrupted: RunFolder, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "paused", ending_model, rows(), dropout=0.1, epochs=4)
    for _ in range(3):
        seen = len(steps(folder))
        with pytest.raises(PausedError):
            Run(folder, Accelerator(cpu=True), lambda seen=seen: len(steps(folder)) >= seen + 3).train()
        assert len(steps(folder)) == seen + 3, "what was done of a step is left; what was finished is kept"
        assert folder.result() is None
    train(folder)
    assert bytes_of(folder) == bytes_of(uninterrupted)
    assert [event["step"] for event in steps(folder)] == list(range(1, 17)), "no step is done twice"


def test_sigterm_pauses(ending_model: Path, tmp_path: Path, start: Starts) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows(), epochs=100)
    running = start(folder)
    wait_for(lambda: len(steps(folder)) >= 3)
    running.send_signal(signal.SIGTERM)
    assert running.wait() == 3
    kept = checkpoints.last(folder.checkpoints)
    assert kept is not None
    assert kept.progress.step == len(steps(folder))


def test_of_two_in_one_folder_the_second_leaves(ending_model: Path, tmp_path: Path, start: Starts) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows(), epochs=100)
    first = start(folder)
    wait_for(lambda: len(steps(folder)) >= 1)
    assert (start(folder).wait(), first.poll()) == (5, None)


def test_a_learning_rate_that_explodes_stops_the_run_in_words(knowing_model: Path, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", knowing_model, rows(), learning_rate=1.0, epochs=50, warmup=0)
    with pytest.raises(
        DivergedError, match=r"far above the .* it began with: the learning rate 1 is too high.* a tenth"
    ):
        train(folder)
    assert len(steps(folder)) < 20
    assert folder.result() is None


def test_a_loss_that_is_no_number_stops_the_run_before_the_step(ending_model: Path, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows())
    with pytest.raises(PausedError):
        Run(folder, Accelerator(cpu=True), lambda: len(steps(folder)) >= 2).train()
    run = Run(folder, Accelerator(cpu=True), lambda: False)
    run.learner.load_weights({name: each * math.inf for name, each in run.learner.weights().items()})
    with pytest.raises(DivergedError, match=r"At step 3 the loss is no number.* The checkpoint of step 2 is whole"):
        run.train()
    kept = checkpoints.last(folder.checkpoints)
    assert kept is not None
    assert all(bool(each.isfinite().all()) for each in kept.weights.values()), "what is kept is not spoiled"


def test_a_full_disk_is_told_and_the_checkpoint_before_is_whole(
    ending_model: Path, tmp_path: Path, uninterrupted: RunFolder
) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows(), dropout=0.1, epochs=4)
    with pytest.raises(PausedError):
        Run(folder, Accelerator(cpu=True), lambda: len(steps(folder)) >= 2).train()
    with no_file_larger_than(20_000), pytest.raises(DiskFullError, match=r"step 2 is whole\. Make room, then resume"):
        train(folder)
    assert [path.name for path in folder.checkpoints.iterdir()] == ["step-00000002.pt"], "nothing half is left"
    train(folder)
    assert bytes_of(folder) == bytes_of(uninterrupted)


def test_a_disk_without_room_is_told_before_anything_is_trained(
    ending_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows())
    monkeypatch.setattr(checkpoints, "RESERVE", 1 << 60)
    with pytest.raises(DiskFullError, match="There is no checkpoint yet"):
        train(folder)
    assert folder.log() == ([], 0)


def test_rows_that_were_changed_meanwhile_are_refused(ending_model: Path, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows())
    folder.rows.write_text(folder.rows.read_text().replace("seven", "eleven"))
    with pytest.raises(InvalidInputError, match="was changed since the run was planned"):
        train(folder)


def test_a_base_that_was_exchanged_meanwhile_is_refused(ending_model: Path, tmp_path: Path) -> None:
    model = tmp_path / "tiny"
    shutil.copytree(ending_model, model)
    folder = write_run(tmp_path / "run", model, rows())
    with pytest.raises(PausedError):
        Run(folder, Accelerator(cpu=True), lambda: len(steps(folder)) >= 2).train()
    config = model / "config.json"
    config.write_text(config.read_text().replace("1024", "512"))
    with pytest.raises(InvalidInputError, match="tiny was exchanged since this run began"):
        train(folder)


def test_only_the_last_layers_learn_where_the_others_are_frozen(
    ending_model: Path, ending: LoadedModel, tmp_path: Path
) -> None:
    folder = write_run(tmp_path / "run", ending_model, rows(), layers=1, targets="attention")
    train(folder)
    file = adapters.read(folder.adapter)
    moved = {module for module, (_, b) in file.matrices.items() if b.abs().sum() > 0}
    assert moved == {f"model.layers.1.self_attn.{part}_proj" for part in "qkvo"}
    assert len(fit(file, ending).matrices) == 8, "it is a plain LoRA all the same"
    with pytest.raises(InvalidInputError, match="has 2 layers; 3 of them"):
        train(write_run(tmp_path / "deep", ending_model, rows(), layers=3))


def test_text_is_read_on_and_nothing_is_asked(ending_model: Path, tmp_path: Path) -> None:
    said = [
        {"id": f"d{number}", "split": "train" if number else "validation", "text": "The ferry leaves at seven. " * 20}
        for number in range(5)
    ]
    folder = write_run(tmp_path / "run", ending_model, said, objective="continued pre-training", max_tokens=64)
    train(folder)
    result = folder.result()
    assert result is not None
    assert result["loss"]["best"] < result["loss"]["base"]
    assert result["rows"]["train"] > 4, "a text is read in windows"


def test_one_row_and_rows_that_are_all_the_same_can_be_learned(ending_model: Path, tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", ending_model, rows(1, 0))
    train(one)
    assert len(steps(one)) == 2
    same = write_run(tmp_path / "same", ending_model, [rows(1, 0)[0] | {"id": str(number)} for number in range(8)])
    train(same)
    assert same.result() is not None


def test_a_line_that_a_kill_cut_off_is_no_event_and_spoils_no_other(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append("step", step=1)
    with (tmp_path / "log.jsonl").open("ab") as file:
        file.write(b'{"event": "step", "st')
    assert [event["step"] for event in folder.log()[0]] == [1]
    folder.append("step", step=2)
    events, end = folder.log()
    assert [event["step"] for event in events] == [1, 2]
    assert folder.log(end) == ([], end)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A disk that is full before a checkpoint is written, as far as this process can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def wait_for(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("said", "batch"), [(rows(18), 4), (sharing_rows(3, 6), 12)], ids=["rows", "packs"])
def test_two_processes_learn_what_one_does(
    said: list[dict[str, Any]], batch: int, ending_model: Path, tmp_path: Path
) -> None:
    """As `accelerate launch` and `torchrun` start them: each takes its share of every step's rows, or packs."""
    alone = write_run(tmp_path / "one", ending_model, said, batch=batch)
    train(alone)
    folder = write_run(tmp_path / "two", ending_model, said, batch=batch)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "admin.training.train"]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    launched = subprocess.run([*launch, str(folder.path)], env=environment, capture_output=True, check=False)
    assert launched.returncode == 0, launched.stderr.decode()
    result = folder.result()
    assert result is not None
    assert result["processes"] == 2
    for mine, theirs in zip(steps(alone), steps(folder), strict=True):
        assert theirs["loss"] == pytest.approx(mine["loss"], rel=1e-4)
