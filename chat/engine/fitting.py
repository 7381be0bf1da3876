"""Whether an adapter belongs to the model that is loaded, and its weights as that model computes with them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.engine.adapters import AdapterError, AdapterFile, Card
from chat.engine.loading import LoadedModel

if TYPE_CHECKING:
    import torch

TOKENIZER_PARTS = ("model", "added_tokens", "normalizer", "pre_tokenizer", "decoder")
"""What decides which tokens a text becomes; padding and truncation are the caller's own affair."""


@dataclass(frozen=True)
class Lora:
    """An adapter ready to be added to the base model's layers."""

    digest: str
    matrices: dict[str, tuple["torch.Tensor", "torch.Tensor"]] = field(repr=False)
    """By layer: A [rank, in] and B [out, rank], B already scaled, in the model's dtype and on its device."""
    bytes: int
    """In memory."""


def fit(file: AdapterFile, loaded: LoadedModel) -> Lora:
    """Return what the loaded model can add. Raises `AdapterError` where the adapter belongs to another."""
    _check_base(file.card, loaded)
    _check_layers(file, loaded)
    _check_text(file.folder, loaded)
    weight = next(loaded.model.parameters())
    matrices = {
        module: (a.to(weight), (b.float() * file.card.scale).to(weight)) for module, (a, b) in file.matrices.items()
    }
    total = sum(matrix.nbytes for pair in matrices.values() for matrix in pair)
    return Lora(file.card.digest, matrices, total)


def linear_layers(loaded: LoadedModel) -> dict[str, "torch.nn.Linear"]:
    """The layers that an adapter may change, by name: every linear one but that which ends in the vocabulary."""
    from torch.nn import Linear

    last = loaded.model.get_output_embeddings()
    named = loaded.model.named_modules()
    return {name: module for name, module in named if isinstance(module, Linear) and module is not last}


def _check_base(card: Card, loaded: LoadedModel) -> None:
    served = loaded.id.rpartition("/")[2]
    if card.base.lower() != served.lower():
        raise AdapterError(f"This adapter was trained on {card.base}; here {served} answers. Load it where that runs.")
    if card.revision not in (None, "main", loaded.revision):
        raise AdapterError(
            f"This adapter was trained on revision {card.revision[:12]} of {card.base}; "
            f"here revision {loaded.revision[:12]} answers. Train it again, or serve that revision."
        )


def _check_layers(file: AdapterFile, loaded: LoadedModel) -> None:
    layers = linear_layers(loaded)
    for module, (a, b) in file.matrices.items():
        layer = layers.get(module)
        if layer is None:
            raise AdapterError(f"This adapter changes {module}; {loaded.id} has no such linear layer.")
        if (b.shape[0], a.shape[1]) != (layer.out_features, layer.in_features):
            raise AdapterError(
                f"This adapter changes {module} as if it were {b.shape[0]} x {a.shape[1]}; "
                f"in {loaded.id} it is {layer.out_features} x {layer.in_features}."
            )
    wanted = [name for name in layers if name.rpartition(".")[2] in file.card.targets]
    missing = [name for name in wanted if name not in file.matrices]
    if missing:
        raise AdapterError(
            f"This adapter leaves out {len(missing)} of {len(wanted)} layers that it says it changes, {missing[0]} "
            "for one: it is cut short, or belongs to another model."
        )


def _check_text(folder: Path, loaded: LoadedModel) -> None:
    """A tokenizer saved beside the adapter must be the one of the base; an adapter is only heard in its own tongue."""
    for name in ("config.json", "tokenizer_config.json"):
        if _json(folder / name).get("auto_map"):
            raise AdapterError(f"{folder / name} has an auto_map, which names code to run. Remove it.")
    if (saved := _json(folder / "tokenizer.json")) and _reads_otherwise(saved, loaded):
        raise AdapterError(
            f"The tokenizer in {folder} is not that of {loaded.id}: the adapter would read other tokens."
        )
    template = _json(folder / "tokenizer_config.json").get("chat_template")
    if (folder / "chat_template.jinja").exists():
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8", errors="replace")
    if template is not None and template != loaded.tokenizer.chat_template:
        raise AdapterError(
            f"The chat template in {folder} is not that of {loaded.id}. Train with the model's own template."
        )


def _reads_otherwise(saved: dict[str, Any], loaded: LoadedModel) -> bool:
    own = json.loads(loaded.tokenizer.backend_tokenizer.to_str())
    return any(saved.get(part) != own.get(part) for part in TOKENIZER_PARTS)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise AdapterError(f"{path} cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise AdapterError(f"{path} must be an object.")
    return value
