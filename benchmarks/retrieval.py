"""Quality of retrieval: nDCG@10 and recall@10 of the fused search, of each arm alone, and of LangChain's store.

Every searcher sees the same passages, each one chunk, and the same vectors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from benchmarks import corpus
from benchmarks.beir import BeirSet
from benchmarks.langchain_peer import HYBRID_DEPTH, LangChainPeer
from benchmarks.measures import ndcg, recall
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.rag.retriever import RetrievalSettings, retrieve
from chat.store import chunks
from chat.store.session import Sessions

Search = Callable[[str, np.ndarray], list[int]]
"""From the words of a question and its vector to the places of the passages found, best first."""
K = 10
REACH = {"codebase": 0.65, "cranfield": 0.41, "nq": 0.90}
"""nDCG@10 that the fused search is meant to reach."""


@dataclass(frozen=True)
class Quality:
    """Means over the questions of a set."""

    ndcg: float
    recall: float


def run(bench: Workbench) -> list[Table]:
    """One table per test set."""
    return [table(beir, qualities(bench, beir)) for beir in bench.sets]


def qualities(bench: Workbench, beir: BeirSet) -> dict[str, Quality]:
    """How each searcher does on `beir`, by the searcher's name; ours, as it is served, is the first."""
    vectors, question_vectors = bench.embed(beir.passages), bench.embed(beir.questions)
    body = corpus.install(bench.database.sessions, beir.name, beir.passages, vectors)
    searches = own_searches(bench.database.sessions, body)
    if bench.peer is not None:
        bench.peer.fill(beir.name, beir.passages, vectors)
        searches |= peer_searches(bench.peer, beir.name)
    bench.say(f"Asking {len(beir.questions)} questions of {beir.name} …")
    asked = list(zip(beir.questions, question_vectors, strict=True))
    return {name: quality([search(*question) for question in asked], beir.grades) for name, search in searches.items()}


def quality(rankings: Sequence[Sequence[int]], grades: Sequence[Mapping[int, int]]) -> Quality:
    """The quality of one ranking per question."""
    judged = list(zip(rankings, grades, strict=True))
    return Quality(mean(ndcg(*pair, K) for pair in judged), mean(recall(*pair, K) for pair in judged))


def own_searches(sessions: Sessions, body: corpus.Corpus) -> dict[str, Search]:
    """The fused search as it is served, with the damping of its paper, and its two arms alone."""
    within = [body.collection_id]
    with sessions() as session:
        places = corpus.places(session, body)

    def fused(settings: RetrievalSettings) -> Search:
        def search(words: str, vector: np.ndarray) -> list[int]:
            with sessions() as session:
                return [places[source.chunk_id] for source in retrieve(session, within, words, vector, settings)]

        return search

    def dense(_words: str, vector: np.ndarray) -> list[int]:
        with sessions() as session:
            return [places[hit.chunk_id] for hit in chunks.nearest(session, within, vector, K)]

    def keyword(words: str, _vector: np.ndarray) -> list[int]:
        with sessions() as session:
            return [places[hit.chunk_id] for hit in chunks.matching(session, within, words, K)]

    return {
        "Apprentice": fused(RetrievalSettings(k=K)),
        "Apprentice, damping 60": fused(RetrievalSettings(k=K, damping=60)),
        "dense arm alone": dense,
        "keyword arm alone": keyword,
    }


def peer_searches(peer: LangChainPeer, name: str) -> dict[str, Search]:
    """LangChain's hybrid search as it comes, the same looking as deep as ours, and its dense search."""

    def searching(depth: int | None) -> Search:
        return lambda words, vector: peer.search(name, words, vector, K, depth)[0]

    return {
        "LangChain hybrid": searching(HYBRID_DEPTH),
        "LangChain hybrid, 100 deep": searching(RetrievalSettings.depth),
        "LangChain dense": searching(None),
    }


def table(beir: BeirSet, measured: dict[str, Quality]) -> Table:
    """The qualities, and how many times each one's nDCG ours is."""
    ours = next(iter(measured.values())).ndcg
    reach = REACH.get(beir.name)
    aim = f" Aim: nDCG@{K} of {reach:.2f} or more; {'reached' if ours >= reach else 'missed'}." if reach else ""
    return Table(
        f"Retrieval quality: {beir.name}, {len(beir.passages)} passages, {len(beir.questions)} questions",
        ("search", f"nDCG@{K}", f"recall@{K}", "Apprentice ÷ this"),
        [
            (name, f"{each.ndcg:.3f}", f"{each.recall:.3f}", f"{ours / each.ndcg:.2f}" if each.ndcg else "–")
            for name, each in measured.items()
        ],
        "Equal weights, both arms 100 deep. LangChain's hybrid search is given a configuration of its own for each "
        "question; kept, as its documentation shows it, it searches the keywords of the first question for ever "
        f"(langchain-postgres issues 288, 337).{aim}",
    )
