"""What a run will take, measured: two real steps of the longest rows, in the very program that would train."""

import secrets
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin.training import snapshots
from admin.training.folder import RUNS, Plan, RunFolder, file_sha256
from admin.training.presets import TrainingSettings
from admin.training.preview import Prepared
from admin.training.runs import begin, last_words
from admin.training.schedule import count_steps
from admin.training.train import HELD_OUT
from chat.errors import ModelError
from chat.settings import Settings

STEPS = 2
POLL_S = 0.2
FORWARD = 1 / 3
"""What reading rows takes of what learning from them does: the way back is twice as long."""


@dataclass(frozen=True)
class Estimate:
    """What a run takes on this machine. Bytes and seconds."""

    steps: int
    seconds: float
    memory: int
    """At its most, of the device that the model is on."""
    disk: int
    free_disk: int
    tokens_per_s: float
    dtype: str

    @property
    def fits(self) -> bool:
        """Whether the disk has room for it."""
        return self.disk < self.free_disk


@contextmanager
def trial(
    settings: Settings, model: str, rows: Sequence[dict[str, Any]], chosen: TrainingSettings
) -> Iterator[RunFolder]:
    """A folder in which two steps of these rows are to be taken; gone at the end."""
    folder = RunFolder(settings.home / RUNS / f".trial-{secrets.token_hex(4)}")
    folder.path.mkdir(parents=True)
    try:
        folder.rows.write_bytes(b"".join(snapshots.line(row) for row in rows))
        folder.write_plan(
            Plan(
                settings=chosen.model_copy(
                    update={"batch": chosen.at_once, "max_rows": None, "checkpoint_every": STEPS}
                ),
                home=settings.home,
                model=model,
                dtype=settings.dtype,
                rows_sha256=file_sha256(folder.rows),
                only_steps=STEPS,
            )
        )
        yield folder
    finally:
        shutil.rmtree(folder.path)


def longest(rows: Sequence[dict[str, Any]], prepared: Prepared, count: int) -> list[dict[str, Any]]:
    """The rows that take the most memory, for training alone."""
    chosen = {each.id.partition("+")[0] for each in sorted(prepared.train, key=lambda each: -each.length)[:count]}
    return [row | {"split": "train"} for row in rows if str(row["id"]) in chosen]


def take_steps(folder: RunFolder) -> Iterator[str]:
    """Take the two steps, saying in words how far they are. Closing the iterator ends them. Raises `ModelError`."""
    program, told = begin(folder), -1
    try:
        while program.poll() is None:
            steps = sum(event["event"] == "step" for event in folder.log()[0])
            if steps > told:
                told = steps
                yield f"Step {steps + 1} of {STEPS}" if folder.log()[0] else "Loading the model"
            time.sleep(POLL_S)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    if folder.result() is None:
        raise ModelError(folder.failure() or last_words(folder, program.returncode))


def reckon(folder: RunFolder, prepared: Prepared, chosen: TrainingSettings) -> Estimate:
    """What the whole run takes, going by what the two steps in `folder` did."""
    result = folder.result() or {}
    speed = max(event["tokens_per_s"] for event in folder.log()[0] if event["event"] == "step")
    steps = count_steps(len(prepared.train), chosen)
    learned = sum(each.length for each in prepared.train) * chosen.epochs
    measured = sum(each.length for each in prepared.validation[:HELD_OUT]) * (steps // chosen.evaluate_every + 2)
    return Estimate(
        steps=steps,
        seconds=(learned + FORWARD * measured) / speed,
        memory=result["peak_memory_bytes"],
        disk=2 * _bytes(folder.checkpoints) + _bytes(folder.adapter) + folder.rows.stat().st_size,
        free_disk=shutil.disk_usage(folder.path).free,
        tokens_per_s=speed,
        dtype=result["dtype"],
    )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
