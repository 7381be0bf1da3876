"""Which rows a step learns from, and how far it goes: functions of the seed and the step, so nothing needs keeping.

A run that goes on after a kill draws the same rows in the same order.
"""

import math
import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from admin.training.presets import TrainingSettings

Each = TypeVar("Each")


def count_steps(rows: int, settings: TrainingSettings) -> int:
    """Steps that a run of so many rows takes; the last of an epoch may be a smaller one."""
    return settings.epochs * math.ceil(rows / settings.batch)


def rows_of(step: int, rows: Sequence[Each], settings: TrainingSettings) -> list[Each]:
    """The rows of a step, counted from 0: each epoch has an order of its own, which the seed decides."""
    epoch, place = divmod(step, math.ceil(len(rows) / settings.batch))
    order = list(range(len(rows)))
    random.Random(f"{settings.seed} {epoch}").shuffle(order)
    return [rows[number] for number in order[place * settings.batch : (place + 1) * settings.batch]]


def in_parts(rows: Sequence[Each], size: int) -> Iterator[Sequence[Each]]:
    """Some rows at a time, in order."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def learning_rate(step: int, steps: int, settings: TrainingSettings) -> float:
    """That of a step, counted from 0: it rises in a straight line while it warms up, then falls to nought."""
    warm = settings.warmup * steps
    return settings.learning_rate * min((step + 1) / max(warm, 1), (steps - step) / max(steps - warm, 1), 1)


def seed_step(seed: int, step: int, process: int) -> None:
    """Make what a step draws at random, dropout, a function of these."""
    import torch

    torch.manual_seed(seed + 1_000_003 * step + process)
