"""The keyword arm: for how many questions it finds nothing at all, how well it ranks, and how long it takes."""

from time import perf_counter

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import corpus
from benchmarks.beir import BeirSet
from benchmarks.report import Table
from benchmarks.retrieval import K, quality
from benchmarks.workbench import Workbench
from chat.rag.retriever import RetrievalSettings
from chat.store import chunks

ALL_WORDS = sa.text("""
    SELECT count(*) FROM chunks
    WHERE live AND collection_id = :collection AND keywords @@ plainto_tsquery('english', :words)
""")


def run(bench: Workbench) -> list[Table]:
    """One row per test set."""
    return [
        Table(
            "The keyword arm",
            ("set", "questions", "finds nothing", "… were all words wanted", f"nDCG@{K}", f"recall@{K}", "p50, ms"),
            [measure(bench, beir) for beir in bench.sets],
            f"{RetrievalSettings.depth} deep, alone. Aim: it finds nothing for less than 1 % of nq's questions. All "
            "words wanted: what `plainto_tsquery`, which many systems use, would leave without a hit.",
        )
    ]


def measure(bench: Workbench, beir: BeirSet) -> tuple[str, ...]:
    """The row of one set."""
    body = corpus.install(bench.database.sessions, beir.name, beir.passages, bench.embed(beir.passages))
    bench.say(f"Asking {len(beir.questions)} questions of {beir.name} …")
    rankings, taken, strict = [], [], 0
    with bench.database.sessions() as session:
        places = corpus.places(session, body)
        for words in beir.questions:
            began = perf_counter()
            hits = chunks.matching(session, [body.collection_id], words, RetrievalSettings.depth)
            taken.append(1000 * (perf_counter() - began))
            rankings.append([places[hit.chunk_id] for hit in hits])
            strict += not found_by_all_words(session, body, words)
    measured, count = quality(rankings, beir.grades), len(rankings)
    empty = sum(not ranking for ranking in rankings)
    return (
        beir.name,
        str(count),
        f"{100 * empty / count:.2f} %",
        f"{100 * strict / count:.0f} %",
        f"{measured.ndcg:.3f}",
        f"{measured.recall:.3f}",
        f"{float(np.median(taken)):.1f}",
    )


def found_by_all_words(session: Session, body: corpus.Corpus, words: str) -> bool:
    return bool(session.execute(ALL_WORDS, {"collection": body.collection_id, "words": words}).scalar_one())
