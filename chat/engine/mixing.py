"""Rows of different adapters, and of none, side by side in one forward pass.

PEFT's switch is state of the whole process. Here nothing is switched: which row has which adapter is said anew for
every pass, and is forgotten when it ends, however it ends. All adapters of a pass are multiplied at once, with their
A and B laid side by side, and between the two what belongs to other rows is cleared (Punica, S-LoRA: the same sum,
by gathering). Rows without an adapter are not touched at all.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from chat.engine.fitting import Lora, linear_layers
from chat.engine.loading import LoadedModel

if TYPE_CHECKING:
    import torch

KEPT = 4
"""Stacks that are kept: the running batch's, and those of the prompts that are read between its steps."""


@dataclass(frozen=True)
class Layer:
    """What the adapters of a pass add to one layer."""

    a: "torch.Tensor"
    """[sum of ranks, in]"""
    b: "torch.Tensor"
    """[out, sum of ranks]"""
    members: tuple[int, ...]
    """Of which adapters of the stack, in order."""


@dataclass(frozen=True)
class Stack:
    """Several adapters laid side by side."""

    layers: dict[str, Layer]
    ranks: tuple[int, ...]


@dataclass
class Pass:
    """One forward pass: which rows have which adapter of the stack."""

    stack: Stack
    rows: "torch.Tensor | None"
    """Rows that have an adapter, int; None where all have."""
    owners: list[int]
    """For each of them, the number of its adapter in the stack."""
    foreign: "dict[tuple[int, ...], torch.Tensor]" = field(default_factory=dict)
    """By the members of a layer: what is not the row's own, bool [rows, 1, sum of ranks]."""


class Mixer:
    """Adds to every linear layer's output what each row's adapter adds. Used by the model's thread alone."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._pass: Pass | None = None
        self._stacks: OrderedDict[tuple[str, ...], Stack] = OrderedDict()
        self._hooks = [
            layer.register_forward_hook(partial(self._add, name)) for name, layer in linear_layers(loaded).items()
        ]

    def close(self) -> None:
        """Leave the model as it was."""
        for hook in self._hooks:
            hook.remove()

    @contextmanager
    def mixed(self, loras: Sequence[Lora | None]) -> Iterator[None]:
        """Let the rows of the passes within have these adapters."""
        assert self._pass is None, "passes do not nest"
        self._pass = self._plan(loras)
        try:
            yield
        finally:
            self._pass = None

    def forget(self, digest: str) -> None:
        """Drop what holds a copy of this adapter's weights."""
        for key in [key for key in self._stacks if digest in key]:
            del self._stacks[key]

    def _plan(self, loras: Sequence[Lora | None]) -> Pass | None:
        import torch

        distinct = {lora.digest: lora for lora in loras if lora is not None}
        if not distinct:
            return None
        order = sorted(distinct)
        stack = self._stack([distinct[digest] for digest in order])
        owners = [order.index(lora.digest) for lora in loras if lora is not None]
        rows = None
        if len(owners) < len(loras):
            device = next(iter(stack.layers.values())).a.device
            rows = torch.tensor([row for row, lora in enumerate(loras) if lora is not None], device=device)
        return Pass(stack, rows, owners)

    def _stack(self, loras: Sequence[Lora]) -> Stack:
        key = tuple(lora.digest for lora in loras)
        if key not in self._stacks:
            self._stacks[key] = _lay_side_by_side(loras)
            if len(self._stacks) > KEPT:
                self._stacks.popitem(last=False)
        self._stacks.move_to_end(key)
        return self._stacks[key]

    def _add(self, name: str, _module: Any, inputs: tuple["torch.Tensor"], output: "torch.Tensor") -> None:
        from torch.nn.functional import linear

        if self._pass is None or (layer := self._pass.stack.layers.get(name)) is None:
            return
        rows = self._pass.rows
        own = inputs[0] if rows is None else inputs[0].index_select(0, rows)
        low = linear(own, layer.a)
        if len(self._pass.stack.ranks) > 1:
            low.masked_fill_(self._foreign(self._pass, layer), 0)
        added = linear(low, layer.b)
        if rows is None:
            output.add_(added)
        else:
            output.index_add_(0, rows, added)

    def _foreign(self, current: Pass, layer: Layer) -> "torch.Tensor":
        import torch

        if layer.members not in current.foreign:
            columns = [member for member in layer.members for _ in range(current.stack.ranks[member])]
            owners = torch.tensor(current.owners, device=layer.a.device)
            foreign = owners[:, None] != torch.tensor(columns, device=layer.a.device)
            current.foreign[layer.members] = foreign[:, None]
        return current.foreign[layer.members]


def _lay_side_by_side(loras: Sequence[Lora]) -> Stack:
    import torch

    ranks = tuple(next(iter(lora.matrices.values()))[0].shape[0] for lora in loras)
    layers = {}
    for name in {name for lora in loras for name in lora.matrices}:
        members = tuple(number for number, lora in enumerate(loras) if name in lora.matrices)
        pairs = [loras[number].matrices[name] for number in members]
        if len(pairs) == 1:
            layers[name] = Layer(*pairs[0], members)
        else:
            a, b = zip(*pairs, strict=True)
            layers[name] = Layer(torch.cat(a), torch.cat(b, dim=1), members)
    return Stack(layers, ranks)
