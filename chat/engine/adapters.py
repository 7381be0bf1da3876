"""LoRA adapters on disk: read once, checked in full, and named by what they are.

The folder is PEFT's own: `adapter_config.json` and `adapter_model.safetensors`. Only plain LoRA is taken, so that
one artefact gives the same answers on every server. Nothing in a folder is ever executed or unpickled.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.errors import AppError

if TYPE_CHECKING:
    import torch

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"})
DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_RANK = 256
MAX_CONFIG_BYTES = 1 << 20
MAX_WEIGHTS_BYTES = 4 << 30

_TENSOR = re.compile(r"base_model\.model\.(?P<module>[\w.]+)\.lora_(?P<side>[AB])\.weight")
_SAID = frozenset(
    {"peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "base_model_name_or_path", "revision"}
)
_HARMLESS = frozenset(
    # What was done in training, and what only describes: none of it changes what the weights answer.
    "task_type inference_mode lora_dropout init_lora_weights peft_version eva_config ensure_weight_tying "
    "megatron_core qalora_group_size".split()
)
_OTHER_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Ways to begin that change the base model's own weights (PEFT, `init_lora_weights`)."""
_CURES = {
    "use_dora": "DoRA needs the base weights at every step; train without use_dora",
    "modules_to_save": "whole layers would replace those of the base; train without modules_to_save",
    "auto_mapping": "it names code to run; train from a model that transformers knows by itself",
    "auto_map": "it names code to run; train from a model that transformers knows by itself",
    "trainable_token_indices": "new tokens would change the vocabulary; train without them",
}


class AdapterError(AppError):
    """An adapter is not served; the message says why, and what would be."""


@dataclass(frozen=True)
class Card:
    """What an adapter says of itself."""

    digest: str
    """sha256 of its canonical configuration and the bytes of its weights: its one true name."""
    base: str
    """Last part of the name or path of the model it was trained on."""
    revision: str | None
    """That model's revision, where the adapter states it."""
    rank: int
    scale: float
    """What the product B·A is multiplied with."""
    targets: tuple[str, ...]
    """Last parts of the names of the layers it changes, sorted."""
    layers: int
    bytes: int
    """Of its weights on disk."""


@dataclass(frozen=True)
class AdapterFile:
    """An adapter as it was read: the very bytes that the digest is of."""

    card: Card
    matrices: Mapping[str, tuple["torch.Tensor", "torch.Tensor"]] = field(repr=False)
    """By layer: A [rank, in] and B [out, rank], as they were saved."""
    folder: Path


def inspect(folder: Path) -> Card:
    """Check everything that can be known without the base model. Raises `AdapterError`."""
    return read(folder).card


def digest(folder: Path) -> str:
    """Return the name of the adapter in `folder`: 64 hexadecimal digits. Raises `AdapterError`."""
    return _digest(_parse(_bytes(folder / CONFIG, MAX_CONFIG_BYTES)), _bytes(folder / WEIGHTS, MAX_WEIGHTS_BYTES))


def read(folder: Path, expected: str | None = None) -> AdapterFile:
    """Read an adapter, each file once; `expected` is the digest it was registered with. Raises `AdapterError`."""
    _refuse_pickles(folder)
    config = _parse(_bytes(folder / CONFIG, MAX_CONFIG_BYTES))
    _check(config)
    weights = _bytes(folder / WEIGHTS, MAX_WEIGHTS_BYTES)
    name = _digest(config, weights)
    if expected is not None and name != expected:
        raise AdapterError(
            f"{folder} is not the adapter {expected[:12]} that was registered: its bytes give {name[:12]}. "
            "Put the original files back, or import these as an adapter of their own."
        )
    matrices = _pair(_tensors(weights), config["r"])
    found = tuple(sorted({module.rpartition(".")[2] for module in matrices}))
    _check_targets(config["target_modules"], matrices)
    root = config["r"] if not config.get("use_rslora") else math.sqrt(config["r"])
    card = Card(
        digest=name,
        base=_base_name(config),
        revision=config.get("revision"),
        rank=config["r"],
        scale=config["lora_alpha"] / root,
        targets=found,
        layers=len(matrices),
        bytes=len(weights),
    )
    return AdapterFile(card, matrices, folder)


def inside(root: Path, path: str) -> Path:
    """The folder that `path` names, absolute or below `root`. Raises `AdapterError` where it leads out of `root`."""
    folder = (root / path).resolve()
    if "\0" in path or not folder.is_relative_to(root.resolve()) or folder == root.resolve():
        raise AdapterError(f"{path!r} is not inside {root}. Adapters are served from there alone: copy it in first.")
    return folder


