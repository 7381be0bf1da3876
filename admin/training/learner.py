"""The model that learns: a base whose weights stay as they are, and a LoRA beside its layers."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin.training.batches import Batch, behind_prefix, side_by_side
from admin.training.packing import Pack
from admin.training.presets import Objective, TrainingSettings
from admin.training.rows import Encoded
from chat.engine.adapters import CONFIG, WEIGHTS
from chat.engine.fitting import linear_layers
from chat.engine.loading import LoadedModel
from chat.errors import InvalidInputError

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator
    from torch import Tensor

ANSWER_TOKENS = 48
ATTENTION = "attn"
"""What every family calls the module of a layer's attention, or a part of its name."""


@dataclass(frozen=True)
class Learner:
    """A base model with a LoRA that learns, and its optimizer, wherever accelerate put them."""

    loaded: LoadedModel
    settings: TrainingSettings
    accelerator: "Accelerator"
    model: "torch.nn.Module"
    optimizer: "torch.optim.Optimizer"
    parameters: Mapping[str, "torch.nn.Parameter"] = field(repr=False)
    """Those that learn, by the names that an adapter's file gives them."""

    def loss(self, pack: Pack) -> "Tensor":
        """The summed loss of some rows: nats per learned token, or, for preferences, per pair."""
        if self.settings.objective == Objective.DPO:
            return self._preference(pack.rows)
        return -self._batch(pack).log_probs(self.model).sum()

    def weight(self, rows: Sequence[Encoded]) -> int:
        """What the summed loss of these rows is divided by to give their mean."""
        if self.settings.objective == Objective.DPO:
            return len(rows)
        return sum(len(row.completion) - (not row.prompt) for row in rows)

    def _preference(self, rows: Sequence[Encoded]) -> "Tensor":
        """Direct preference optimisation (Rafailov et al. 2023, equation 7); the base is the reference."""
        import torch
        from torch.nn.functional import logsigmoid

        better = [(row.prompt, row.completion) for row in rows]
        batch = side_by_side(better + [(row.prompt, row.rejected) for row in rows]).to(self.accelerator.device)
        with torch.no_grad(), self.as_base():
            reference = batch.log_probs(self.model)
        chosen, rejected = batch.by_sequence(batch.log_probs(self.model) - reference).chunk(2)
        return -logsigmoid(self.settings.beta * (chosen - rejected)).sum()

    @contextmanager
    def as_base(self) -> Iterator[None]:
        """The model as it is without what was learned."""
        with self.accelerator.unwrap_model(self.model).disable_adapter():
            yield

    def answer(self, row: Encoded) -> str:
        """What the model says to a row's prompt now, at its most likely."""
        import torch

        tokens = torch.tensor([row.prompt], device=self.accelerator.device)
        model = self.accelerator.unwrap_model(self.model)
        with torch.no_grad():
            said = model.generate(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=ANSWER_TOKENS,
                do_sample=False,
                use_cache=True,
                eos_token_id=sorted(self.loaded.eos_ids) or None,
                pad_token_id=min(self.loaded.eos_ids, default=0),
            )
        return str(self.loaded.tokenizer.decode(said[0, len(row.prompt) :], skip_special_tokens=True)).strip()

    def weights(self) -> dict[str, "Tensor"]:
        """The adapter's weights as they are, in the order of their names, on the CPU."""
        return {name: each.detach().cpu().clone() for name, each in self.parameters.items()}

    def load_weights(self, weights: Mapping[str, "Tensor"]) -> None:
        """Be what a checkpoint was."""
        import torch

        with torch.no_grad():
            for name, each in self.parameters.items():
                each.copy_(weights[name])

    def export(self, folder: Path) -> None:
        """Save the adapter as PEFT does: plain LoRA in bfloat16, which every server reads."""
        import torch
        from safetensors.torch import save_file

        folder.mkdir(parents=True)
        narrow = {name: each.to(torch.bfloat16).contiguous() for name, each in self.weights().items()}
        save_file(narrow, folder / WEIGHTS, metadata={"format": "pt"})
        config = self.accelerator.unwrap_model(self.model).peft_config["default"].to_dict()
        said = {
            **config,
            "base_model_name_or_path": self.loaded.id,
            "revision": self.loaded.revision,
            "inference_mode": True,
            "target_modules": sorted(config["target_modules"]),
        }
        (folder / CONFIG).write_text(json.dumps(said, indent=2, sort_keys=True) + "\n")

    def _batch(self, pack: Pack) -> Batch:
        if pack.shared:
            made = behind_prefix(pack, self.loaded.model.dtype)
        else:
            made = side_by_side([(row.prompt, row.completion) for row in pack.rows])
        return made.to(self.accelerator.device)


def make_learner(loaded: LoadedModel, settings: TrainingSettings, accelerator: "Accelerator") -> Learner:
    """Lay a LoRA beside the model's layers, at random from the seed. Raises `InvalidInputError`."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets(loaded, settings),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PEFT 0.21 asks transformers 5.23 for a property's old name
        model = get_peft_model(loaded.model, config)
    _freeze(model, loaded, settings.layers)
    named = {name.replace(".default.", "."): each for name, each in sorted(model.named_parameters()) if "lora_" in name}
    optimizer = torch.optim.AdamW(
        [each for each in named.values() if each.requires_grad],
        settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    model, optimizer = accelerator.prepare(model, optimizer)
    return Learner(loaded, settings, accelerator, model, optimizer, named)


def targets(loaded: LoadedModel, settings: TrainingSettings) -> list[str]:
    """Last parts of the names of the linear layers that learn."""
    names = [name for name in linear_layers(loaded) if settings.targets == "all" or ATTENTION in name]
    return sorted({name.rpartition(".")[2] for name in names})


def _freeze(model: Any, loaded: LoadedModel, last: int) -> None:
    """Let only the last layers learn. The others keep a LoRA that adds nothing, so that the file is a plain one."""
    depth = loaded.model.config.get_text_config().num_hidden_layers
    if last > depth:
        raise InvalidInputError(
            f"{loaded.id} has {depth} layers; {last} of them cannot learn. Choose fewer, or 0: all."
        )
    frozen = tuple(f".layers.{number}." for number in range(depth - last if last else 0))
    for name, each in model.named_parameters():
        if frozen and "lora_" in name and any(layer in name for layer in frozen):
            each.requires_grad = False
