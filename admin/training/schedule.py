"""Which rows a step learns from, and how far it goes: functions of the seed and the step, so nothing needs keeping.

A run that goes on after a kill draws the same rows in the same order.
"""

import math
import random
from collections.abc import Sequence
from itertools import accumulate

from admin.training.packing import Pack
from admin.training.presets import TrainingSettings


def count_steps(rows: int, settings: TrainingSettings) -> int:
    """Steps that a run of so many rows takes; the last of an epoch may be a smaller one."""
    return settings.epochs * math.ceil(rows / settings.batch)


def packs_of(step: int, packs: Sequence[Pack], settings: TrainingSettings) -> list[Pack]:
    """The packs of a step, counted from 0: each epoch has an order of its own, which the seed decides.

    A step learns from the packs whose last row is one of the next `batch`: of about so many rows, and never of none,
    since no pack has more.
    """
    order = list(packs)
    epoch, place = divmod(step, math.ceil(sum(len(pack.rows) for pack in order) / settings.batch))
    random.Random(f"{settings.seed} {epoch}").shuffle(order)
    ends = accumulate(len(pack.rows) for pack in order)
    return [pack for pack, end in zip(order, ends, strict=True) if (end - 1) // settings.batch == place]


def learning_rate(step: int, steps: int, settings: TrainingSettings) -> float:
    """That of a step, counted from 0: it rises in a straight line while it warms up, then falls to nought."""
    warm = settings.warmup * steps
    return settings.learning_rate * min((step + 1) / max(warm, 1), (steps - step) / max(steps - warm, 1), 1)


def seed_step(seed: int, step: int, process: int) -> None:
    """Make what a step draws at random, dropout, a function of these."""
    import torch

    torch.manual_seed(seed + 1_000_003 * step + process)
