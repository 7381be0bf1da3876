"""How much the engine takes on at once, and how much memory it may use beside the model's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.engine.generation import GenerationRequest

if TYPE_CHECKING:
    from chat.engine.loading import LoadedModel


@dataclass(frozen=True)
class Limits:
    """Bytes are upper bounds; nothing is taken before it is needed."""

    queue: int = 64
    """Requests that may wait."""
    rows: int = 16
    """Requests that may be answered at once."""
    adapter_bytes: int = 512 << 20
    prefix_bytes: int = 512 << 20
    memory_bytes: int = 2 << 30
    """For the keys and values of the answers that run."""

    def admit(self, active: Sequence[int], columns: int, token_bytes: int, *, batch: bool) -> bool:
        """Whether a request that may grow to `columns` may run beside active ones of that many columns each.

        A quarter of the rows is kept from batches, for people. Memory is a rectangle, as wide as its longest row.
        """
        if not active:
            return True
        rows = self.rows - self.rows // 4 if batch else self.rows
        needed = (len(active) + 1) * max(columns, *active) * token_bytes
        return len(active) < rows and needed <= self.memory_bytes

    @staticmethod
    def of(loaded: "LoadedModel") -> "Limits":
        """A quarter of the free memory of the device for what runs, a sixteenth for each of the caches."""
        free = _free_bytes(loaded.device)
        rows = 64 if loaded.device == "cuda" else 16
        return Limits(rows=rows, adapter_bytes=free // 16, prefix_bytes=free // 16, memory_bytes=free // 4)


def columns(request: GenerationRequest) -> int:
    """How many tokens a request may come to, with its answer."""
    return len(request.prompt) + request.max_tokens


def _free_bytes(device: str) -> int:
    import psutil
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)
