"""The rows that generate together, and the prompts that are read before they join. Used by one thread alone.

Prompts are read in pieces of one length that begin at its multiples, whoever runs beside and whatever was read
before: so what is computed for a piece is the same to the bit whether it, or those before it, came from the cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.engine.fitting import Lora
from chat.engine.keyvalues import KeyValues
from chat.engine.loading import LoadedModel
from chat.engine.mixing import Mixer
from chat.engine.prefixes import Name, PrefixCache

if TYPE_CHECKING:
    import torch


@dataclass
class Reading:
    """A prompt that is being read."""

    tokens: Sequence[int]
    lora: Lora | None
    names: list[Name]
    """Of its whole blocks."""
    memory: KeyValues
    cached: int = 0
    """Tokens that did not have to be computed."""

    @property
    def done(self) -> int:
        """Tokens that have been read."""
        return self.memory.lengths[0]


class Batch:
    """At most `rows` answers, each with an adapter of its own or none."""

    def __init__(self, loaded: LoadedModel, rows: int, prefix_bytes: int) -> None:
        self._loaded = loaded
        self._mixer = Mixer(loaded)
        self._prefixes = PrefixCache(block=256 if loaded.device == "cuda" else 64, budget=prefix_bytes)
        self._memory = KeyValues(loaded, rows)
        self._loras: list[Lora | None] = []

    def close(self) -> None:
        """Leave the model as it was."""
        self._mixer.close()

    def begin(self, tokens: Sequence[int], lora: Lora | None) -> Reading:
        """Prepare to read a prompt."""
        names = self._prefixes.names(lora.digest if lora else None, tokens)
        memory = KeyValues(self._loaded, rows=1)
        memory.lengths.append(0)
        return Reading(tokens, lora, names, memory)

    def read(self, reading: Reading) -> "torch.Tensor | None":
        """Read a piece, and all before it that is in the cache.

        At the prompt's end, return the logits of the token to follow: float32 [vocabulary].
        """
        size = self._prefixes.block
        for block in self._prefixes.known(reading.names[reading.done // size :]):
            reading.memory.put(block)
            reading.cached += size
        start = reading.done
        piece = reading.tokens[start : start + size]
        logits = self._forward([piece], reading.memory, [reading.lora])
        if start // size < len(reading.names):
            self._prefixes.put(reading.names[start // size], reading.memory.block(start, start + size))
        return logits[0, -1] if reading.done == len(reading.tokens) else None

    def join(self, reading: Reading) -> None:
        """Let a prompt that has been read run on, as the last row."""
        self._memory.join(reading.memory)
        reading.memory.leave(0)
        self._loras.append(reading.lora)

    def step(self, tokens: Sequence[int]) -> "torch.Tensor":
        """Add a token to every row; return the logits of the next ones, float32 [rows, vocabulary]."""
        return self._forward([[token] for token in tokens], self._memory, self._loras)[:, -1]

    def leave(self, row: int) -> None:
        """Let a row go; the last one takes its place."""
        self._memory.leave(row)
        self._loras[row] = self._loras[-1]
        self._loras.pop()

    def log_probabilities(self, tokens: Sequence[int], lora: Lora | None) -> list[float]:
        """How likely each token but the first was, given those before it: natural logarithms, one forward pass."""
        import torch

        memory = KeyValues(self._loaded, rows=1)
        memory.lengths.append(0)
        logits = self._forward([tokens], memory, [lora], keep=0)[0, :-1]
        follows = torch.tensor(tokens[1:], device=logits.device)[:, None]
        return [float(value) for value in logits.log_softmax(-1).gather(1, follows)[:, 0]]

    def forget(self, digest: str) -> None:
        """Free the memory that an adapter takes here; its prefixes stay true, and go when they are the oldest."""
        self._mixer.forget(digest)

    def _forward(
        self, tokens: Sequence[Sequence[int]], memory: KeyValues, loras: Sequence[Lora | None], keep: int = 1
    ) -> "torch.Tensor":
        import torch

        with torch.inference_mode(), self._mixer.mixed(loras):
            ids = torch.tensor([list(row) for row in tokens], device=self._loaded.device)
            seen = memory.prepare(ids.shape[1])
            output = self._loaded.model(
                input_ids=ids,
                attention_mask=seen,
                position_ids=memory.positions,
                past_key_values=memory,
                use_cache=True,
                logits_to_keep=keep,
            )
            memory.advance(ids.shape[1])
            logits: torch.Tensor = output.logits.float()
            return logits
