"""Which passages an answer should have come from, and how far each of them came on its way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from admin.training import rated
from chat.rag.answer import Source
from chat.store.bearing import Held
from chat.store.questions import Label
from chat.store.rated import RatedAnswer
from chat.store.tables import Message

OF_CORRECTION = 0.6
"""Share of a right answer's words that a passage has to have to bear it; and all of its figures."""
OF_QUESTION = 0.75
"""Share of a question's words that a passage has to have to be about it, where nobody said what is right."""


FIGURE = re.compile(r"\d+(?:[.:,]\d+)*")
"""A number as it is written: a time or a price is one figure, not two."""


class Basis(StrEnum):
    """What tells which passage the answer should have come from."""

    LABEL = "label"
    CORRECTION = "correction"
    QUESTION = "question"


@dataclass(frozen=True)
class Passage:
    """A passage that may bear the answer, and how far it came. Ranks and places count from 1; None where it was not.

    `rank_now` is where a search of today has it. `marker` is the number under which it was cited.
    """

    held: Held
    found: Source | None
    place: int | None
    marker: int | None
    rank_now: int | None
    labelled: bool


@dataclass(frozen=True)
class Evidence:
    """What a diagnosis rests on. `held` is what of the documents has the words that are looked for, in all versions."""

    answer: RatedAnswer
    words: str
    """What is looked for: the corrected answer or, without one, the question."""
    held: Sequence[Held]
    labels: Sequence[Label]
    today: Sequence[Source]
    """What a search of today finds, as deep as it looks."""
    revision: int | None
    """Number of the retrieval settings in effect, where the collection had its own."""

    @property
    def message(self) -> Message:
        return self.answer.message

    @property
    def found(self) -> Sequence[Source]:
        """What was retrieved for the answer, best first."""
        return [Source(**each) for each in self.message.trace.retrieved] if self.message.trace else []

    @property
    def basis(self) -> Basis:
        if any(label.relevant for label in self.labels):
            return Basis.LABEL
        return Basis.CORRECTION if self.answer.feedback.correction.strip() else Basis.QUESTION


def searched(message: Message) -> str:
    """What was looked up for an answer: the question, made to stand alone where it followed others."""
    return message.trace.searched if message.trace else ""


def followed(evidence: Evidence) -> tuple[list[Passage], list[Passage]]:
    """The passages that bear the answer, and others that may: what came furthest first."""
    passages = sorted((_passage(evidence, held) for held in evidence.held), key=_how_far, reverse=True)
    bearing = [each for each in passages if _bears(evidence, each)]
    return bearing, [each for each in passages if each not in bearing and each.held.live]


def _passage(evidence: Evidence, held: Held) -> Passage:
    shown = rated.passages(evidence.message) if reached_model(evidence.message) else []
    cited = [each.marker for each in evidence.message.citations if each.chunk_id == held.chunk_id]
    return Passage(
        held,
        next((each for each in evidence.found if _same(each, held)), None),
        next((place for place, each in enumerate(shown, 1) if _same(each, held)), None),
        cited[0] if cited else None,
        next((rank for rank, each in enumerate(evidence.today, 1) if each.chunk_id == held.chunk_id), None),
        any(label.relevant and _labels(label, held) for label in evidence.labels),
    )


def _same(source: Source, held: Held) -> bool:
    """Whether that is the passage, also where its document was cut anew since."""
    same_words = source.document_id == held.document_id and source.text.strip() == held.text.strip()
    return source.chunk_id == held.chunk_id or same_words


def _labels(label: Label, held: Held) -> bool:
    quote, text = " ".join(label.quote.split()), " ".join(held.text.split())
    return label.document_id == held.document_id and (quote in text or text in quote)


def _bears(evidence: Evidence, passage: Passage) -> bool:
    """Whether the answer should have come from it: what a person marked counts for more than words."""
    if evidence.basis is Basis.LABEL:
        return passage.labelled
    if evidence.basis is Basis.QUESTION:
        return passage.held.share >= OF_QUESTION
    figures, has = FIGURE.findall(evidence.words), FIGURE.findall(passage.held.text)
    return passage.held.share >= OF_CORRECTION and set(figures) <= set(has)


def _how_far(passage: Passage) -> tuple[object, ...]:
    """What came further is greater; of two alike, the one with more of the words."""
    rank = -(passage.found.rank if passage.found else 1_000)
    return (passage.marker is not None, passage.place is not None, rank, passage.held.live, passage.held.share)


def reached_model(message: Message) -> bool:
    """Whether a model was asked; a question that is refused before that has no passages in its receipt."""
    return message.trace is not None and "passages" in message.trace.settings
