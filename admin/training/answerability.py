"""Makes the answerability network (`chat/models/verifier.py`): does this passage answer this question?

    python -m admin.training.answerability --squad squad2.jsonl --examples demo/examples.jsonl \\
        --documents demo/documents --output chat/models/answerability

It reads top to bottom: the data, the network, the training, the measuring, the file. The encoder is frozen and reads
everything once; only the small network over it learns. Titles and documents that are held out are never trained on,
and the threshold is chosen on them alone. Questions and articles: SQuAD 2.0, Rajpurkar et al. 2018, CC BY-SA 4.0.
"""

import argparse
import hashlib
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from admin.training.answerability_data import (
    LOOKED_AT,
    Material,
    Pair,
    Question,
    example_pairs,
    read_examples,
    read_squad,
    squad_pairs,
)
from chat.models.embedder import Embedder
from chat.models.verifier import (
    FACTS,
    PASSAGE_TOKENS,
    QUESTION_TOKENS,
    WEIGHTS,
    Encoder,
    Tokens,
    answerability,
    encode,
    load_encoder,
)

if TYPE_CHECKING:
    from torch import Tensor

FALSE_REFUSALS = 0.1
"""Share of the held-out answerable examples that the recommended threshold refuses."""

WIDTH = 96
EPOCHS = 4
BATCH = 32
RATE = 1e-3
DROPOUT = 0.2
SMOOTHING = 0.05  # labels are not all right: an answer may stand in a passage that nobody marked
SEED = 20


# What the encoder reads


def read_all(encoder: Encoder, texts: Sequence[str], longest: int) -> Tokens:
    """The frozen encoder's states of all texts, padded alike. They are kept as bfloat16: half the memory."""
    import torch

    width = encoder.model.config.hidden_size
    states = torch.zeros(len(texts), longest, width, dtype=torch.bfloat16)
    ids, words = torch.zeros(len(texts), longest, dtype=torch.long), torch.zeros(len(texts), longest, dtype=torch.bool)
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    with torch.inference_mode():
        for first in range(0, len(order), BATCH):
            places = order[first : first + BATCH]
            read = encode(encoder, [texts[place] for place in places], longest)
            length = read.ids.shape[1]
            states[places, :length] = read.states.to(torch.bfloat16)
            ids[places, :length], words[places, :length] = read.ids, read.words
    return Tokens(states, ids, words)


def choose(tokens: Tokens, places: Sequence[int]) -> Tokens:
    """Some texts of many, without the padding that none of them needs."""
    ids = tokens.ids[list(places)]
    length = int((ids > 0).sum(dim=1).max())
    words, states = tokens.words[list(places), :length], tokens.states[list(places), :length]
    return Tokens(states.float(), ids[:, :length], words)


# The network


def make_weights(width: int, rarity: "Tensor") -> "dict[str, Tensor]":
    """The network before it has learned anything, by the names of the file."""
    import torch

    shapes = {
        "asked": (WIDTH, width),
        "found": (WIDTH, width),
        "compare": (WIDTH, 3 * WIDTH + 4),
        "compare_again": (WIDTH, WIDTH),
        "weigh": (1, WIDTH),
        "judge": (WIDTH, 2 * WIDTH + 5),
        "conclude": (1, WIDTH),
    }
    weights = {"rarity": rarity, "sharpness": torch.tensor(math.log(10.0))}
    for name, (outputs, inputs) in shapes.items():
        bound = 1 / math.sqrt(inputs)
        weights[f"{name}.weight"] = torch.empty(outputs, inputs).uniform_(-bound, bound)
        weights[f"{name}.bias"] = torch.empty(outputs).uniform_(-bound, bound)
    for name, tensor in weights.items():
        tensor.requires_grad_(name != "rarity")
    return weights


def count_rarity(vocabulary: int, passages: Sequence[Tokens]) -> "Tensor":
    """Inverse document frequency of every token, from 0 (in all passages) to 1 (in none)."""
    import torch

    seen = torch.ones(vocabulary)
    for row in (row for tokens in passages for row in tokens.ids):
        seen[row.unique()] += 1
    total = 1 + sum(len(tokens.ids) for tokens in passages)
    return (torch.log(total / seen) / math.log(total)).clamp(0, 1)


# The training


@dataclass(frozen=True)
class Reading:
    """A material as the encoder read it: the training questions first, then those held out."""

    material: Material
    questions: Tokens
    passages: Tokens


def read_material(encoder: Encoder, material: Material) -> Reading:
    """Have the encoder read all questions and passages."""
    questions = [question.text for question in (*material.training, *material.held_out)]
    passages = [passage.text for passage in material.passages]
    return Reading(material, read_all(encoder, questions, QUESTION_TOKENS), read_all(encoder, passages, PASSAGE_TOKENS))


def train(weights: "dict[str, Tensor]", squad: Reading, examples: Reading) -> None:
    """AdamW; the rate rises over the first batches and falls to nothing. Other near misses in every epoch."""
    import torch

    learned = [tensor for tensor in weights.values() if tensor.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.05)
    batches = [batch for _ in range(EPOCHS) for batch in make_batches(squad, examples)]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / 100) * max(0.02, 1 - step / len(batches))
    )
    start, total = time.monotonic(), 0.0
    for step, (reading, pairs) in enumerate(batches, 1):
        loss = loss_of(weights, reading, pairs)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        schedule.step()
        total += loss.item()
        if step % 100 == 0:
            print(f"{step}/{len(batches)}  loss {total / 100:.3f}  {time.monotonic() - start:.0f} s", flush=True)
            total = 0.0


