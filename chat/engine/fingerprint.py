"""Whether a model with an adapter still answers as itself: the log-probabilities of one fixed text.

A digest says that the bytes on disk are the right ones; this says that what is computed from them is.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chat.engine.adapters import AdapterError

FILE = "fingerprint.json"
TEXT = "Question: When does the ferry leave the quay? Answer: It leaves at seven in the morning and is back by noon."
TOLERANCE = {"float32": 0.01, "bfloat16": 0.15, "float16": 0.05}
"""Mean difference per token that rounding may make, on any device, in natural logarithms."""


@dataclass(frozen=True)
class Fingerprint:
    """What a model said of `TEXT`, and in which number format."""

    logprobs: tuple[float, ...]
    dtype: str

    def distance(self, other: "Fingerprint") -> float:
        """Mean absolute difference per token; infinite where they are not of one text."""
        if len(self.logprobs) != len(other.logprobs):
            return math.inf
        pairs = zip(self.logprobs, other.logprobs, strict=True)
        return sum(abs(mine - theirs) for mine, theirs in pairs) / max(len(self.logprobs), 1)

    def check(self, measured: "Fingerprint", digest: str) -> None:
        """Raise `AdapterError` where `measured` is further away than rounding can explain."""
        distance = self.distance(measured)
        allowed = max(TOLERANCE[self.dtype], TOLERANCE[measured.dtype])
        if not distance <= allowed:
            raise AdapterError(
                f"The adapter {digest[:12]} does not answer as it did when it was registered: {distance:.3f} nats per "
                f"token away, where rounding explains {allowed}. It is not served. Evaluate and register it again."
            )


def read(folder: Path) -> Fingerprint | None:
    """The fingerprint recorded in `folder`, or None. Raises `AdapterError` where there is one that says nothing."""
    try:
        said = json.loads((folder / FILE).read_bytes())
        recorded = Fingerprint(tuple(float(value) for value in said["logprobs"]), said["dtype"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AdapterError(f"{folder / FILE} is damaged: {error}. Delete it, and it is measured anew.") from error
    if recorded.dtype not in TOLERANCE or not _finite(recorded.logprobs):
        raise AdapterError(f"{folder / FILE} is damaged. Delete it, and it is measured anew.")
    return recorded


def write(folder: Path, fingerprint: Fingerprint) -> None:
    """Record a fingerprint, whole or not at all: done once, when the adapter is registered."""
    unfinished = folder / f".{FILE}.unfinished"
    unfinished.write_text(json.dumps(asdict(fingerprint)))
    unfinished.replace(folder / FILE)


def _finite(values: Sequence[float]) -> bool:
    return all(math.isfinite(value) for value in values)
