"""Reading the best passages once more, by MaxSim: what it does to quality, and how long it takes."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from benchmarks import corpus
from benchmarks.beir import BeirSet
from benchmarks.report import Table
from benchmarks.retrieval import K, Quality, quality
from benchmarks.workbench import Workbench
from chat.models.reranker import MAXSIM, MaxSim
from chat.rag.rerank import CANDIDATES, rerank
from chat.rag.retriever import RetrievalSettings, first_stage, retrieve

QUESTIONS = 250
"""Questions of a set that are asked: reading for thousands would take the rest of the hour."""
SETTINGS = RetrievalSettings(k=K, rerank=MAXSIM)


def run(bench: Workbench) -> list[Table]:
    """One row per test set without, and one with the second reading."""
    rows = [row for beir in bench.sets for row in measure(bench, beir)]
    return [
        Table(
            "Reranking",
            ("set", "reranker", f"nDCG@{K}", f"recall@{K}", "added, p50 ms", "added, p95 ms"),
            rows,
            f"The first {CANDIDATES} passages are read, with nothing remembered at the start, and the passages seen "
            f"last later. At most {QUESTIONS} questions of a set. The weight of the second reading was chosen on these "
            "sets. Off by default: switch it on where the collection's own labelled questions gain. Wanted: recall of "
            ".85 on codebase.",
        )
    ]


def measure(bench: Workbench, beir: BeirSet) -> list[tuple[str, ...]]:
    """The rows of one set."""
    asked, grades = beir.questions[:QUESTIONS], beir.grades[:QUESTIONS]
    body = corpus.install(bench.database.sessions, beir.name, beir.passages, bench.embed(beir.passages))
    bench.say(f"Reading for {len(asked)} questions of {beir.name} …")
    reranker, without, after, taken = MaxSim(), [], [], []
    with bench.database.sessions() as session:
        places = corpus.places(session, body)
    for words, vector in zip(asked, bench.embed(asked), strict=True):
        with bench.database.sessions() as session:
            found = retrieve(session, [body.collection_id], words, vector, first_stage(SETTINGS))
        began = perf_counter()
        best = rerank(words, found, reranker, K)
        taken.append(1000 * (perf_counter() - began))
        without.append([places[source.chunk_id] for source in found])
        after.append([places[source.chunk_id] for source in best])
    return [
        row(beir.name, "none", quality(without, grades), [0.0]),
        row(beir.name, MAXSIM, quality(after, grades), taken),
    ]


def row(name: str, reranker: str, measured: Quality, taken: Sequence[float]) -> tuple[str, ...]:
    figures = (float(np.median(taken)), float(np.percentile(taken, 95)))
    return (name, reranker, f"{measured.ndcg:.3f}", f"{measured.recall:.3f}", *(f"{each:.0f}" for each in figures))
