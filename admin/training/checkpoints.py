"""Checkpoints: one file each, whole or not there. A kill at any second leaves the last good one, and the best.

What is random and which rows come next are functions of the seed and the step (`train.py`), so weights, the state of
the optimizer and the step are all that a run is made of.
"""

import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin.training.folder import write_whole
from chat.errors import AppError

if TYPE_CHECKING:
    import torch

NAME = "step-{:08d}.pt"
RESERVE = 64 << 20
"""Bytes that a checkpoint leaves free on the disk: databases and logs live there too."""


class DiskFullError(AppError):
    """A checkpoint does not fit. The one before it is whole."""


@dataclass(frozen=True)
class Progress:
    """How far a run is, and what its card and its curve need of what was."""

    step: int = 0
    """Steps that are done."""
    first_loss: float | None = None
    worse: int = 0
    """Steps in a row that lost more than twice what the first one did, and a nat."""
    evaluated_step: int | None = None
    """The last step at which the held-out rows were measured."""
    best_step: int | None = None
    best_loss: float | None = None
    base_loss: float | None = None
    """Of the held-out rows before anything was learned."""
    base_answers: tuple[str, ...] = ()
    seconds: float = 0.0
    """That were spent on learning, over all lives of the run."""
    tokens: int = 0
    """That were computed."""

    def stepped(self, loss: float, seconds: float, tokens: int) -> "Progress":
        """After one more step."""
        first = loss if self.first_loss is None else self.first_loss
        return replace(
            self,
            step=self.step + 1,
            first_loss=first,
            worse=self.worse + 1 if loss > 2 * first + 1 else 0,
            seconds=self.seconds + seconds,
            tokens=self.tokens + tokens,
        )

    def evaluated(self, loss: float | None, answers: Sequence[str]) -> "Progress":
        """After an evaluation at this step; the one before the first step is of the base."""
        here = replace(self, evaluated_step=self.step)
        if self.step == 0:
            return replace(here, base_loss=loss, base_answers=tuple(answers))
        if loss is not None and (self.best_loss is None or loss < self.best_loss):
            return replace(here, best_step=self.step, best_loss=loss)
        return here


@dataclass(frozen=True)
class Checkpoint:
    """A run as it stood."""

    progress: Progress
    weights: Mapping[str, "torch.Tensor"] = field(repr=False)
    optimizer: dict[str, Any] = field(repr=False)


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Keep a checkpoint; of those before it only the best stays. Raises `DiskFullError`."""
    import torch

    folder.mkdir(exist_ok=True)
    whole = io.BytesIO()
    progress = checkpoint.progress
    said = {"progress": asdict(progress), "weights": dict(checkpoint.weights), "optimizer": checkpoint.optimizer}
    torch.save(said, whole)
    path = folder / NAME.format(progress.step)
    require_room(folder, len(whole.getbuffer()), progress.step)
    try:
        write_whole(path, whole.getvalue())
    except OSError as error:
        raise _full(folder, progress.step, error.strerror or str(error)) from error
    kept = {path, *(folder / NAME.format(step) for step in (progress.best_step,) if step is not None)}
    for other in _all(folder):
        if other not in kept:
            other.unlink()
    return path


def last(folder: Path) -> Checkpoint | None:
    """The newest checkpoint, if there is one."""
    found = _all(folder)
    return _load(found[-1]) if found else None


def best(folder: Path) -> Checkpoint | None:
    """The checkpoint with the lowest loss on the held-out rows; the last one where none was measured."""
    newest = last(folder)
    if newest is None or newest.progress.best_step is None:
        return newest
    return _load(folder / NAME.format(newest.progress.best_step))


def require_room(folder: Path, size: int, step: int) -> None:
    """Raise `DiskFullError` where `size` more bytes would fill the disk."""
    free = shutil.disk_usage(folder).free
    if free < size + RESERVE:
        raise _full(folder, step, f"{size >> 20} MB are needed and {RESERVE >> 20} must stay free, {free >> 20} are")


def _full(folder: Path, step: int, why: str) -> DiskFullError:
    newest = _all(folder)
    left = f"The checkpoint of step {int(newest[-1].stem[5:])} is whole" if newest else "There is no checkpoint yet"
    return DiskFullError(f"The checkpoint of step {step} could not be written: {why}. {left}. Make room, then resume.")


def _all(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(folder.glob(NAME.split("{", maxsplit=1)[0] + "*.pt"))


def _load(path: Path) -> Checkpoint:
    import torch

    said = torch.load(path, map_location="cpu", weights_only=True)
    return Checkpoint(Progress(**said["progress"]), said["weights"], said["optimizer"])
