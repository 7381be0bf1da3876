"""Searching where only some may be searched: what the dense arm finds and how long it takes, beside no filter at all.

100 000 made-up chunks lie in five collections: 50, 10, 1 and 0.1 % of them, and the rest. Whom a search is for decides
which collections it looks into, and so does a question that is put to one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np
import sqlalchemy as sa

from benchmarks import corpus
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.rag.retriever import RetrievalSettings
from chat.store import chunks
from chat.store.session import Sessions

CHUNKS = 100_000
SHARES = (0.5, 0.1, 0.01, 0.001)
K = 10
QUESTIONS = 100
CLUSTERS = 500
WIDTH = 384
AIMS = {1.0: (0.98, 1.0), 0.5: (0.98, 2.0), 0.1: (0.98, 2.0), 0.01: (0.99, 1.0), 0.001: (0.99, 1.0)}
"""By what a filter leaves: the least recall and the most time, times that of a search without a filter."""


@dataclass(frozen=True)
class Filtered:
    """What a filter did: mean recall beside the exact search, the fewest rows, and milliseconds of each search."""

    share: float
    left: int
    recall: float
    fewest: int
    milliseconds: Sequence[float]


def run(bench: Workbench) -> list[Table]:
    """The table of 100 000 chunks."""
    bench.say(f"Writing {CHUNKS} chunks …")
    vectors = made_up(CHUNKS)
    scopes = install(bench.database.sessions, vectors)
    bench.say(f"Asking {QUESTIONS} questions with each filter …")
    return [table(measure(bench.database.sessions, vectors, scopes, QUESTIONS))]


def made_up(count: int, seed: int = 0) -> np.ndarray:
    """Vectors of length 1 in clusters, as those of texts are: (count, WIDTH), float32."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(CLUSTERS, WIDTH))
    moved = centres[chance.integers(CLUSTERS, size=count)] + 0.8 * chance.normal(size=(count, WIDTH))
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def install(sessions: Sessions, vectors: np.ndarray) -> dict[float, tuple[list[int], np.ndarray]]:
    """The vectors in collections; for each share, the collections that leave it and the places of their vectors."""
    corpus.clear(sessions)
    graph = without_graph(sessions)
    owners = np.random.default_rng(2).permutation(len(vectors))
    ends = np.cumsum([int(share * len(vectors)) for share in SHARES])
    bounds = pairwise([0, *ends.tolist(), len(vectors)])
    scopes: dict[float, tuple[list[int], np.ndarray]] = {}
    ids: list[int] = []
    for share, (first, last) in zip((*SHARES, None), bounds, strict=True):
        places = np.sort(owners[first:last])
        passages = [f"passage {place}" for place in places]
        with sessions.begin() as session:
            body = corpus.prepare(session, f"share-{len(ids)}", passages)
            corpus.write(session, body, passages, vectors[places])
            corpus.publish(session, body)
        ids.append(body.collection_id)
        if share is not None:
            scopes[share] = ([body.collection_id], places)
    corpus.alone(sessions, f"SET maintenance_work_mem = '1GB'; {graph}; RESET maintenance_work_mem")
    corpus.settle(sessions)
    return {1.0: (ids, np.arange(len(vectors)))} | scopes


def without_graph(sessions: Sessions) -> str:
    """Drop the index of the vectors, which is made much faster once they are there. Returns what makes it."""
    with sessions.begin() as session:
        made_by = sa.text("SELECT pg_get_indexdef(cast('ix_chunks_embedding' AS regclass))")
        statement = str(session.execute(made_by).scalar_one())
        session.execute(sa.text("DROP INDEX ix_chunks_embedding"))
    return statement


def measure(
    sessions: Sessions, vectors: np.ndarray, scopes: dict[float, tuple[list[int], np.ndarray]], questions: int
) -> list[Filtered]:
    """Every question with every filter in turn, the arm as deep as a question of the chat needs it."""
    asked = made_up(questions, seed=3)
    taken: dict[float, list[float]] = {share: [] for share in scopes}
    found: dict[float, list[list[float]]] = {share: [] for share in scopes}
    for vector in asked:
        for share, (scope, _) in scopes.items():
            with sessions() as session:
                session.connection()
                began = perf_counter()
                hits = chunks.nearest(session, scope, vector, RetrievalSettings.depth)
                taken[share].append(1000 * (perf_counter() - began))
            found[share].append([hit.score for hit in hits])
    return [
        Filtered(
            share,
            len(places),
            float(
                np.mean([recall(scores, vectors[places] @ v) for scores, v in zip(found[share], asked, strict=True)])
            ),
            min(map(len, found[share])),
            taken[share],
        )
        for share, (_, places) in scopes.items()
    ]


def recall(scores: Sequence[float], truth: np.ndarray) -> float:
    """Share of the K nearest that are among the first K found; what half precision cannot tell apart counts."""
    bar = np.sort(truth)[::-1][:K][-1]
    return float(sum(score >= bar - 1e-3 for score in scores[:K]) / min(K, len(truth)))


def table(measured: Sequence[Filtered]) -> Table:
    usual = float(np.median(measured[0].milliseconds))

    def row(each: Filtered) -> tuple[str, ...]:
        middle = float(np.median(each.milliseconds))
        least, most = AIMS[each.share]
        reached = each.recall >= least and middle <= most * usual
        return (
            f"{100 * each.share:g} % of them", f"{each.left}", f"{each.recall:.3f}", f"{each.fewest}", f"{middle:.2f}",
            f"{np.percentile(each.milliseconds, 95):.2f}", f"{middle / usual:.2f}", "reached" if reached else "missed",
        )  # fmt: skip

    return Table(
        f"Filtered search: {measured[0].left} made-up chunks, {len(measured[0].milliseconds)} questions",
        ("left", "chunks", f"recall@{K}", "fewest rows", "p50, ms", "p95, ms", "p50 ÷ unfiltered", "aim"),
        [row(each) for each in measured],
        f"Dense arm alone, {RetrievalSettings.depth} deep, beside the exact search. Aims: recall .98 within twice the "
        f"unfiltered time where half or a tenth is left, .99 within once below that; always {RetrievalSettings.depth} "
        "rows where there are so many.",
    )
