"""What a training run may be set to: by goal, and field by field. Every field has a safe default and says what for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat.errors import InvalidInputError


class Objective(StrEnum):
    """What is made smaller. The values are the field's own names."""

    SFT = "supervised fine-tuning"
    PRETRAINING = "continued pre-training"
    DPO = "preference optimisation"


class TrainingSettings(BaseModel):
    """Every hyperparameter of a run: what people call it, and below it what it does."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    objective: Annotated[Objective, Field(title="Objective")] = Objective.SFT
    """Supervised fine-tuning learns the completions. Continued pre-training (self-supervised) learns to go on with the
    documents' text. Preference optimisation (DPO) learns to prefer one answer to another."""
    epochs: Annotated[int, Field(ge=1, le=100, title="Epochs")] = 3
    """How often each example is seen. More than a few learns by heart."""
    learning_rate: Annotated[float, Field(gt=0, le=1, title="Learning rate")] = 2e-4
    """How far a step goes. 0.0002 suits LoRA; ten times as much often explodes, a tenth hardly learns."""
    rank: Annotated[int, Field(ge=1, le=256, title="Rank (r)")] = 16
    """How thick the two matrices beside each layer are: how much can be learned, and how much memory it takes."""
    alpha: Annotated[int, Field(ge=1, le=1024, title="Alpha")] = 32
    """How loudly the adapter speaks: it is scaled by alpha / rank."""
    dropout: Annotated[float, Field(ge=0, lt=1, title="Dropout")] = 0.0
    """The share of the adapter's input that is left out at random."""
    targets: Annotated[Literal["all", "attention"], Field(title="Parts of a layer")] = "all"
    """Which linear maps of a layer learn: all of them, or attention's alone."""
    layers: Annotated[int, Field(ge=0, title="Last layers (layer freezing)")] = 0
    """How many of the last layers learn; the ones before are frozen. 0: all learn."""
    batch: Annotated[int, Field(ge=1, le=512, title="Batch size")] = 8
    """Examples that one step learns from. Where many share their passages, a larger batch is faster: those passages
    are computed once."""
    at_once: Annotated[int, Field(ge=1, le=64, title="Micro-batch")] = 1
    """Examples in memory at once. What is learned is the same; fewer take less memory, more are faster on a GPU. The
    chat goes first before each."""
    max_tokens: Annotated[int, Field(ge=32, le=131_072, title="Longest example (tokens)")] = 2048
    """The passages of a longer example are clipped; one that is longer still is left out, and named."""
    look_up: Annotated[bool, Field(title="Look passages up")] = False
    """Give an example that has no passages those that the chat finds for its question now."""
    warmup: Annotated[float, Field(ge=0, le=0.5, title="Warm-up")] = 0.05
    """The share of the steps in which the learning rate rises. After them it falls to nought in a straight line."""
    weight_decay: Annotated[float, Field(ge=0, le=1, title="Weight decay")] = 0.0
    """How strongly weights are drawn back to nought."""
    clip: Annotated[float, Field(gt=0, le=100, title="Gradient clipping")] = 1.0
    """A gradient that is longer is shortened to this norm."""
    beta: Annotated[float, Field(gt=0, le=10, title="Beta (DPO)")] = 0.1
    """How strongly preference optimisation is held to the model it began with."""
    evaluate_every: Annotated[int, Field(ge=1, title="Evaluate every (steps)")] = 20
    """How often the held-out examples are measured, and sample answers given."""
    checkpoint_every: Annotated[int, Field(ge=1, title="Checkpoint every (steps)")] = 5
    """At most so many steps are done again after a crash."""
    max_rows: Annotated[int | None, Field(ge=1, title="Examples at most")] = None
    """Train on the first so many; empty: on all."""
    seed: Annotated[int, Field(ge=0, lt=2**31, title="Seed")] = 1
    """Decides everything random: the same seed gives the same adapter."""


@dataclass(frozen=True)
class Preset:
    """A goal, and the settings that fit it."""

    name: str
    title: str
    method: str
    """In the field's own words."""
    why: str
    settings: TrainingSettings
    distils: bool = False
    """Whether the completions are what the served model answers with the passages before it."""
    facts: bool = False
    """Whether people choose it to teach facts, which it does badly."""


FACTS = (
    "Do you want to teach facts? Put them into the documents instead. Commercial fine-tuning services learned 37 % of "
    "new facts and 19 % of changed ones (FineTuneBench, arXiv 2411.05059), and over twelve models retrieval was far "
    "ahead of fine-tuning for what is rarely written about (Soudani et al., arXiv 2403.01432). A fact in a document "
    "can also be corrected, cited and deleted."
)

PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "answer",
            "Answer from passages",
            "supervised fine-tuning, LoRA",
            "The model learns to find the answer in the passages it is shown, and to say so where it is not there. "
            "Trained with passages, a model reads them better: on HotpotQA RAFT was 31 points ahead of fine-tuning "
            "without them (arXiv 2403.10131).",
            TrainingSettings(look_up=True),
        ),
        Preset(
            "style",
            "Style and format",
            "supervised fine-tuning, LoRA",
            "A low rank on attention alone is enough to learn a tone or a form of answer, and leaves what the model "
            "knows alone.",
            TrainingSettings(rank=8, alpha=16, targets="attention", learning_rate=1e-4, epochs=2),
            facts=True,
        ),
        Preset(
            "wording",
            "Words of the domain",
            "continued pre-training (self-supervised), LoRA",
            "The model goes on reading, in your documents, and gets used to their words and names. It does not learn "
            "to answer by that.",
            TrainingSettings(objective=Objective.PRETRAINING, rank=32, alpha=64, learning_rate=1e-4, max_tokens=512),
            facts=True,
        ),
        Preset(
            "preference",
            "Prefer the better answer",
            "preference optimisation (DPO), LoRA",
            "Learns from pairs: an answer that was rated down, and the one that should have been given.",
            TrainingSettings(objective=Objective.DPO, learning_rate=2e-5, epochs=2),
        ),
        Preset(
            "distil",
            "Distil RAG into the adapter",
            "sequence-level distillation, LoRA",
            "The served model answers each question with the passages before it; the adapter learns to give that "
            "answer without them. Faster answers; but what it learned goes stale when a document changes.",
            TrainingSettings(look_up=True, epochs=3),
            distils=True,
            facts=True,
        ),
    )
}
DEFAULT = "answer"


def preset(name: str) -> Preset:
    """The preset of that name. Raises `InvalidInputError`, which lists them."""
    if name not in PRESETS:
        raise InvalidInputError(f"There is no preset {name!r}. There is: {', '.join(PRESETS)}.")
    return PRESETS[name]


def chosen(name: str, changes: Mapping[str, Any] | None = None) -> TrainingSettings:
    """The preset's settings with some changed. Raises `InvalidInputError`, which names each that is wrong."""
    wanted = preset(name).settings.model_dump() | dict(changes or {})
    try:
        return TrainingSettings.model_validate(wanted)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidInputError(f"These settings cannot be used: {told}.") from None


@dataclass(frozen=True)
class SettingField:
    """A field as a form shows it."""

    name: str
    title: str
    help: str
    default: Any


def fields(name: str = DEFAULT) -> Sequence[SettingField]:
    """Every field, with its help and what the preset sets it to."""
    defaults = preset(name).settings.model_dump(mode="json")
    return [
        SettingField(each, info.title or each, " ".join((info.description or "").split()), defaults[each])
        for each, info in TrainingSettings.model_fields.items()
    ]
