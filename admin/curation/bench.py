"""What retrieval does with a question, step by step, as chat would do it: found, judged, and put before the model."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chat import rights
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.rag import abstain, prompt
from chat.rag.answer import Source
from chat.rag.chain import checked
from chat.rag.retriever import LONGEST_QUESTION, RetrievalSettings, retrieve
from chat.store.session import Sessions

MOST = 50
"""Passages that may be asked for."""


@dataclass(frozen=True)
class Probe:
    """What became of one question. `messages` are (role, text), and empty where chat would refuse."""

    question: str
    sources: Sequence[Source]
    refused: bool
    evidence: dict[str, Any]
    """What the decision to refuse or answer rests on, by name."""
    messages: Sequence[tuple[str, str]]
    in_prompt: Sequence[int]
    """Ids of the chunks that the prompt holds, in its order."""
    timings_ms: dict[str, float]


@dataclass(frozen=True)
class Bench:
    """Tries questions out. Nothing is kept, and no model writes."""

    sessions: Sessions
    embedder: Embedder
    verifier: Verifier

    def probe(self, question: str, collection: str | None, k: int) -> Probe:
        """The `k` best passages for a question, and what chat would do with what it finds.

        Raises `InvalidInputError` for a question that is empty or too long, `NotFoundError` for an unknown collection.
        """
        words, usual = checked(question), RetrievalSettings().k
        started = time.perf_counter()
        vector = self.embedder.encode([words[:LONGEST_QUESTION]])[0]
        embedded = time.perf_counter()
        with self.sessions() as session:
            scope = rights.readable(session, collection)
            sources = retrieve(session, scope, words, vector, RetrievalSettings(k=max(k, usual)))
        found = time.perf_counter()
        verdict = abstain.judge(words, sources[:usual], self.verifier)
        chosen = [] if verdict.refuse else prompt.select(sources[:usual])
        messages = prompt.rag_messages(words, (), chosen) if chosen else []
        evidence = asdict(verdict)
        return Probe(
            question=words,
            sources=sources[:k],
            refused=bool(evidence.pop("refuse")),
            evidence=evidence,
            messages=[(message.type, message.text) for message in messages],
            in_prompt=[source.chunk_id for source in chosen],
            timings_ms={
                "embed": 1000 * (embedded - started),
                "search": 1000 * (found - embedded),
                "judge": 1000 * (time.perf_counter() - found),
            },
        )
