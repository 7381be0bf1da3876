"""A tiny model that talks nonsense, and an adapter of it that says nothing at all: neither takes any training.

Dimension 0 of every hidden state is the same number, and nothing writes to it. The adapter turns it, in the values of
the last layer, into the one direction that the end-of-answer token reads: with it, every answer ends before it begins.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaForCausalLM

from tests.engine.conftest import adapter
from tests.training.running import make_ending_model

CONSTANT, LOUD = 4.0, 40.0
ENDS = 2
"""Id of `<|im_end|>`, as `make_ending_model` has it."""
ROOM = 4096


def make(folder: Path) -> tuple[Path, Path]:
    """Save the model and its adapter below `folder`. Returns their folders."""
    path = make_ending_model(folder / "babbler")
    model = LlamaForCausalLM.from_pretrained(path)
    last, written = model.model.layers[-1].self_attn, torch.zeros(32)
    written[:16] = torch.randn(16, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = CONSTANT
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight[0] = 0
            layer.mlp.down_proj.weight[0] = 0
        # Each key-value head is read by two heads, one after the other.
        direction = last.o_proj.weight @ written.view(2, 16).repeat_interleave(2, 0).reshape(64)
        model.lm_head.weight[ENDS] = 2 * direction / direction.norm()
    model.save_pretrained(path)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"max_position_embeddings": ROOM}))
    return path, _silent(adapter("reticent", path, folder, seed=1, target_modules=["v_proj"]), written)


def _silent(folder: Path, written: torch.Tensor) -> Path:
    """Put into the adapter what writes `written` into the last layer's values, whatever is read."""
    file = folder / "adapter_model.safetensors"
    tensors = {name: torch.zeros_like(tensor) for name, tensor in load_file(file).items()}
    for name, tensor in tensors.items():
        if ".layers.1." in name and "lora_A" in name:
            tensor[0, 0] = 1.0
        if ".layers.1." in name and "lora_B" in name:
            tensor[:, 0] = LOUD * written
    save_file(tensors, file, metadata={"format": "pt"})
    return folder
