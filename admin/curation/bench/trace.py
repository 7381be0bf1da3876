"""What retrieval does with a question, step by step, as chat would do it: found, judged, and put before the model."""

import time
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from admin.curation.bench.arms import Search
from chat.models.reranker import Rerankers
from chat.models.verifier import Verifier
from chat.rag import abstain, prompt
from chat.rag.answer import Source
from chat.rag.retriever import LONGEST_QUESTION, RetrievalSettings, first_stage, fuse, reread, retrieve
from chat.store.questions import NO_CHANGE, Change

MOST = 50
"""Passages that may be asked for."""


@dataclass(frozen=True)
class Probe:
    """What became of one question. `messages` are (role, text), and empty where chat would refuse."""

    question: str
    sources: Sequence[Source]
    settings: RetrievalSettings
    """Those in effect: the collection's own, or the usual ones."""
    refused: bool
    evidence: dict[str, Any]
    """What the decision to refuse or answer rests on, by name."""
    messages: Sequence[tuple[str, str]]
    in_prompt: Sequence[int]
    """Ids of the chunks that the prompt holds, in its order."""
    timings_ms: dict[str, float]
    marks: dict[int, bool]
    """Chunks that are marked right (True) or wrong for this question."""
    markable: Set[int] = frozenset()
    """Ids of the documents whose passages may be marked by who asked."""
    draft: int | None = None
    """The version that counted as published, where it was tried as if it were."""


def find(
    session: Session,
    scope: Sequence[int],
    words: str,
    vector: np.ndarray,
    settings: RetrievalSettings,
    change: Change = NO_CHANGE,
    tags: Sequence[str] = (),
) -> list[Source]:
    """The best passages as the documents are, which is exactly what chat finds, or as they would be after `change`.

    They are the `settings.k` best, and at least as many as the reranker of these settings reads.
    """
    settings = replace(settings, k=max(settings.k, first_stage(replace(settings, k=RetrievalSettings.k)).k))
    if change == NO_CHANGE:
        return retrieve(session, scope, words, vector, settings, tags)
    search = Search(session, scope, settings.depth, change, tags)
    return search.sources(fuse(*search(words[:LONGEST_QUESTION], vector), settings))


def read_again(words: str, found: Sequence[Source], settings: RetrievalSettings, rerankers: Rerankers) -> list[Source]:
    """What was found in the order that chat gives it; what stands further down than its reranker reads stays there."""
    read = first_stage(replace(settings, k=RetrievalSettings.k)).k
    return [*reread(words, found[:read], replace(settings, k=read), rerankers), *found[read:]]


def judged(words: str, found: Sequence[Source], settings: RetrievalSettings, verifier: Verifier, k: int) -> Probe:
    """What chat would make of the passages found with `settings`; the first `k` of them are kept."""
    started = time.perf_counter()
    usual = found[: RetrievalSettings.k]
    verdict = abstain.judge(words, usual, verifier, settings.threshold)
    chosen = [] if verdict.refuse else prompt.select(usual)
    messages = prompt.rag_messages(words, (), chosen) if chosen else []
    evidence = asdict(verdict)
    return Probe(
        question=words,
        sources=found[:k],
        settings=replace(settings, k=RetrievalSettings.k),
        refused=bool(evidence.pop("refuse")),
        evidence=evidence | {"threshold": verifier.threshold if settings.threshold is None else settings.threshold},
        messages=[(message.type, message.text) for message in messages],
        in_prompt=[source.chunk_id for source in chosen],
        timings_ms={"judge": 1000 * (time.perf_counter() - started)},
        marks={},
    )
