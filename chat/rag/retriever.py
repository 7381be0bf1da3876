"""Finding passages: by meaning and by words, fused. The one function behind chat, API, bench and evaluation."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict
from sqlalchemy.orm import Session

from chat import rights
from chat.models.embedder import Embedder
from chat.rag.answer import Source
from chat.store import chunks
from chat.store.session import Sessions

LONGEST_QUESTION = 2_000
"""Characters of a question that are searched for; a question longer than that is a text, not a question."""


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

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Ranking:
    """A chunk's place in each arm, and what it scores in sum."""

    chunk_id: int
    score: float
    dense_rank: int | None
    keyword_rank: int | None
    similarity: float | None


def retrieve(
    session: Session, collections: Sequence[int], words: str, vector: np.ndarray, settings: RetrievalSettings
) -> list[Source]:
    """The `settings.k` best passages for `words`, whose vector is `vector`, among `collections`; best first."""
    dense = chunks.nearest(session, collections, vector, settings.depth)
    keyword = chunks.matching(session, collections, words[:LONGEST_QUESTION], settings.depth)
    best = fuse(dense, keyword, settings)
    found = {source.chunk_id: source for source in chunks.sources(session, collections, [r.chunk_id for r in best])}
    present = [ranking for ranking in best if ranking.chunk_id in found]
    return [_source(rank, ranking, found[ranking.chunk_id]) for rank, ranking in enumerate(present, 1)]


def fuse(dense: Sequence[chunks.Hit], keyword: Sequence[chunks.Hit], settings: RetrievalSettings) -> list[Ranking]:
    """The `settings.k` best of both arms by weighted reciprocal rank fusion, best first; equal scores by chunk id."""
    dense_ranks = {hit.chunk_id: rank for rank, hit in enumerate(dense, 1)}
    keyword_ranks = {hit.chunk_id: rank for rank, hit in enumerate(keyword, 1)}
    scores: defaultdict[int, float] = defaultdict(float)
    for weight, ranks in ((settings.dense_weight, dense_ranks), (settings.keyword_weight, keyword_ranks)):
        for chunk_id, rank in ranks.items():
            scores[chunk_id] += weight / (settings.damping + rank)
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[: settings.k]
    similarity = {hit.chunk_id: hit.score for hit in dense}
    return [Ranking(i, scores[i], dense_ranks.get(i), keyword_ranks.get(i), similarity.get(i)) for i in best]


def _source(rank: int, ranking: Ranking, chunk: chunks.ChunkSource) -> Source:
    return Source(
        rank=rank,
        score=ranking.score,
        dense_rank=ranking.dense_rank,
        keyword_rank=ranking.keyword_rank,
        similarity=ranking.similarity,
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
    """`retrieve` as a LangChain retriever, over the collections that may be read or the one named."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    sessions: Sessions
    embedder: Embedder
    collection: str | None = None
    settings: RetrievalSettings = RetrievalSettings()
    k: int = 10

    def in_collection(self, collection: str | None) -> "HybridRetriever":
        """The same retriever, looking only there."""
        return self.model_copy(update={"collection": collection})

    def sources(self, words: str, k: int | None = None) -> list[Source]:
        """Passages as `Source`, which says where each one stands. One short transaction."""
        vector = self.embedder.encode([words[:LONGEST_QUESTION]])[0]
        settings = RetrievalSettings(**self.settings.as_dict() | {"k": k or self.k})
        with self.sessions() as session:
            return retrieve(session, rights.readable(session, self.collection), words, vector, settings)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None, **_: object
    ) -> list[Document]:
        return [
            Document(id=str(source.chunk_id), page_content=source.text, metadata=asdict(source) | {"text": ""})
            for source in self.sources(query, k)
        ]
