"""What a training run stands on: its place among the processes, and what its card says of machine and libraries."""

import os
import platform
import signal
import sys
from importlib import metadata
from typing import Any

from chat.engine.loading import LoadedModel

NICE = 10
PR_SET_PDEATHSIG = 1
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors")


def step_aside(keeper: int | None = None) -> None:
    """Be the least important process here and, where a keeper is named, die with it."""
    import ctypes

    os.nice(NICE)
    if keeper is not None and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
            raise SystemExit("The worker that wanted this trained is gone.")


def facts(loaded: LoadedModel) -> dict[str, Any]:
    """What decides, beside rows and settings, which bytes come out."""
    import torch

    return {
        "dtype": loaded.dtype,
        "device": loaded.device,
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "peak_memory_bytes": _peak_memory(loaded.device),
        "repeatable": _repeatable(loaded.device),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }


def _repeatable(device: str) -> str:
    if device == "cpu":
        return "yes: the same rows, settings, machine and libraries give the same bytes"
    return "to the last digits only: a GPU adds up in no fixed order"


def _peak_memory(device: str) -> int:
    """Of the device that the model is on: what this process took at most."""
    import resource

    import torch

    if device != "cpu":
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