def make_batches(squad: Reading, examples: Reading) -> list[tuple[Reading, list[Pair]]]:
    """An epoch, in random order. The passages of a batch are about as long as one another."""
    batches = []
    for reading, pairs in ((squad, [*squad_pairs(squad.material)]), (examples, [*example_pairs(examples.material)])):
        lengths = reading.passages.words.sum(dim=1)
        pairs.sort(key=lambda pair, lengths=lengths: int(lengths[pair.passage]) + random.uniform(0, 25))  # type: ignore[misc]
        batches += [(reading, pairs[first : first + BATCH]) for first in range(0, len(pairs), BATCH)]
    random.shuffle(batches)
    return batches


def loss_of(weights: "dict[str, Tensor]", reading: Reading, pairs: Sequence[Pair]) -> "Tensor":
    """Cross-entropy of the verdicts."""
    import torch
    from torch.nn import functional

    questions = choose(reading.questions, [pair.question for pair in pairs])
    passages = choose(reading.passages, [pair.passage for pair in pairs])
    labels = torch.tensor([1 - SMOOTHING if pair.label else SMOOTHING for pair in pairs])
    verdicts = answerability(weights, questions, passages, DROPOUT)
    return functional.binary_cross_entropy_with_logits(verdicts, labels)


# The measuring


def measure(weights: "dict[str, Tensor]", reading: Reading) -> dict[str, float]:
    """How well the best passage's probability tells held-out answerable questions from others.

    "Taken away" are the answerable ones again, without any passage that may bear the answer.
    """
    import torch

    with torch.inference_mode():
        found = [judge(weights, reading, number, question.ranked) for number, question in held_out(reading)]
        missed = [judge(weights, reading, number, question.near_misses) for number, question in held_out(reading)]
    answerable = np.array([bool(question.bearers) for _, question in held_out(reading)])
    yes, no = np.array(found)[answerable], np.array(found)[~answerable]
    taken_away = np.array(missed)[answerable]
    threshold = float(np.quantile(yes, FALSE_REFUSALS))
    return {
        "answerable": len(yes),
        "unanswerable": len(no),
        "auc": area(yes, no),
        "auc_taken_away": area(yes, taken_away),
        "threshold": threshold,
        "refused": float((no < threshold).mean()),
        "refused_taken_away": float((taken_away < threshold).mean()),
    }


def held_out(reading: Reading) -> list[tuple[int, Question]]:
    """The held-out questions that have passages enough without their answer, with their places."""
    numbered = enumerate(reading.material.held_out, len(reading.material.training))
    return [(number, question) for number, question in numbered if len(question.near_misses) >= LOOKED_AT]


def judge(weights: "dict[str, Tensor]", reading: Reading, number: int, places: Sequence[int]) -> float:
    """Probability that the best of the first passages answers the question."""
    passages = choose(reading.passages, places[:LOOKED_AT])
    return float(answerability(weights, choose(reading.questions, [number]), passages).sigmoid().max())


def area(higher: np.ndarray, lower: np.ndarray) -> float:
    """Area under the ROC curve: how often one of `higher` is above one of `lower`."""
    return float((higher[:, None] > lower[None, :]).mean())


# The file


def save(output: Path, weights: "dict[str, Tensor]", facts: dict[str, Any]) -> None:
    """Write the weights, bfloat16, and what is known of them."""
    import torch
    from safetensors.torch import save_file

    output.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.detach().to(torch.bfloat16) for name, tensor in weights.items()}, output / WEIGHTS)
    (output / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Make the network and say how good it is."""
    import torch

    parser = argparse.ArgumentParser(description="Train the network that says whether a passage answers a question.")
    for name in ("--squad", "--examples", "--documents", "--output"):
        parser.add_argument(name, type=Path, required=True)
    args = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    encoder, embedder = load_encoder("float32"), Embedder(dtype="float32")
    squad = read_material(encoder, read_squad(args.squad, embedder))
    examples = read_material(encoder, read_examples(args.examples, args.documents, embedder))
    rarity = count_rarity(encoder.model.config.vocab_size, [squad.passages, examples.passages])
    weights = make_weights(encoder.model.config.hidden_size, rarity)
    train(weights, squad, examples)
    measures = {"squad": measure(weights, squad), "examples": measure(weights, examples)}
    facts = {
        "base": "all-MiniLM-L6-v2, frozen",
        "threshold": measures["examples"]["threshold"],
        "held_out": measures,
        "training_questions": {"squad": len(squad.material.training), "examples": len(examples.material.training)},
        "epochs": EPOCHS,
        "seed": SEED,
        "squad_sha256": sha256(args.squad),
        "examples_sha256": sha256(args.examples),
        "credit": "SQuAD 2.0, Rajpurkar et al. 2018, CC BY-SA 4.0",
    }
    save(args.output, weights, facts)
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
