"""How long examples are, in the model's own tokens and as the chat would ask them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from admin.training.findings import Check, Finding, Lesson, found, parts_of
from admin.training.presets import TrainingSettings
from admin.training.rows import Row, UnfitRowError, Vocabulary, read_vocabulary, token_count
from admin.training.snapshots import row
from chat.rag.prompt import QUESTION_TOKENS, clip, tokens_at_most
from chat.settings import Settings
from chat.store.tables import Split

TEMPLATE = 300
"""Tokens that instructions and the template's own words surely fit into."""
SURE = 800
"""Tokens that every model has room for, and that no part of a prompt is cut to."""


@dataclass(frozen=True)
class Ruler:
    """Measures examples with the model that the settings name; it is read when the first one is not plainly short."""

    settings: Settings
    most: int = field(default_factory=lambda: TrainingSettings().max_tokens)
    """Tokens of an example that training takes unless told otherwise."""
    _known: dict[str, int] = field(default_factory=dict)
    """Tokens of the texts measured before: passages recur."""

    def too_long(self, lessons: Sequence[Lesson]) -> Iterator[Finding]:
        """Examples that do not fit as they are. Raises `ModelError` where the model cannot be read."""
        for lesson in lessons:
            if sum(tokens_at_most(part.text) for part in parts_of(lesson.wording)) + TEMPLATE <= SURE:
                continue
            if (tokens := self._tokens(lesson)) > self.room:
                what = f"{tokens:,} tokens; training takes {self.room:,}"
                yield found(Check.TOO_LONG, [lesson], what, about=[str(self.room)])
            elif (question := lesson.wording.question) != clip(question, QUESTION_TOKENS):
                yield found(Check.TOO_LONG, [lesson], "Its question is so long that the chat cuts its end off")

    @property
    def room(self) -> int:
        """Tokens that an example may take."""
        return min(self.most, self._vocabulary.context_length)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return read_vocabulary(self.settings)

    def _tokens(self, lesson: Lesson) -> int:
        """Of the prompt and the answer as they would be trained on or, where the prompt cuts a text, of all texts."""
        told = sum(self._of(part.text) for part in parts_of(lesson.wording) if part.field != "rejected")
        if told + TEMPLATE <= self.room:
            return told
        try:
            return max(told, token_count(Row.of(row(lesson, Split.TRAIN)), self._vocabulary))
        except UnfitRowError:
            return told

    def _of(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = len(self._vocabulary.encoder.encode_text(text))
        return self._known[text]
