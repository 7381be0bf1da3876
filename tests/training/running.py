"""A tiny model that can end its answers, rows for it, and the training program run as the child it is."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from transformers import GenerationConfig

from admin.training.folder import Plan, RunFolder, file_sha256
from admin.training.presets import TrainingSettings
from admin.training.rows import Row, Vocabulary, encode
from admin.training.train import Run, main
from chat.engine.loading import load
from chat.settings import Settings
from tests.engine.conftest import make_model

QUICK: Mapping[str, Any] = {
    "epochs": 2,
    "batch": 4,
    "at_once": 2,
    "rank": 4,
    "alpha": 8,
    "learning_rate": 5e-3,
    "evaluate_every": 4,
    "checkpoint_every": 2,
}
PLACES = ("quay", "mill", "school", "bakery", "library", "chapel", "market", "station")
HOURS = ("six", "seven", "eight", "nine", "ten")


def make_ending_model(folder: Path) -> Path:
    """The engine tests' tiny model, which says `<|im_end|>` at the end of an answer."""
    make_model(folder)
    GenerationConfig(eos_token_id=2, bos_token_id=1, pad_token_id=0).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 1024}))
    return folder


def rows(train: int = 16, validation: int = 4, **changes: Any) -> list[dict[str, Any]]:
    """Rows of a snapshot: when places open."""
    made = []
    for number in range(train + validation):
        place, hour = PLACES[number % len(PLACES)], HOURS[number % len(HOURS)]
        question = f"When does the {place} open in house {number}?"
        made.append(
            {
                "id": f"r{number}",
                "split": "train" if number < train else "validation",
                "messages": [{"role": "user", "content": question}],
                "completion": f"At {hour}.",
                "passages": [],
                "answerable": True,
                "documents": [f"{place}.md"],
                **changes,
            }
        )
    return made


def sharing_rows(contexts: int, each: int = 4) -> list[dict[str, Any]]:
    """Rows of which `each` in turn are asked about the same passages; no two follow one another."""
    made = []
    for number, row in enumerate(rows(contexts * each, 0)):
        place, hour = PLACES[number % contexts], HOURS[number % contexts % len(HOURS)]
        passages = [{"document": f"{place}.md", "section": "", "text": f"The {place} opens at {hour}. " * 12}]
        made.append(row | {"passages": passages})
    return made


def write_run(
    path: Path, model: Path, said: Sequence[Mapping[str, Any]], *, only_steps: int | None = None, **changes: Any
) -> RunFolder:
    """A run's folder, ready to be trained in."""
    path.mkdir(parents=True)
    folder = RunFolder(path)
    folder.rows.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in said))
    settings = TrainingSettings.model_validate({**QUICK, **changes})
    digest = file_sha256(folder.rows)
    home = path.parent
    folder.write_plan(
        Plan(settings=settings, home=home, model=str(model), dtype="float32", rows_sha256=digest, only_steps=only_steps)
    )
    return folder


def train_here(path: Path) -> None:
    """Be the training program, in a process of one's own."""
    sys.argv = ["train", str(path)]
    with (path / "error.log").open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    sys.exit(main())


def train(folder: RunFolder) -> None:
    """Train to the end, in this process."""
    Run(folder, Accelerator(cpu=True), lambda: False).train()


def steps(folder: RunFolder) -> list[dict[str, Any]]:
    """What the log says of the steps."""
    return [event for event in folder.log()[0] if event["event"] == "step"]


def learn_by_heart(model_folder: Path) -> None:
    """Let the model's own weights learn the rows."""
    loaded = load(Settings(home=model_folder.parent, model=str(model_folder), dtype="float32"))
    vocabulary = Vocabulary.of(loaded)
    encoded = [encode(Row.of(row), vocabulary, 256) for row in rows(16, 0)]
    optimizer = torch.optim.AdamW(loaded.model.parameters(), 5e-3)
    for _ in range(12):
        for row in encoded:
            labels = torch.tensor([[-100] * len(row.prompt) + list(row.completion)])
            optimizer.zero_grad()
            loaded.model(input_ids=torch.tensor([row.prompt + row.completion]), labels=labels).loss.backward()
            optimizer.step()
    loaded.model.save_pretrained(model_folder)
