"""The model that learns: a base whose weights stay as they are, and a LoRA beside its layers. What it loses, and says.

Rows are padded on the left, so that their completions end together and the vocabulary's layer runs over the last
columns alone: on a CPU, with a prompt of a thousand tokens and an answer of fifty, that is a quarter of all the work.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
class Batch:
    """Rows of tokens, padded on the left. `completion` [row, kept] marks the last columns that carry the loss."""

    tokens: "Tensor"
    """[row, column]"""
    mask: "Tensor"
    """[row, column], 1 where there is a token."""
    completion: "Tensor"
    """[row, kept], bool."""


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

    def loss(self, rows: Sequence[Encoded]) -> "Tensor":
        """The summed loss of some rows: nats per learned token, or, for preferences, per pair."""
        if self.settings.objective == Objective.DPO:
            return self._preference(rows)
        batch = self._padded([(row.prompt, row.completion) for row in rows])
        return -(_log_probs(self.model, batch) * batch.completion).sum()

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
        batch = self._padded(better + [(row.prompt, row.rejected) for row in rows])
        with torch.no_grad(), self.as_base():
            reference = (_log_probs(self.model, batch) * batch.completion).sum(1)
        gained = (_log_probs(self.model, batch) * batch.completion).sum(1) - reference
        chosen, rejected = gained.chunk(2)
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

    def _padded(self, sides: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> Batch:
        import torch

        width = max(len(prompt) + len(completion) for prompt, completion in sides)
        kept = min(max(len(completion) for _, completion in sides), width - 1)
        tokens = torch.zeros(len(sides), width, dtype=torch.long)
        mask, learned = torch.zeros_like(tokens), torch.zeros(len(sides), kept, dtype=torch.bool)
        for number, (prompt, completion) in enumerate(sides):
            ids = prompt + completion
            tokens[number, width - len(ids) :] = torch.tensor(ids)
            mask[number, width - len(ids) :] = 1
            # Nothing comes before the first token of all, so nothing can be expected of it.
            learned[number, kept - (len(completion) - (not prompt)) :] = True
        device = self.accelerator.device
        return Batch(tokens.to(device), mask.to(device), learned.to(device))


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


def _log_probs(model: "torch.nn.Module", batch: Batch) -> "Tensor":
    """Log-probabilities of the last tokens of each row, [row, kept], in float32."""
    import torch

    kept = batch.completion.shape[1]
    positions = (batch.mask.cumsum(1) - 1).clamp(min=0)
    logits = model(
        input_ids=batch.tokens,
        attention_mask=batch.mask,
        position_ids=positions,
        use_cache=False,
        logits_to_keep=kept + 1,
    ).logits
    expected = batch.tokens[:, -kept:]
    scored = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), expected.flatten(), reduction="none"
    )
    return -scored.view_as(expected)
