"""What a run will take, measured: two real steps of its costliest rows, in the very program that would train."""

import secrets
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin.training import packing, snapshots
from admin.training.folder import RUNS, Plan, RunFolder, file_sha256
from admin.training.packing import Pack, in_parts, packed
from admin.training.presets import TrainingSettings
from admin.training.preview import Prepared
from admin.training.rows import Encoded
from admin.training.runs import begin, last_words
from admin.training.schedule import count_steps
from admin.training.train import HELD_OUT
from chat.engine.locks import lock, try_lock
from chat.errors import ModelError
from chat.settings import Settings

STEPS = 2
POLL_S = 0.2
TRIALS = "trials.lock"
"""Held by every trial of a data folder as long as it lives: where nobody does, what lies there was left by the dead."""
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
    computed: int
    """Tokens of an epoch, where what examples share is counted once."""

    @property
    def fits(self) -> bool:
        """Whether the disk has room for it."""
        return self.disk < self.free_disk


def costliest(prepared: Prepared, chosen: TrainingSettings) -> Pack:
    """What takes the most memory of all that is computed at once."""
    packs = sorted(packed(prepared.train, chosen), key=lambda pack: -pack.computed)
    return max(in_parts(packs, chosen.at_once), key=lambda part: part.computed)


@contextmanager
def trial(
    settings: Settings, model: str, rows: Sequence[dict[str, Any]], chosen: TrainingSettings, part: Pack
) -> Iterator[RunFolder]:
    """A folder in which two steps of these rows are to be taken, of those in `part` alone; gone at the end."""
    taken = {each.id.partition("+")[0] for each in part.rows}
    # So small a step that it is quick, and so large that it computes what shares a prefix as the run will.
    batch = packing.PREFIXES * len(part.rows) if part.shared else chosen.at_once
    with _passing(settings.home) as folder:
        learned = (row | {"split": "train"} for row in rows if str(row["id"]) in taken)
        folder.rows.write_bytes(b"".join(snapshots.line(row) for row in learned))
        folder.write_plan(
            Plan(
                settings=chosen.model_copy(update={"batch": batch, "max_rows": None, "checkpoint_every": STEPS}),
                home=settings.home,
                model=model,
                dtype=settings.dtype,
                rows_sha256=file_sha256(folder.rows),
                only_steps=STEPS,
            )
        )
        yield folder


@contextmanager
def _passing(home: Path) -> Iterator[RunFolder]:
    """A new folder, gone at the end; so is, before it begins, what trials left behind that were killed."""
    if alone := try_lock(home / TRIALS):
        with alone:
            for left in (home / RUNS).glob(".trial-*"):
                shutil.rmtree(left)
    with lock(home / TRIALS, shared=True):
        folder = RunFolder(home / RUNS / f".trial-{secrets.token_hex(4)}")
        folder.path.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder.path)


def take_steps(folder: RunFolder) -> Iterator[str]:
    """Take the two steps, saying in words how far they are. Closing the iterator ends them. Raises `ModelError`."""
    program, told = begin(folder), ""
    try:
        while program.poll() is None:
            if (said := _stage(folder)) != told:
                told = said
                yield told
            time.sleep(POLL_S)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    if folder.result() is None:
        raise ModelError(folder.failure() or last_words(folder, program.returncode))


def _stage(folder: RunFolder) -> str:
    """How far the two steps are, in words."""
    events, _ = folder.log()
    taken = sum(event["event"] == "step" for event in events)
    if not events:
        return "Loading the model"
    return f"Step {taken + 1} of {STEPS}" if taken < STEPS else "Saving what they made"


def reckon(folder: RunFolder, prepared: Prepared, chosen: TrainingSettings) -> Estimate:
    """What the whole run takes, going by what the two steps in `folder` did."""
    result = folder.result() or {}
    speed = max(event["tokens_per_s"] for event in folder.log()[0] if event["event"] == "step")
    steps = count_steps(len(prepared.train), chosen)
    epoch = _computed(prepared.train, chosen)
    measured = _computed(prepared.validation[:HELD_OUT], chosen) * (steps // chosen.evaluate_every + 2)
    return Estimate(
        steps=steps,
        seconds=(epoch * chosen.epochs + FORWARD * measured) / speed,
        memory=result["peak_memory_bytes"],
        disk=2 * _bytes(folder.checkpoints) + _bytes(folder.adapter) + folder.rows.stat().st_size,
        free_disk=shutil.disk_usage(folder.path).free,
        tokens_per_s=speed,
        dtype=result["dtype"],
        computed=epoch,
    )


def _computed(rows: Sequence[Encoded], chosen: TrainingSettings) -> int:
    return sum(pack.computed for pack in packed(rows, chosen))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
