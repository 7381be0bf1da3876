"""Keys and values of prompts that were read before, in blocks of equal length.

A block's name is a chain of hashes: of the adapter's digest, and of every token up to the block's end. So one
adapter's memory can never answer for another's, nor for an adapter that once had the same name.
"""

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Name = bytes


class PrefixCache:
    """At most `budget` bytes of blocks of `block` tokens; those unused for longest go first."""

    def __init__(self, block: int, budget: int) -> None:
        self.block = block
        self._budget = budget
        self._blocks: OrderedDict[Name, torch.Tensor] = OrderedDict()
        self.bytes = 0

    def names(self, adapter: str | None, tokens: Sequence[int]) -> list[Name]:
        """Name every whole block of a prompt but one that holds its last token: that must be read, to be answered."""
        return list(self._chain(adapter, tokens[: (len(tokens) - 1) // self.block * self.block]))

    def _chain(self, adapter: str | None, tokens: Sequence[int]) -> Iterator[Name]:
        name = hashlib.blake2b(f"adapter {adapter}".encode(), digest_size=32).digest()
        for start in range(0, len(tokens), self.block):
            text = array("q", tokens[start : start + self.block]).tobytes()
            name = hashlib.blake2b(name + text, digest_size=32).digest()
            yield name

    def known(self, names: Sequence[Name]) -> "list[torch.Tensor]":
        """The blocks that are held of a chain, from its beginning to the first that is not."""
        held = list(takewhile(self._blocks.__contains__, names))
        for name in reversed(held):
            # The end of a chain is of no use without its beginning: it must be the first to go.
            self._blocks.move_to_end(name)
        return [self._blocks[name] for name in held]

    def put(self, name: Name, block: "torch.Tensor") -> None:
        """Keep a block that nobody will write to."""
        if name in self._blocks or block.nbytes > self._budget:
            return
        self._blocks[name] = block
        self.bytes += block.nbytes
        while self.bytes > self._budget:
            self.bytes -= self._blocks.popitem(last=False)[1].nbytes
