"""The best passages of a search, read once more and put in a better order."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chat.models.reranker import Reranker
from chat.rag.answer import Source

CANDIDATES = 30
"""Passages that are read once more: reading takes time, and what is further down is seldom right."""
DAMPING = 5
"""As in the fusion of the arms."""
WEIGHT = 0.5
"""What the place in the second reading counts, beside the place in the search (benchmarks/reranking.py)."""


def rerank(question: str, sources: Sequence[Source], reranker: Reranker, k: int) -> list[Source]:
    """The `k` best of `sources`, which come best first, by where they stood and, for less, where `reranker` puts them.

    `score` and `rank` are the new ones. No database session may be open: a model computes here.
    """
    scores = reranker.scores(question, [_in_context(source) for source in sources])
    places = np.empty(len(sources), dtype=int)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(sources) + 1)
    fused = 1 / (DAMPING + np.arange(1, len(sources) + 1)) + WEIGHT / (DAMPING + places)
    best = np.argsort(-fused, kind="stable")[:k]
    return [replace(sources[place], rank=rank, score=float(fused[place])) for rank, place in enumerate(best, 1)]


def _in_context(source: Source) -> str:
    return f"{source.section}\n{source.text}" if source.section else source.text
