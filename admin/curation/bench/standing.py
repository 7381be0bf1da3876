"""How a collection is searched, and how its labelled questions fare: what the bench tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.rag.retriever import RetrievalSettings
from chat.store.questions import LabelledQuestion
from chat.store.revisions import Revision


@dataclass(frozen=True)
class Checked:
    """A labelled question and what is found for it: the rank of its right passage, None where it is not found."""

    question: LabelledQuestion
    rank: int | None
    passage_there: bool
    """Whether some words that are marked right stand in a document that answers."""


@dataclass(frozen=True)
class Standing:
    """How a collection is searched: what is live, what was before, and what there is to fit to."""

    collection: str
    settings: RetrievalSettings
    usual: bool
    history: Sequence[Revision]
    questions: Sequence[LabelledQuestion]
    may_curate: bool
    """Whether this person may make settings live, and label questions."""
