"""Training beside what a person would write without it: PEFT in a bare loop, and TRL's trainer.

All sides learn the same tokens of the demo's examples with the same LoRA, on the bundled model in the format that this
machine is fastest in, and take turns: a step of the one, a step of the other. Ours takes the step as a run does. Then
the same examples with and without computing what they share once.
"""

import gc
import json
import statistics
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from admin.training.learner import make_learner
from admin.training.packing import PREFIXES, in_parts, packed
from admin.training.presets import TrainingSettings
from admin.training.rows import Encoded, Passage, Row, Vocabulary, encode
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.engine.loading import LoadedModel, load
from chat.settings import Settings

DEMO = Path(__file__).parents[1] / "demo"
ROUNDS = 5
BATCH = 4
PASSAGE = 1_200
"""Characters of the passages that a row is asked with."""
CHOSEN = TrainingSettings(batch=BATCH, at_once=1)
QUESTIONS = 8
"""About each document, where what they share is computed once."""
SHARING = TrainingSettings(batch=PREFIXES * QUESTIONS)
SHARING_ROUNDS = 2

Step = Callable[[Sequence[Encoded]], float]


def run(bench: Workbench) -> list[Table]:
    """Beside others, and beside itself without packs; the rounds are few, so the median and the worst are told."""
    settings = Settings(home=bench.home)
    rows = example_rows(Vocabulary.of(load(settings)))
    bench.say("Training beside a bare loop …")
    others = beside_others(settings, rows[: ROUNDS * BATCH])
    bench.say("Training on examples that share their passages …")
    return [others, sharing(settings, rows)]


def beside_others(settings: Settings, rows: Sequence[Encoded]) -> Table:
    """Tokens a second of each side, a row at a time."""
    sides: dict[str, Step] = {"this program": ours(load(settings), CHOSEN)}
    for name, make in (("PEFT in a bare loop", bare), ("TRL 1.16, SFTTrainer", by_trl)):
        sides[name] = make(load(settings))
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    for step in sides.values():
        step(rows[:1])
    for number in range(ROUNDS):
        part = rows[number * BATCH : (number + 1) * BATCH]
        for name, step in sides.items():
            began = perf_counter()
            step(part)
            speeds[name].append(sum(row.length for row in part) / (perf_counter() - began))
    middle = {name: statistics.median(each) for name, each in speeds.items()}
    shown = [
        (name, f"{middle[name]:,.0f}", f"{min(each):,.0f}", f"{middle['this program'] / middle[name]:.2f}")
        for name, each in speeds.items()
    ]
    length, learned = (
        statistics.mean(each) for each in zip(*((r.length, len(r.completion)) for r in rows), strict=True)
    )
    note = (
        f"{ROUNDS} steps of {BATCH} examples each, {length:.0f} tokens on average, {learned:.0f} of them learned. At "
        "least 0.95 of a bare loop is meant."
    )
    return Table("Training", ("", "tokens/s", "slowest step", "ours is so many times as fast"), shown, note)


def sharing(settings: Settings, rows: Sequence[Encoded]) -> Table:
    """Examples a second, and tokens that are really computed, with and without packs, on the same examples."""
    packs = [pack for pack in packed(rows, SHARING) if len(pack.rows) == QUESTIONS][:PREFIXES]
    part = [row for pack in packs for row in pack.rows]
    tokens = {"one by one": sum(row.length for row in part), "behind one prefix": sum(pack.computed for pack in packs)}
    sides = {"one by one": ours(load(settings), CHOSEN), "behind one prefix": ours(load(settings), SHARING)}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(SHARING_ROUNDS):
        for name, step in sides.items():
            began = perf_counter()
            step(part)
            seconds[name].append(perf_counter() - began)
    best = {name: min(each) for name, each in seconds.items()}
    shown = [
        (name, f"{len(part) / best[name]:.2f}", f"{tokens[name]:,}", f"{tokens[name] / best[name]:,.0f}")
        for name in sides
    ]
    note = (
        f"A step of {len(part)} examples, {QUESTIONS} about each of {len(packs)} documents; the better of "
        f"{SHARING_ROUNDS}. The losses are the same."
    )
    return Table("Training, examples that share their passages", ("", "examples/s", "tokens", "tokens/s"), shown, note)


