"""Finding passages: by meaning and by words, fused. The one function behind chat, API, bench and evaluation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from chat import rights
from chat.errors import EmbedderChangedError
from chat.models.embedder import Embedder
from chat.models.reranker import Rerankers
from chat.rag.answer import Source
from chat.rag.rerank import CANDIDATES, rerank
from chat.rights import Person
from chat.store import chunks, installation, revisions
from chat.store.session import Sessions

LONGEST_QUESTION = 2_000
"""Characters of a question that are searched for; a question longer than that is a text, not a question."""


class Fusion(StrEnum):
    """What of an arm's hits is added up."""

    RANKS = "ranks"
    """Reciprocal ranks (Cormack et al., SIGIR 2009): sturdy, but blind to how clearly an arm prefers its first."""
    SCORES = "scores"
    """Scores between 0, the arm's last hit, and 1, its first (Bruch et al., "An Analysis of Fusion Functions for Hybrid
    Retrieval", TOIS 2023, who find it better than ranks once its weight is fitted, on few questions)."""


@dataclass(frozen=True)
class RetrievalSettings:
    """How passages are found. A trace keeps the settings that were in effect."""

    k: int = 10
    depth: int = 100
    """How many hits of each arm are fused."""
    dense_weight: float = 1.0
    keyword_weight: float = 1.0
    damping: int = 5
    """The constant of reciprocal rank fusion (Cormack et al., SIGIR 2009): the larger, the flatter.

    Their 60 comes from fusing long runs of large corpora. Among a few hundred chunks it lets two middling ranks beat
    a first one: measured on four sets, 5 is better on three and equal within .002
    on the fourth. It was chosen on those sets.
    """
    fusion: Fusion = Fusion.RANKS
    threshold: float | None = None
    """Probability of an answer below which the chat refuses; None leaves it to the verifier."""
    rerank: str | None = None
    """Who reads the best passages once more: `maxsim`, or a cross-encoder's Hugging Face id or folder."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def but(self, changes: Mapping[str, Any]) -> "RetrievalSettings":
        """These settings with what `changes` says by name; names that another release wrote are passed over."""
        known = {field.name for field in fields(self)}
        changes = {name: value for name, value in changes.items() if name in known}
        return replace(self, **changes | {"fusion": Fusion(changes.get("fusion", self.fusion))})


def in_force(session: Session, collections: Sequence[int], usual: RetrievalSettings) -> RetrievalSettings:
    """The settings that these collections are searched with: their own where all agree, else the `usual` ones."""
    chosen = {usual.but(settings) for settings in revisions.in_force(session, collections)}
    return chosen.pop() if len(chosen) == 1 else usual


@dataclass(frozen=True)
class Ranking:
    """A chunk's place in each arm, and what it scores in sum."""

    chunk_id: int
    score: float
    dense_rank: int | None
    keyword_rank: int | None
    similarity: float | None
    text_rank: float | None = None
    """What the keyword arm scored it."""


def retrieve(
    session: Session,
    collections: Sequence[int],
    words: str,
    vector: np.ndarray,
    settings: RetrievalSettings,
    tags: Sequence[str] = (),
) -> list[Source]:
    """The `settings.k` best passages for `words`, whose vector is `vector`, among `collections`; best first.

    With tags, among the documents that have all of them.
    """
    dense = chunks.nearest(session, collections, vector, settings.depth, tags=tags)
    keyword = chunks.matching(session, collections, words[:LONGEST_QUESTION], settings.depth, tags=tags)
    best = fuse(dense, keyword, settings)
    return as_sources(best, chunks.sources(session, collections, [ranking.chunk_id for ranking in best], tags=tags))


def first_stage(settings: RetrievalSettings) -> RetrievalSettings:
    """These settings, finding as many passages as their reranker shall read; unchanged where they name none."""
    return replace(settings, k=max(settings.k, CANDIDATES)) if settings.rerank else settings


def reread(words: str, found: Sequence[Source], settings: RetrievalSettings, rerankers: Rerankers) -> list[Source]:
    """The `settings.k` best of what `first_stage` of these settings found, as their reranker sees them.

    No database session may be open: a model computes here.
    """
    if not settings.rerank:
        return list(found[: settings.k])
    return rerank(words, found, rerankers.get(settings.rerank), settings.k)


def as_sources(best: Sequence[Ranking], found: Sequence[chunks.ChunkSource]) -> list[Source]:
    """The chunks that are ranked, with what they say; one that was not found any more is left out."""
    by_id = {chunk.chunk_id: chunk for chunk in found}
    present = [ranking for ranking in best if ranking.chunk_id in by_id]
    return [_source(rank, ranking, by_id[ranking.chunk_id]) for rank, ranking in enumerate(present, 1)]


