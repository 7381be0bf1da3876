"""The loop is ours; TRL says what it has to come to: the same losses on the same rows, step by step."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoTokenizer, LlamaForCausalLM

from admin.training.presets import Objective
from admin.training.rows import Encoded
from admin.training.schedule import packs_of
from admin.training.train import Run
from tests.training.running import rows, steps, write_run

STEPS = 4
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.mark.parametrize("objective", [Objective.SFT, Objective.DPO])
def test_losses_and_gradients_are_those_of_trl(objective: Objective, ending_model: Path, tmp_path: Path) -> None:
    said = [row | {"rejected": "Ask somebody else, please."} for row in rows()]
    rate = 5e-3 if objective == Objective.SFT else 1e-3
    folder = write_run(
        tmp_path / "run", ending_model, said, only_steps=STEPS, objective=objective, learning_rate=rate, warmup=0
    )
    run = Run(folder, Accelerator(cpu=True), lambda: False)
    first, order = run.learner.weights(), [packs_of(step, run.packs, run.settings) for step in range(STEPS)]
    run.train()
    learned = [row for packs in order for pack in packs for row in pack.rows]
    theirs = by_trl(objective, ending_model, learned, first, rate, tmp_path / "trl")
    for mine, its in zip(steps(folder), theirs, strict=True):
        for measure in ("loss", "grad_norm", "learning_rate"):
            assert mine[measure] == pytest.approx(its[measure], rel=1e-4), measure


def by_trl(
    objective: Objective,
    model: Path,
    learned: list[Encoded],
    weights: dict[str, torch.Tensor],
    rate: float,
    output: Path,
) -> list[dict[str, Any]]:
    """What TRL logs of four steps over the same tokens, from the same weights."""
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    class Sft(SFTTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, *_: object) -> Any:
            return torch.utils.data.SequentialSampler(self.train_dataset)

    class Dpo(DPOTrainer):  # type: ignore[misc]
        def _prepare_dataset(self, dataset: Dataset, *_: object, **__: object) -> Dataset:
            return dataset

        def _get_train_sampler(self, *_: object) -> Any:
            return torch.utils.data.SequentialSampler(self.train_dataset)

    options: dict[str, Any] = {
        "output_dir": str(output), "per_device_train_batch_size": 4, "max_steps": STEPS, "learning_rate": rate,
        "lr_scheduler_type": "linear", "warmup_steps": 0, "weight_decay": 0.0, "logging_steps": 1, "report_to": [],
        "save_strategy": "no", "bf16": False, "use_cpu": True, "gradient_checkpointing": False, "max_length": None,
        "disable_tqdm": True,
    }  # fmt: skip
    masked = [
        {
            "input_ids": [*row.prompt, *row.completion],
            "completion_mask": [0] * len(row.prompt) + [1] * len(row.completion),
        }
        for row in learned
    ]
    pairs = [
        {"prompt_ids": list(row.prompt), "chosen_ids": list(row.completion), "rejected_ids": list(row.rejected)}
        for row in learned
    ]
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.pad_token = "<|endoftext|>"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        base = LlamaForCausalLM.from_pretrained(model)
        shared = {
            "model": base,
            "processing_class": tokenizer,
            "peft_config": LoraConfig(r=4, lora_alpha=8, target_modules=ALL, task_type="CAUSAL_LM"),
        }
        if objective == Objective.SFT:
            arguments = SFTConfig(completion_only_loss=True, **options)
            trainer = Sft(args=arguments, train_dataset=Dataset.from_list(masked), **shared)
        else:
            arguments = DPOConfig(beta=0.1, remove_unused_columns=False, **options)
            trainer = Dpo(args=arguments, train_dataset=Dataset.from_list(pairs), **shared)
        with torch.no_grad():
            for name, each in trainer.model.named_parameters():
                if "lora_" in name:
                    each.copy_(weights[name.replace(".default.", ".")])
        trainer.train()
    return [logged for logged in trainer.state.log_history if "loss" in logged]
