"""Questions with what bears their answers, before it is known with which passages they will be asked."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from admin.training.grounded.groups import REFUSAL, marked
from chat import language
from chat.rag.answer import Source

LEAST_SHARED = 40
"""Characters of a sentence from which a passage is recognised by it."""


@dataclass(frozen=True)
class Candidate:
    """A question about a document, by its name and the title that it is shown with.

    Without a `quote`, which bears its answer, it has none; then `near` are the words that it comes near to or, without
    them, its whole document.
    """

    id: str
    question: str
    document: str
    title: str
    answer: str = ""
    quote: str = ""
    accepted: Sequence[str] = ()
    near: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.quote)

    def bearer(self, shown: Sequence[Source]) -> int | None:
        """The number, from 1, of the passage that bears the answer."""
        places = (place for place, source in enumerate(shown, 1) if self._bears(source))
        return next(places, None)

    def comes_near(self, shown: Sequence[Source]) -> bool:
        """Whether it is about what is shown, though that does not answer it."""
        return any(source.document == self.title and self._resembles(source.text) for source in shown)

    def completion(self, shown: Sequence[Source]) -> str | None:
        """What is to be answered from these passages; None where they might bear the answer after all."""
        place = self.bearer(shown) if self.answerable else None
        if place is not None:
            return marked(self.answer, place)
        said = " ".join(spaced(source.text) for source in shown).casefold()
        return None if any(spaced(each).casefold() in said for each in self.accepted) else REFUSAL

    def _bears(self, source: Source) -> bool:
        return source.document == self.title and spaced(self.quote) in spaced(source.text)

    def _resembles(self, text: str) -> bool:
        near = spaced(self.near)
        sentences = (spaced(text[start:end]) for start, end in language.sentences(text))
        return not near or any(len(each) >= LEAST_SHARED and each in near for each in sentences)


def spaced(text: str) -> str:
    """A text as it is compared: as documents are kept, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