def fuse(dense: Sequence[chunks.Hit], keyword: Sequence[chunks.Hit], settings: RetrievalSettings) -> list[Ranking]:
    """The `settings.k` best of both arms by the weighted sum of their shares, best first; equal sums by chunk id."""
    scores: defaultdict[int, float] = defaultdict(float)
    for weight, hits in ((settings.dense_weight, dense), (settings.keyword_weight, keyword)):
        for hit, share in zip(hits, _shares(hits, settings), strict=True):
            scores[hit.chunk_id] += weight * share
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[: settings.k]
    near = {hit.chunk_id: (rank, hit.score) for rank, hit in enumerate(dense, 1)}
    worded = {hit.chunk_id: (rank, hit.score) for rank, hit in enumerate(keyword, 1)}
    absent = (None, None)
    places = ((chunk_id, *near.get(chunk_id, absent), *worded.get(chunk_id, absent)) for chunk_id in best)
    return [Ranking(i, scores[i], dense, keyword, near, text) for i, dense, near, keyword, text in places]


def _shares(hits: Sequence[chunks.Hit], settings: RetrievalSettings) -> list[float]:
    """What each hit of an arm, best first, adds to its chunk's score where the arm's weight is 1."""
    if settings.fusion is Fusion.RANKS or not hits:
        return [1 / (settings.damping + rank) for rank in range(1, len(hits) + 1)]
    least = hits[-1].score
    spread = hits[0].score - least
    return [(hit.score - least) / spread if spread > 0 else 1.0 for hit in hits]


def _source(rank: int, ranking: Ranking, chunk: chunks.ChunkSource) -> Source:
    return Source(
        rank=rank,
        score=ranking.score,
        dense_rank=ranking.dense_rank,
        keyword_rank=ranking.keyword_rank,
        similarity=ranking.similarity,
        text_rank=ranking.text_rank,
        chunk_id=chunk.chunk_id,
        document=chunk.document,
        document_id=chunk.document_id,
        version=chunk.version,
        version_id=chunk.version_id,
        page=chunk.page,
        start=chunk.start_char,
        end=chunk.end_char,
        section=chunk.section,
        text=chunk.text,
    )


class HybridRetriever(BaseRetriever):
    """`retrieve` as a LangChain retriever, over the collections that `person` may read or the one named."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    sessions: Sessions
    embedder: Embedder
    person: Person
    collection: str | None = None
    document_tags: Sequence[str] = ()
    """Only documents that have all of these are looked at. (`tags` are LangChain's, of the run.)"""
    rerankers: Rerankers = Field(default_factory=Rerankers)
    settings: RetrievalSettings = RetrievalSettings()
    pinned: RetrievalSettings | None = None
    """Settings to find with whatever the collections have, as an evaluation does that holds them fixed."""
    k: int = 10

    def in_collection(self, collection: str | None) -> "HybridRetriever":
        """The same retriever, looking only there."""
        return self.model_copy(update={"collection": collection})

    def asked_by(self, person: Person, collection: str | None, tags: Sequence[str] = ()) -> "HybridRetriever":
        """The same retriever, looking where that person may: everywhere, or only there and at what has these tags."""
        return self.model_copy(update={"person": person, "collection": collection, "document_tags": tags})

    def pinned_to(self, settings: RetrievalSettings) -> "HybridRetriever":
        """The same retriever, with these settings whatever is live."""
        return self.model_copy(update={"pinned": settings})

    def sources(self, words: str, k: int | None = None) -> list[Source]:
        """Passages as `Source`, which says where each one stands. One short transaction."""
        return self.find(words, k)[0]

    def find(self, words: str, k: int | None = None) -> tuple[list[Source], RetrievalSettings]:
        """The passages, and the settings they were found with: those of the collections that were searched."""
        try:
            found, settings = self._find(words, k)
        except EmbedderChangedError:
            # The vectors were exchanged while the question was embedded: the next time it is, they match.
            found, settings = self._find(words, k)
        return reread(words, found, settings, self.rerankers), settings

    def _find(self, words: str, k: int | None) -> tuple[list[Source], RetrievalSettings]:
        embedder = self.embedder.in_use()
        vector = embedder.encode([words[:LONGEST_QUESTION]])[0]
        with self.sessions() as session:
            installation.hold_embedder(session, embedder.name)
            scope = rights.readable(session, self.person, self.collection)
            settings = replace(self.pinned or in_force(session, scope, self.settings), k=k or self.k)
            return retrieve(session, scope, words, vector, first_stage(settings), self.document_tags), settings

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None, **_: object
    ) -> list[Document]:
        return [
            Document(id=str(source.chunk_id), page_content=source.text, metadata=asdict(source) | {"text": ""})
            for source in self.sources(query, k)
        ]
