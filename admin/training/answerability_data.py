"""What the answerability network learns from: passages, and questions that they answer or only come near to.

Titles and documents that are held out stand in `Material.held_out` and nowhere else. Questions and articles:
SQuAD 2.0, Rajpurkar et al. 2018, CC BY-SA 4.0.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from admin.curation.documents.chunking import chunk
from admin.curation.documents.ingesting import CHUNK_TARGET, CHUNK_TARGETS
from admin.curation.formats.loaders import kind_of, load
from chat import language
from chat.models.embedder import Embedder

HELD_OUT_TITLES = ("Harvard University", "Scottish Parliament")
HELD_OUT_DOCUMENT = 4  # every fourth document of the examples
LOOKED_AT = 5  # passages per question when it is judged
WINDOW = 450  # characters: SQuAD's paragraphs are cut to about the length of our chunks
BEARING_MARGIN = 0.25  # chunks this near to the one most like question and answer may bear the answer too
UNANSWERABLE = re.compile(r"^(The documents (do not say|give no answer)|That is not covered|I (can|could) ?not find)")


@dataclass(frozen=True)
class Passage:
    """A passage of a group (an article or document), as the verifier reads it: where it stands, then the text."""

    group: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question and what of the passages matters to it: all numbers are places in a list of passages."""

    text: str
    bearers: tuple[int, ...]
    """Passages that bear its answer or may, the surest first; empty where it is unanswerable."""
    ranked: tuple[int, ...]
    """The passages nearest in meaning, best first."""

    @property
    def near_misses(self) -> tuple[int, ...]:
        """What retrieval brings and does not answer."""
        return tuple(place for place in self.ranked if place not in self.bearers)


@dataclass(frozen=True)
class Material:
    """Passages and the questions about them."""

    passages: list[Passage]
    training: list[Question]
    held_out: list[Question]


def read_squad(path: Path, embedder: Embedder) -> Material:
    """SQuAD's paragraphs as windows. A question is asked of its own article, as in retrieval."""
    rows = read_lines(path)
    windows: dict[tuple[str, int], list[int]] = {}
    passages: list[Passage] = []
    for row in rows:
        key = (row["title"], row["paragraph"])
        if key not in windows:
            windows[key] = list(range(len(passages), len(passages) + len(cut(row["context"]))))
            passages.extend(Passage(row["title"], f"{row['title']}\n{text}") for text in cut(row["context"]))
    vectors = embedder.encode([passage.text for passage in passages])
    asked = embedder.encode([row["question"] for row in rows])
    material = Material(passages, [], [])
    for row, vector in zip(rows, asked, strict=True):
        near = nearest(vector, vectors, [i for i, passage in enumerate(passages) if passage.group == row["title"]])
        own = windows[row["title"], row["paragraph"]]
        bearing = [place for place in own if holds(passages[place].text, row["answers"])] if row["answerable"] else []
        if row["answerable"] and not bearing:
            continue  # the answer was cut in two
        also = [place for place in near if holds(passages[place].text, row["answers"])] if bearing else []
        question = Question(row["question"], (*bearing, *also), tuple(near[:10]))
        (material.held_out if row["title"] in HELD_OUT_TITLES else material.training).append(question)
    return material


def read_examples(path: Path, folder: Path, embedder: Embedder) -> Material:
    """The curated examples, asked of the documents that they are about, and of no others."""
    rows = read_lines(path)
    names = sorted({row["document"] for row in rows})
    passages = [passage for name in names for passage in read_document(folder / name)]
    vectors = embedder.encode([passage.text for passage in passages])
    asked = embedder.encode([row["prompt"] for row in rows])
    told = embedder.encode([f"{row['prompt']} {row['completion']}" for row in rows])
    stems = [set(language.content_words(passage.text)) for passage in passages]
    material = Material(passages, [], [])
    for row, question_vector, told_vector in zip(rows, asked, told, strict=True):
        near = nearest(question_vector, vectors, range(len(passages)))[:10]
        wanted = language.content_words(f"{row['prompt']} {row['completion']}")
        likely = {
            place: float(vectors[place] @ told_vector) + language.coverage(wanted, stems[place])
            for place, passage in enumerate(passages)
            if passage.group == row["document"]
        }
        best = sorted(likely, key=likely.__getitem__, reverse=True)
        bearers = [place for place in best if likely[place] > likely[best[0]] - BEARING_MARGIN]
        question = Question(row["prompt"], () if UNANSWERABLE.match(row["completion"]) else tuple(bearers), tuple(near))
        held_out = names.index(row["document"]) % HELD_OUT_DOCUMENT == 0
        (material.held_out if held_out else material.training).append(question)
    return material


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_document(path: Path) -> list[Passage]:
    """The chunks of a document as ingestion makes them and the verifier is given them."""
    kind = kind_of(path.name)
    document = load(path, kind)
    chunks = chunk(document, target=CHUNK_TARGETS.get(kind, CHUNK_TARGET))
    title = document.title or path.name
    return [Passage(path.name, f"{' › '.join(filter(None, (title, part.section)))}\n{part.text}") for part in chunks]


def cut(text: str) -> list[str]:
    """Whole sentences, in even windows of about `WINDOW` characters."""
    target = len(text) / max(1, round(len(text) / WINDOW))
    windows, start = [], 0
    for _, end in language.sentences(text):
        if end - start >= target or end == len(text):
            windows.append(text[start:end].strip())
            start = end
    return [window for window in windows if window]


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the answers stands in the text, word for word."""
    return any(answer.casefold() in text.casefold() for answer in answers)


def nearest(vector: np.ndarray, vectors: np.ndarray, places: Sequence[int]) -> list[int]:
    """`places`, the nearest in meaning first."""
    similarity = vectors[list(places)] @ vector
    return [places[i] for i in np.argsort(-similarity)]


class Pair(NamedTuple):
    """Places of a question and a passage, and whether this answers that."""

    question: int
    passage: int
    label: bool


def squad_pairs(material: Material) -> Iterator[Pair]:
    """The passage with the answer, twice, and near misses of the same article; now and then another article."""
    for number, question in enumerate(material.training):
        if question.bearers:
            yield from [Pair(number, question.bearers[0], True)] * 2
        misses = question.near_misses[:LOOKED_AT]
        for place in random.sample(misses, min(2, len(misses))):
            yield Pair(number, place, False)
        if random.random() < 0.15:
            yield Pair(number, random.randrange(len(material.passages)), False)


def example_pairs(material: Material) -> Iterator[Pair]:
    """The same for the examples, all of it twice: they are few. Unanswerable ones: whatever retrieval brings."""
    held_out = {material.passages[place].group for question in material.held_out for place in question.bearers}
    for number, question in [*enumerate(material.training)] * 2:
        misses = [place for place in question.near_misses if material.passages[place].group not in held_out][:LOOKED_AT]
        if question.bearers:
            yield from [Pair(number, question.bearers[0], True)] * 2
        for place in random.sample(misses, min(2, len(misses))) if question.bearers else misses:
            yield Pair(number, place, False)
