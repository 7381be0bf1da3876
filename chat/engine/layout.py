"""Weights in the order in which the processor multiplies with them.

In bfloat16 on a CPU, oneDNN rearranges the weights of a layer at every multiplication. Done once, when the model is
loaded, a token of eight answers takes 18 ms of multiplying instead of 31 (two cores), and is the same to the bit.
"""

from functools import partial
from typing import TYPE_CHECKING

from chat.engine.loading import LoadedModel

if TYPE_CHECKING:
    from torch import Tensor, nn

ROWS = 8
"""For how many rows the order is chosen; it serves one row and a whole prompt too."""


def lay_out(loaded: LoadedModel) -> bool:
    """Rearrange all linear layers for answering: nothing can be trained after. Whether there was something to gain."""
    import torch

    ours = torch.ops.mkldnn
    if loaded.device != "cpu" or loaded.dtype != "bfloat16" or not ours._is_mkldnn_bf16_supported():
        return False
    embeddings = loaded.model.get_input_embeddings().weight
    for layer in loaded.model.modules():
        if type(layer) is torch.nn.Linear:
            _rearrange(layer, keep=layer.weight is embeddings)
    return True


def _rearrange(layer: "nn.Linear", *, keep: bool) -> None:
    """Let a layer multiply with a rearranged copy; its own weights go, unless they are the embeddings too."""
    import torch

    weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), ROWS)
    layer.forward = partial(_multiply, weight, layer.bias)  # type: ignore[method-assign]
    if not keep:
        layer.weight = torch.nn.Parameter(layer.weight.new_empty(0), requires_grad=False)


def _multiply(weight: "Tensor", bias: "Tensor | None", rows: "Tensor") -> "Tensor":
    import torch

    product: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return product
