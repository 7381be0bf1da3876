"""Whether a passage answers a question: a small network over the bundled encoder's tokens, in this process.

The bundled all-MiniLM-L6-v2 reads question and passage apart. Each word of the question is then aligned with the
passage and compared with what it found there, and the comparisons are weighed together (Parikh et al. 2016,
"A Decomposable Attention Model"). `admin/training/answerability.py` makes the weights and calls these very functions.
Nothing is remembered: a verifier gives the same answer whatever it was asked before.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.errors import ModelError
from chat.models.embedder import bundled_folder

if TYPE_CHECKING:
    from torch import Tensor

    Weights = Mapping[str, Tensor]

ARTEFACT = Path(__file__).parent / "answerability"
WEIGHTS = "weights.safetensors"
FACTS = "facts.json"
QUESTION_TOKENS = 40
PASSAGE_TOKENS = 192
"""What is longer loses its end. A chunk of the usual length fits."""
BATCH = 8
"""Passages encoded at once, like the embedder's: on few cores larger batches fall out of the cache."""
HIDDEN = -1e4
"""Score of a place that is not there, before a softmax or a maximum."""


@dataclass(frozen=True)
class Tokens:
    """What the encoder made of texts: `states` (texts, tokens, width), `ids` (texts, tokens), 0 where padded."""

    states: "Tensor"
    ids: "Tensor"
    words: "Tensor"
    """(texts, tokens), bool: a token of the text, neither padding nor a mark of the encoder's own."""


@dataclass(frozen=True)
class Encoder:
    """The bundled encoder and its tokenizer."""

    model: Any
    tokenizer: Any


class Verifier:
    """Says how likely passages answer a question. Loaded when it is first used; may be called from any thread."""

    def __init__(self, dtype: str = "auto", folder: Path = ARTEFACT) -> None:
        self._dtype = dtype
        self._folder = folder
        self._loading = threading.Lock()

    def probabilities(self, question: str, passages: Sequence[str]) -> list[float]:
        """Probability, 0 to 1, that each of `passages` answers `question`, in their order.

        A passage is the chunk with where it stands before it (`document › section`, a line break, the text).
        Raises `ModelError` when the network's weights or the bundled encoder are missing.
        """
        import torch

        if not passages:
            return []
        with self._loading:
            encoder, weights = self._loaded
        with torch.inference_mode():
            asked = encode(encoder, [question], QUESTION_TOKENS)
            chances = []
            for first in range(0, len(passages), BATCH):
                some = encode(encoder, passages[first : first + BATCH], PASSAGE_TOKENS)
                chances.extend(torch.sigmoid(answerability(weights, asked, some)).tolist())
        return chances

    @property
    def threshold(self) -> float:
        """The probability below which a question is refused, where no passage reaches it; chosen when trained."""
        return float(self._facts["threshold"])

    @cached_property
    def _facts(self) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads((self._folder / FACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _unusable(self._folder, error) from error
        return facts

    @cached_property
    def _loaded(self) -> "tuple[Encoder, Weights]":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            weights = load_file(self._folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise _unusable(self._folder, error) from error
        return load_encoder(self._dtype), {name: tensor.float() for name, tensor in weights.items()}


def _unusable(folder: Path, error: Exception) -> ModelError:
    return ModelError(
        f"The answerability model in {folder} cannot be read: {error}\n"
        "Reinstall Apprentice, or make it anew with `python -m admin.training.answerability`."
    )


def load_encoder(dtype: str = "auto") -> Encoder:
    """The bundled encoder, in the format that is faster here. Raises `ModelError` if it is missing."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    from chat.engine.precision import choose_dtype

    disable_progress_bar()
    folder = bundled_folder()
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    chosen = choose_dtype(dtype, "cpu", model.config.hidden_size, model.config.intermediate_size)
    return Encoder(model.to(dtype=chosen), AutoTokenizer.from_pretrained(folder, local_files_only=True))


def encode(encoder: Encoder, texts: Sequence[str], longest: int) -> Tokens:
    """The states of the tokens of each text, float32, cut off after `longest` tokens."""
    inputs = encoder.tokenizer(
        list(texts),
        truncation=True,
        max_length=longest,
        padding=True,
        return_tensors="pt",
        return_special_tokens_mask=True,
    )
    words = inputs.pop("special_tokens_mask") == 0
    states = encoder.model(**inputs).last_hidden_state.float() * inputs["attention_mask"][..., None]
    return Tokens(states, inputs["input_ids"] * inputs["attention_mask"], words)


def answerability(weights: "Weights", questions: Tokens, passages: Tokens, dropout: float = 0.0) -> "Tensor":
    """Logits (pairs,) that the passages answer the questions; one question may stand against many passages."""
    import torch
    from torch.nn import functional

    both = questions.words[:, :, None] & passages.words[:, None, :]
    cosines = _unit(questions.states) @ _unit(passages.states).transpose(1, 2)
    cosines = cosines.masked_fill(~both, -1.0)
    attention = (weights["sharpness"].exp() * cosines).masked_fill(~both, HIDDEN).softmax(dim=-1)
    asked = _layer(weights, "asked", questions.states)
    found = _layer(weights, "found", attention @ passages.states)
    asked, found = (functional.dropout(side, dropout, training=dropout > 0) for side in (asked, found))
    asked = asked.expand_as(found)

    rarity = (weights["rarity"][questions.ids] * questions.words).expand(len(found), -1)
    present = ((questions.ids[:, :, None] == passages.ids[:, None, :]) & both).any(dim=-1).float()
    match = cosines.amax(dim=-1)
    hints = torch.stack([match, present, rarity, rarity * match], dim=-1)
    compared = functional.gelu(_layer(weights, "compare", torch.cat([asked, found, asked * found, hints], dim=-1)))
    compared = functional.gelu(_layer(weights, "compare_again", compared))

    words = questions.words.expand(len(found), -1)
    weight = _layer(weights, "weigh", compared).masked_fill(~words[..., None], HIDDEN).softmax(dim=1)
    strongest = compared.masked_fill(~words[..., None], HIDDEN).amax(dim=1)
    whole = _overlap(questions, passages, match, present, rarity, words)
    verdict = functional.gelu(
        _layer(weights, "judge", torch.cat([(weight * compared).sum(dim=1), strongest, whole], dim=-1))
    )
    return _layer(weights, "conclude", functional.dropout(verdict, dropout, training=dropout > 0)).squeeze(-1)


def _overlap(
    questions: Tokens, passages: Tokens, match: "Tensor", present: "Tensor", rarity: "Tensor", words: "Tensor"
) -> "Tensor":
    """Five numbers of each pair, (pairs, 5): cosine of the texts, then how well the question's words are matched on
    average, weighed by rarity, in the very same words, and by the word that is matched least.
    """
    import torch

    texts = (_unit(questions.states.sum(dim=1)) * _unit(passages.states.sum(dim=1))).sum(dim=-1)
    rare = rarity.sum(dim=1).clamp(min=0.1)
    average = (match * words).sum(dim=1) / words.sum(dim=1).clamp(min=1)
    least = match.masked_fill(~words, 1.0).amin(dim=1)
    weighed = (match * rarity).sum(dim=1) / rare
    return torch.stack([texts, average, weighed, (present * rarity).sum(dim=1) / rare, least], dim=-1)


def _layer(weights: "Weights", name: str, inputs: "Tensor") -> "Tensor":
    from torch.nn import functional

    return functional.linear(inputs, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _unit(vectors: "Tensor") -> "Tensor":
    from torch.nn import functional

    return functional.normalize(vectors, dim=-1)
