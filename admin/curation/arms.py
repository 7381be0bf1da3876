"""What both arms find for labelled questions, gathered once, whatever is then fused, fitted or compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.orm import Session

from admin.curation import labels
from admin.curation.measures import K, Quality, quality
from chat.models.embedder import Embedder
from chat.rag.answer import Source, Turn
from chat.rag.query import condense_by_rule
from chat.rag.retriever import LONGEST_QUESTION, Ranking, RetrievalSettings, as_sources, fuse
from chat.store import chunks, drafts, questions
from chat.store.chunks import Hit
from chat.store.questions import NO_CHANGE, Change, LabelledQuestion
from chat.store.session import Sessions


@dataclass(frozen=True)
class Gathered:
    """A question's hits, and which chunks bear it: none where its passages are gone, or it has no answer."""

    question: LabelledQuestion
    words: str
    dense: Sequence[Hit]
    keyword: Sequence[Hit]
    grades: dict[int, int] = field(default_factory=dict)

    def ranking(self, settings: RetrievalSettings, k: int = K) -> list[int]:
        """The ids of the `k` chunks that these settings put first."""
        return [each.chunk_id for each in fuse(self.dense, self.keyword, replace(settings, k=k))]

    def quality(self, settings: RetrievalSettings) -> Quality:
        return quality(self.ranking(settings), self.grades)


@dataclass(frozen=True)
class Asked:
    """A labelled question, the words it is searched by, and their vector."""

    question: LabelledQuestion
    words: str
    vector: np.ndarray


def ask(sessions: Sessions, embedder: Embedder, collection_id: int) -> list[Asked]:
    """The collection's labelled questions, ready to be searched for. A follow-up takes words of what it follows."""
    with sessions() as session:
        known = questions.of_collection(session, collection_id)
    words = [searched_words(question)[:LONGEST_QUESTION] for question in known]
    vectors = list(embedder.encode(words)) if words else []
    return [Asked(*each) for each in zip(known, words, vectors, strict=True)]


def searched_words(question: LabelledQuestion) -> str:
    """What the chat would search for, without a model's help."""
    return condense_by_rule(question.text, [Turn(question.before, "")] if question.before else [])


def gather(
    session: Session, collection_id: int, asked: Sequence[Asked], depth: int, change: Change = NO_CHANGE
) -> list[Gathered]:
    """What each question finds as the documents are, or would be after `change`."""
    search = Search(session, [collection_id], depth, change)
    marked = {label.document_id for each in asked for label in each.question.labels if label.document_id}
    texts = questions.texts(session, sorted(marked), change)
    return [
        Gathered(
            each.question, each.words, *search(each.words, each.vector), labels.bearing(each.question.labels, texts)
        )
        for each in asked
    ]


def read(session: Session, scope: Sequence[int], gathered: Gathered, settings: RetrievalSettings) -> list[Source]:
    """The `settings.k` passages that these settings put first, with what they say."""
    best = fuse(gathered.dense, gathered.keyword, settings)
    return as_sources(best, chunks.sources(session, scope, [ranking.chunk_id for ranking in best]))


class Search:
    """Both arms over some collections as they would be after a change."""

    def __init__(self, session: Session, scope: Sequence[int], depth: int, change: Change = NO_CHANGE) -> None:
        self._session, self._scope, self._depth = session, scope, depth
        self._gone = questions.taken_away(session, change)
        self._contents = drafts.contents_of(session, scope, change.published)

    def __call__(self, words: str, vector: np.ndarray) -> tuple[list[Hit], list[Hit]]:
        """Hits by meaning and by words, best first."""
        reach = self._depth + len(self._gone)
        dense = drafts.nearest_in(self._session, self._scope, self._contents, vector, reach)
        keyword = drafts.matching_in(self._session, self._scope, self._contents, words, reach)
        return self._left(dense), self._left(keyword)

    def sources(self, best: Sequence[Ranking]) -> list[Source]:
        """What those chunks say, and where they stand."""
        ids = [ranking.chunk_id for ranking in best]
        return as_sources(best, drafts.sources_in(self._session, self._scope, self._contents, ids))

    def _left(self, hits: Sequence[Hit]) -> list[Hit]:
        return [hit for hit in hits if hit.chunk_id not in self._gone][: self._depth]
