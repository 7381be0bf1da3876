"""The questions of SQuAD 2.0 that the recipe takes, and the articles as documents.

Rajpurkar et al. 2018, "Know What You Don't Know: Unanswerable Questions for SQuAD"; text and questions CC BY-SA 4.0.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin.training.grounded.candidates import Candidate
from chat import language
from chat.errors import InvalidInputError

SHA256 = "6c3164b56dabce2c82bb5d2024156a8f7599ba2a40b0c5b084d12de8641ebccb"
"""Of the file: 4,105 questions on eleven articles, one a line (id, title, paragraph, context, question, answers,
answerable)."""
CREDIT = "SQuAD 2.0, Rajpurkar et al. 2018, CC BY-SA 4.0 (https://rajpurkar.github.io/SQuAD-explorer/)"
DEVELOPMENT = ("Packet switching",)
"""What the settings were tried on: its questions are never trained on."""
TEST = ("Harvard University", "Imperialism")
"""What is reported: its questions are never trained on, and nothing was chosen by them."""


@dataclass(frozen=True)
class Article:
    """A document and what is asked about it."""

    title: str
    text: str
    questions: Sequence[Candidate]

    @property
    def document(self) -> str:
        """Its name in a collection."""
        return f"{self.title}.txt"


def read(path: Path) -> list[Article]:
    """The articles of the file. Raises `InvalidInputError` for another file than the recipe was made with."""
    data = path.read_bytes() if path.is_file() else b""
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise InvalidInputError(
            f"{path} is not the file that the recipe was made with: its sha256 is {found[:12]}…, not {SHA256[:12]}…. "
            "Name that file with --squad, or leave it out: then a smaller adapter is made, from the project's own rows."
        )
    rows = [json.loads(line) for line in data.splitlines()]
    return [_article(title, [row for row in rows if row["title"] == title]) for title in _titles(rows)]


def _titles(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["title"] for row in rows))


def _article(title: str, rows: Sequence[Mapping[str, Any]]) -> Article:
    paragraphs = dict.fromkeys(row["context"] for row in rows)
    return Article(title, "\n\n".join(paragraphs), [_candidate(row) for row in rows])


def _candidate(row: Mapping[str, Any]) -> Candidate:
    document, answers = f"{row['title']}.txt", row["answers"]
    if not row["answerable"]:
        return Candidate(row["id"], row["question"].strip(), document, document, near=row["context"])
    quote = bearing_sentence(row["context"], row["question"].strip(), answers)
    return Candidate(row["id"], row["question"].strip(), document, document, shortest(answers), quote, answers)


def shortest(answers: Sequence[str]) -> str:
    """The answer that most people gave and, of those, the shortest."""
    counts = Counter(answers)
    return min(counts, key=lambda answer: (-counts[answer], len(answer), answer))


def bearing_sentence(context: str, question: str, answers: Sequence[str]) -> str:
    """The sentence of the paragraph that bears the answer: of those that hold it, the one most like the question."""
    answer = shortest(answers)
    sentences = [context[start:end] for start, end in language.sentences(context)]
    holding = [sentence for sentence in sentences if answer in sentence]
    wanted = language.content_words(question)
    return max(holding, key=lambda each: language.coverage(wanted, set(language.content_words(each))), default=answer)