def _bytes(path: Path, limit: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise AdapterError(
            f"{path} cannot be read: {error.strerror}. An adapter is a folder with {CONFIG} and {WEIGHTS}; "
            "links are not followed."
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        if size > limit:
            raise AdapterError(f"{path} is {size >> 20} MiB; at most {limit >> 20} MiB are read.")
        return file.read(limit)


def _refuse_pickles(folder: Path) -> None:
    if not folder.is_dir():
        raise AdapterError(f"There is no folder {folder}. Name one that holds {CONFIG} and {WEIGHTS}.")
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICKLES:
            raise AdapterError(
                f"{path} is a pickle, which can run code when it is opened. Delete it; "
                f"save the weights as {WEIGHTS} (PEFT: save_pretrained(…, safe_serialization=True))."
            )


def _parse(text: bytes) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise AdapterError(f"{CONFIG} is not JSON: {error}.") from error
    if not isinstance(config, dict):
        raise AdapterError(f"{CONFIG} must be an object.")
    return config


def _check(config: Mapping[str, Any]) -> None:
    """Refuse whatever is not plain LoRA; a key nobody here knows is refused unless it is empty."""
    if config.get("peft_type") != "LORA":
        raise AdapterError(f"{CONFIG} says peft_type {config.get('peft_type')!r}; only LORA is served.")
    for key in sorted(config.keys() - _SAID - _HARMLESS):
        value = config[key]
        if value and not (key == "bias" and value == "none"):
            cure = _CURES.get(key, "only plain LoRA is served; train without it")
            raise AdapterError(f"{CONFIG} sets {key} to {str(value)[:60]!r}: {cure}.")
    started = str(config.get("init_lora_weights", True)).lower()
    if started.startswith(_OTHER_BASE):
        raise AdapterError(
            f"init_lora_weights is {started!r}, which changes the base model too; convert it to plain LoRA."
        )
    _check_numbers(config)


def _check_numbers(config: Mapping[str, Any]) -> None:
    rank, alpha, targets = config.get("r"), config.get("lora_alpha"), config.get("target_modules")
    if type(rank) is not int or not 1 <= rank <= MAX_RANK:
        raise AdapterError(f"The rank r is {rank!r}; it must be a whole number from 1 to {MAX_RANK}.")
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not math.isfinite(alpha):
        raise AdapterError(f"lora_alpha is {alpha!r}; it must be a number.")
    if not isinstance(targets, list) or not targets or not all(isinstance(target, str) for target in targets):
        raise AdapterError("target_modules must be a list of names, such as q_proj and v_proj.")
    if not isinstance(config.get("revision"), str | None):
        raise AdapterError("revision must be text, or be left out.")
    if not isinstance(config.get("base_model_name_or_path"), str):
        raise AdapterError("base_model_name_or_path is missing: it must name the model that was trained on.")


def _base_name(config: Mapping[str, Any]) -> str:
    """The last part only: the folder a model lay in says nothing about the model."""
    return str(config["base_model_name_or_path"]).rstrip("/").rpartition("/")[2]


def _digest(config: Mapping[str, Any], weights: bytes) -> str:
    _check(config)
    said = {
        "base": _base_name(config),
        "revision": config.get("revision"),
        "r": config["r"],
        "lora_alpha": float(config["lora_alpha"]),
        "use_rslora": bool(config.get("use_rslora")),
        "target_modules": sorted(config["target_modules"]),
    }
    whole = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())
    whole.update(hashlib.sha256(weights).digest())
    return whole.hexdigest()


def _tensors(weights: bytes) -> dict[str, "torch.Tensor"]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(weights)
    except (SafetensorError, ValueError, KeyError) as error:
        raise AdapterError(f"{WEIGHTS} is damaged, or no safetensors file: {error}.") from error


def _pair(tensors: Mapping[str, "torch.Tensor"], rank: int) -> dict[str, tuple["torch.Tensor", "torch.Tensor"]]:
    """Every A with its B, finite and of the rank that was promised."""
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        match = _TENSOR.fullmatch(name)
        if match is None:
            raise AdapterError(f"{WEIGHTS} holds {name[:120]!r}, which is no part of a plain LoRA.")
        if not tensor.is_floating_point() or tensor.ndim != 2 or not bool(tensor.isfinite().all()):
            raise AdapterError(f"{name} is no matrix of finite numbers (NaN or infinity): the training went wrong.")
        sides.setdefault(match["module"], {})[match["side"]] = tensor
    for module, pair in sides.items():
        if pair.keys() != {"A", "B"}:
            raise AdapterError(f"{module} has lora_{next(iter(pair))} without its other half.")
        if (pair["A"].shape[0], pair["B"].shape[1]) != (rank, rank):
            shapes = f"A {list(pair['A'].shape)} and B {list(pair['B'].shape)}"
            raise AdapterError(f"{module} has {shapes}, which do not fit the rank {rank} that {CONFIG} states.")
    return {module: (pair["A"], pair["B"]) for module, pair in sides.items()}


def _check_targets(targets: list[str], matrices: Mapping[str, object]) -> None:
    for target in targets:
        if not any(_is_target(module, target) for module in matrices):
            raise AdapterError(f"target_modules names {target!r}, but {WEIGHTS} holds no weights for it.")
    for module in matrices:
        if not any(_is_target(module, target) for target in targets):
            raise AdapterError(f"{WEIGHTS} holds weights for {module}, which target_modules does not name.")


def _is_target(module: str, target: str) -> bool:
    return module == target or module.endswith(f".{target}")
