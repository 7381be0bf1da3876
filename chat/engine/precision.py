"""Which number format a model runs in: raced on this machine, never assumed."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

LAPS = 3
"""The formats take turns: who is held up by others on the machine in one lap is not in the next."""


def choose_dtype(setting: str, device: str, narrow: int, wide: int) -> "torch.dtype":
    """The format that `setting` (`auto`, `float32`, `bfloat16`) means on `device`, for layers of `narrow` x `wide`."""
    import torch

    if setting != "auto":
        return torch.float32 if setting == "float32" else torch.bfloat16
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    formats = (torch.bfloat16, torch.float32)
    laps = [[_time_answer(dtype, narrow, wide) for dtype in formats] for _ in range(LAPS)]
    fastest = [min(times) for times in zip(*laps, strict=True)]
    return formats[fastest.index(min(fastest))]


def _time_answer(dtype: "torch.dtype", narrow: int, wide: int) -> float:
    """Seconds that 16 million weights take to read a prompt of 1024 tokens and write 64, measured in a few ms.

    Which format wins depends on the processor alone: bfloat16 doubles the speed where there are instructions for
    it, and is many times slower where there are none. The weights are more than a cache holds, as in a model.
    """
    import torch
    from torch.nn.functional import linear

    weights = [torch.ones(wide, narrow, dtype=dtype) for _ in range(max(1, 16_000_000 // (wide * narrow)))]
    token, prompt = torch.ones(1, narrow, dtype=dtype), torch.ones(128, narrow, dtype=dtype)
    one_token = _fastest(lambda: [linear(token, weight) for weight in weights])
    prompt_share = _fastest(lambda: linear(prompt, weights[0]))
    return 64 * one_token + 1024 / 128 * len(weights) * prompt_share


def _fastest(work: Callable[[], object], laps: int = 4) -> float:
    """Seconds of the fastest lap: the first one warms up, and others on the machine only ever slow it down."""
    seconds = []
    for _ in range(laps):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