def example_rows(vocabulary: Vocabulary) -> list[Encoded]:
    """Examples of the demo, each with the beginning of its document before it."""
    made: list[Encoded] = []
    for line in (DEMO / "examples.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        document = DEMO / "documents" / said["document"]
        if document.suffix in (".md", ".txt"):
            passage = Passage(document.name, "", document.read_text(encoding="utf-8")[:PASSAGE])
            asked = [{"role": "user", "content": said["prompt"]}]
            row = Row(said["id"], "train", asked, said["completion"], passages=[passage])
            made.append(encode(row, vocabulary, vocabulary.context_length))
    return made


def ours(loaded: LoadedModel, settings: TrainingSettings) -> Step:
    """A step as a run takes it."""
    from accelerate import Accelerator

    learner = make_learner(loaded, settings, Accelerator())

    def step(rows: Sequence[Encoded]) -> float:
        learner.model.train()
        learner.optimizer.zero_grad()
        weight, summed = learner.weight(rows), 0.0
        for part in in_parts(packed(rows, settings), settings.at_once):
            loss = learner.loss(part)
            learner.accelerator.backward(loss / weight)
            summed += loss.item()
        learner.accelerator.clip_grad_norm_(learner.model.parameters(), settings.clip)
        learner.optimizer.step()
        return summed / weight

    return step


def bare(loaded: LoadedModel) -> Step:
    """What PEFT's own examples do: the model's loss, the labels masked."""
    import torch

    model = with_lora(loaded)
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], CHOSEN.learning_rate)

    def step(rows: Sequence[Encoded]) -> float:
        model.train()
        optimizer.zero_grad()
        summed = 0.0
        for row in rows:
            tokens = torch.tensor([row.prompt + row.completion], device=loaded.device)
            labels = tokens.clone()
            labels[:, : len(row.prompt)] = -100
            loss = model(input_ids=tokens, labels=labels).loss / len(rows)
            loss.backward()
            summed += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CHOSEN.clip)
        optimizer.step()
        return summed

    return step


def by_trl(loaded: LoadedModel) -> Step:
    """TRL's training step and its optimizer's, without its loop, logs and checkpoints."""
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    nothing = Dataset.from_list([{"input_ids": [1, 2], "labels": [1, 2]}])
    with quiet():
        arguments = SFTConfig(
            output_dir="unused", report_to=[], bf16=False, use_cpu=loaded.device == "cpu",
            gradient_checkpointing=False, max_length=None, disable_tqdm=True,
        )  # fmt: skip
        trainer: Any = SFTTrainer(
            model=loaded.model,
            args=arguments,
            train_dataset=nothing,
            processing_class=loaded.tokenizer,
            peft_config=lora(loaded),
        )
    optimizer = torch.optim.AdamW([each for each in trainer.model.parameters() if each.requires_grad])

    def step(rows: Sequence[Encoded]) -> float:
        optimizer.zero_grad()
        trainer.current_gradient_accumulation_steps = len(rows)
        summed = 0.0
        for row in rows:
            labels = [-100] * len(row.prompt) + list(row.completion)
            batch = trainer.data_collator([{"input_ids": [*row.prompt, *row.completion], "labels": labels}])
            summed += float(trainer.training_step(trainer.model, batch))
        torch.nn.utils.clip_grad_norm_(trainer.model.parameters(), CHOSEN.clip)
        optimizer.step()
        gc.collect()
        return summed

    return step


def lora(loaded: LoadedModel) -> Any:
    """The LoRA that all sides learn."""
    from peft import LoraConfig

    from admin.training.learner import targets

    return LoraConfig(
        r=CHOSEN.rank, lora_alpha=CHOSEN.alpha, target_modules=targets(loaded, CHOSEN), task_type="CAUSAL_LM"
    )


def with_lora(loaded: LoadedModel) -> Any:
    from peft import get_peft_model

    with quiet():
        return get_peft_model(loaded.model, lora(loaded))


@contextmanager
def quiet() -> Any:
    """What libraries say about one another is none of the benchmark's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
