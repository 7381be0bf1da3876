"""What the engine stands beside: transformers' `generate`, and PEFT's `adapter_names` in threads."""

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from chat.engine.generation import GenerationRequest
from chat.engine.loading import LoadedModel

RANK = 8


def save_adapter(loaded: LoadedModel, folder: Path, seed: int) -> None:
    """Save a random adapter of rank 8 on queries and values, as PEFT would."""
    import json

    from safetensors.torch import save_file

    torch.manual_seed(seed)
    tensors = {}
    for name, layer in loaded.model.named_modules():
        if name.endswith(("q_proj", "v_proj")):
            wide, narrow = layer.out_features, layer.in_features
            tensors[f"base_model.model.{name}.lora_A.weight"] = torch.randn(RANK, narrow) * 0.05
            tensors[f"base_model.model.{name}.lora_B.weight"] = torch.randn(wide, RANK) * 0.05
    folder.mkdir(parents=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": loaded.id,
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "target_modules": ["q_proj", "v_proj"],
        "inference_mode": True,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))


class Generate:
    """`generate` in float32, one request after the other: what the examples of every library do."""

    def __init__(self, loaded: LoadedModel) -> None:
        from transformers import AutoModelForCausalLM

        self._model = AutoModelForCausalLM.from_pretrained(loaded.root, dtype=torch.float32).to(loaded.device).eval()
        self._model.generation_config.eos_token_id = None

    def tokens_per_second(self, requests: Sequence[GenerationRequest]) -> float:
        """Of all requests in turn."""
        began, tokens = perf_counter(), 0
        for request in requests:
            ids = torch.tensor([request.prompt], device=self._model.device)
            self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=request.max_tokens,
                min_new_tokens=request.max_tokens,
                pad_token_id=0,
            )
            tokens += request.max_tokens
        return tokens / (perf_counter() - began)


class PeftInThreads:
    """A PEFT model with several adapters, asked by several threads at once."""

    def __init__(self, loaded: LoadedModel, folders: Sequence[Path]) -> None:
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        base = AutoModelForCausalLM.from_pretrained(loaded.root, dtype=torch.float32).eval()
        self._names = [folder.name for folder in folders]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self._model: Any = PeftModel.from_pretrained(base, folders[0], adapter_name=self._names[0])
            for folder in folders[1:]:
                self._model.load_adapter(folder, adapter_name=folder.name)
        self._model.eval()

    def wrong(self, requests: int, threads: int = 3) -> tuple[int, int]:
        """How many of that many outputs are another adapter's than the one that was asked for, or none at all."""
        ids = torch.arange(5, 25)[None]

        def logits(name: str) -> torch.Tensor:
            with torch.inference_mode():
                output: torch.Tensor = self._model(ids, adapter_names=[name]).logits[0, -1]
                return output

        right = {name: logits(name) for name in self._names}

        def is_wrong(number: int) -> bool:
            name = self._names[number % len(self._names)]
            try:
                return not torch.allclose(logits(name), right[name], atol=1e-3)
            except (RuntimeError, ValueError, TypeError, KeyError):
                return True

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(is_wrong, range(requests))), requests
