"""What both arms find for labelled questions, gathered once, whatever is then fused, fitted or compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from sqlalchemy.orm import Session

from admin.curation.bench import labels
from admin.curation.steps import Progress, silent
from admin.measures import K, Quality, quality
from chat.errors import EmbedderChangedError
from chat.models.embedder import Embedder
from chat.models.reranker import Rerankers
from chat.rag.answer import Source, Turn
from chat.rag.query import condense_by_rule
from chat.rag.retriever import LONGEST_QUESTION, Ranking, RetrievalSettings, as_sources, first_stage, fuse, reread
from chat.store import drafts, questions
from chat.store.chunks import Hit
from chat.store.questions import NO_CHANGE, Change, LabelledQuestion
from chat.store.session import Sessions

T = TypeVar("T")


@dataclass(frozen=True)
class Gathered:
    """A question's hits, and which chunks bear it: none where its passages are gone, or it has no answer.

    Its own measures are those of the first stage, before a reranker reads anything.
    """

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
    session: Session,
    collection_id: int,
    asked: Sequence[Asked],
    depth: int,
    change: Change = NO_CHANGE,
    note: Progress = silent,
) -> list[Gathered]:
    """What each question finds as the documents are, or would be after `change`."""
    search = Search(session, [collection_id], depth, change)
    marked = {label.document_id for each in asked for label in each.question.labels if label.document_id}
    texts = questions.texts(session, sorted(marked), change)
    gathered = []
    for done, each in enumerate(asked, 1):
        grades = labels.bearing(each.question.labels, texts)
        gathered.append(Gathered(each.question, each.words, *search(each.words, each.vector), grades))
        note(done, len(asked))
    return gathered


@dataclass(frozen=True)
class Found:
    """The passages that chat would have for a labelled question, best first, and how well each bears it."""

    question: LabelledQuestion
    chunk_ids: Sequence[int]
    grades: dict[int, int]

    @property
    def rank(self) -> int | None:
        """Where the first passage that bears the question stands among the first ten; None where it does not."""
        places = enumerate(self.chunk_ids[:K], 1)
        return next((place for place, chunk_id in places if chunk_id in self.grades), None)

    @property
    def quality(self) -> Quality:
        return quality(self.chunk_ids, self.grades)


@dataclass(frozen=True)
class Reading:
    """Puts what was gathered in the order that chat gives it. A reranker reads while no transaction is open."""

    sessions: Sessions
    rerankers: Rerankers
    scope: Sequence[int]
    change: Change = NO_CHANGE

    def found(self, gathered: Sequence[Gathered], settings: RetrievalSettings, note: Progress = silent) -> list[Found]:
        """What chat would find with these settings for each question."""
        settings, found = replace(settings, k=K), []
        for done, each in enumerate(gathered, 1):
            found.append(Found(each.question, self._ids(each, settings), each.grades))
            note(done, len(gathered))
        return found

    def sources(self, gathered: Gathered, settings: RetrievalSettings) -> list[Source]:
        """The `settings.k` passages that these settings put first, with what they say."""
        best = fuse(gathered.dense, gathered.keyword, first_stage(settings))
        with self.sessions() as session:
            found = Search(session, self.scope, settings.depth, self.change).sources(best)
        return reread(gathered.words, found, settings, self.rerankers)

    def _ids(self, gathered: Gathered, settings: RetrievalSettings) -> list[int]:
        if not settings.rerank:
            return gathered.ranking(settings)
        return [source.chunk_id for source in self.sources(gathered, settings)]


def once_more(search: Callable[[], T]) -> T:
    """What `search` returns; begun anew where the vectors were exchanged while its question was embedded."""
    try:
        return search()
    except EmbedderChangedError:
        return search()


class Search:
    """Both arms over some collections as they would be after a change; with tags, over documents that have them all."""

    def __init__(
        self,
        session: Session,
        scope: Sequence[int],
        depth: int,
        change: Change = NO_CHANGE,
        tags: Sequence[str] = (),
    ) -> None:
        self._session, self._scope, self._depth, self._tags = session, scope, depth, tags
        self._gone = questions.taken_away(session, change)
        self._contents = drafts.contents_of(session, scope, change.published, tags)

    def __call__(self, words: str, vector: np.ndarray) -> tuple[list[Hit], list[Hit]]:
        """Hits by meaning and by words, best first."""
        reach = self._depth + len(self._gone)
        dense = drafts.nearest_in(self._session, self._scope, self._contents, vector, reach, self._tags)
        keyword = drafts.matching_in(self._session, self._scope, self._contents, words, reach, self._tags)
        return self._left(dense), self._left(keyword)

    def sources(self, best: Sequence[Ranking]) -> list[Source]:
        """What those chunks say, and where they stand."""
        ids = [ranking.chunk_id for ranking in best]
        return as_sources(best, drafts.sources_in(self._session, self._scope, self._contents, ids, self._tags))

    def _left(self, hits: Sequence[Hit]) -> list[Hit]:
        return [hit for hit in hits if hit.chunk_id not in self._gone][: self._depth]
