"""Latency of retrieval with the question's vector given, beside its own SQL sent by bare psycopg, and LangChain.

Each question is put to every side before the next one, and the side that begins changes from question to question.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import numpy as np
import psycopg
import sqlalchemy as sa

from benchmarks import corpus
from benchmarks.langchain_peer import LangChainPeer
from benchmarks.report import Table
from benchmarks.workbench import Workbench, bare_connection
from chat.rag.retriever import RetrievalSettings, retrieve
from chat.store import chunks
from chat.store.database import Database

Question = tuple[str, np.ndarray]
"""Words and their vector."""
Statements = list[tuple[str, Any]]
"""SQL as it was sent, with its parameters."""
Side = Callable[[int], float]
"""Puts the question of that number, and returns the seconds it took."""
QUESTIONS = 300
LARGE = 30_000
K = 10
BARE, OWN, WHOLE = "the same SQL, bare psycopg", "Apprentice", "Apprentice, opening a session"
OWN_DENSE, PEER_DENSE = "Apprentice, dense alone", "LangChain, dense alone"


@dataclass(frozen=True)
class Body:
    """What is searched: passages and their vectors, (passages, width)."""

    title: str
    name: str
    passages: Sequence[str]
    vectors: np.ndarray


def run(bench: Workbench) -> list[Table]:
    """A table for the largest set, searched exactly, and one for many jittered copies of it, searched by the graph."""
    beir = bench.largest
    vectors = bench.embed(beir.passages)
    questions = beir.questions[:QUESTIONS]
    asked = list(zip(questions, bench.embed(questions), strict=True))
    copies = list(islice(cycle(beir.passages), LARGE))
    bodies = [
        Body(f"{beir.name}, {len(vectors)} passages", "small", beir.passages, vectors),
        Body(f"{beir.name}, {LARGE} jittered copies", "large", copies, corpus.jittered(vectors, LARGE)),
    ]
    return [table(body.title, compare(bench, body, asked)) for body in bodies]


def compare(bench: Workbench, body: Body, asked: Sequence[Question]) -> dict[str, list[float]]:
    """Seconds that each side takes for each question among the passages of `body`."""
    bench.say(f"Writing {len(body.passages)} passages …")
    place = corpus.install(bench.database.sessions, body.name, body.passages, body.vectors)
    sides = own_sides(bench.database, [place.collection_id], asked)
    if bench.peer is not None:
        sides[PEER_DENSE] = peer_side(bench.peer, body, asked)
    bench.say(f"Asking {len(asked)} questions …")
    with bare_connection(bench.database) as connection:
        sides[BARE] = bare_side(connection, record(bench.database.engine, sides[OWN], len(asked)))
        return interleave(sides, len(asked))


def own_sides(database: Database, within: Sequence[int], asked: Sequence[Question]) -> dict[str, Side]:
    """Retrieval alone, retrieval with the session it needs, and its dense arm for as much as the peer returns."""
    settings = RetrievalSettings(k=K)

    def own(number: int) -> float:
        with database.sessions() as session:
            session.connection()
            began = perf_counter()
            retrieve(session, within, *asked[number], settings)
            return perf_counter() - began

    def whole(number: int) -> float:
        began = perf_counter()
        with database.sessions() as session:
            retrieve(session, within, *asked[number], settings)
        return perf_counter() - began

    def dense(number: int) -> float:
        began = perf_counter()
        with database.sessions() as session:
            hits = chunks.nearest(session, within, asked[number][1], K)
            chunks.sources(session, within, [hit.chunk_id for hit in hits])
        return perf_counter() - began

    return {OWN: own, WHOLE: whole, OWN_DENSE: dense}


def peer_side(peer: LangChainPeer, body: Body, asked: Sequence[Question]) -> Side:
    """LangChain's retriever, timed in its own process; it gets an index where ours is used."""
    table_name = f"latency_{body.name}"
    peer.fill(table_name, body.passages, body.vectors)
    if len(body.passages) > chunks.EXACT_LIMIT:
        peer.index(table_name)
    return lambda number: peer.search(table_name, *asked[number], k=K)[1]


def bare_side(connection: psycopg.Connection, recorded: Sequence[Statements]) -> Side:
    """The recorded statements of each question, one after the other on one connection, every row fetched."""

    def bare(number: int) -> float:
        began = perf_counter()
        for statement, parameters in recorded[number]:
            connection.execute(statement, parameters).fetchall()
        return perf_counter() - began

    return bare


def record(engine: sa.Engine, side: Side, questions: int) -> list[Statements]:
    """What `side` sends to the database for each question."""
    sent: Statements = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    recorded = []
    sa.event.listen(engine, "before_cursor_execute", keep)
    for number in range(questions):
        side(number)
        recorded.append(sent.copy())
        sent.clear()
    sa.event.remove(engine, "before_cursor_execute", keep)
    return recorded


def interleave(sides: Mapping[str, Side], questions: int) -> dict[str, list[float]]:
    """Seconds of each side for each question, after one round of all that nobody counts."""
    names = list(sides)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(2 * questions):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seconds = sides[name](number % questions)
            if number >= questions:
                taken[name].append(seconds)
    return taken


def table(title: str, taken: Mapping[str, Sequence[float]]) -> Table:
    """Milliseconds of each side, and its median beside that of bare psycopg."""
    anchor = float(np.median(taken[BARE]))

    def row(name: str) -> tuple[str, ...]:
        milliseconds = 1000 * np.asarray(taken[name])
        figures = (np.median(milliseconds), np.percentile(milliseconds, 95), milliseconds.min())
        return (name, *(f"{figure:.2f}" for figure in figures), f"{figures[0] / 1000 / anchor:.2f}")

    order = [name for name in (BARE, OWN, WHOLE, OWN_DENSE, PEER_DENSE) if name in taken]
    return Table(
        f"Retrieval latency: {title}, {len(taken[BARE])} questions",
        ("milliseconds", "p50", "p95", "least", "p50 ÷ bare"),
        [row(name) for name in order],
        f"Both arms 100 deep, fusion, and {K} passages with where they stand. Aim: at most 1.5 times bare psycopg. "
        f"The last rows are for {K} passages by dense search alone, with ours opening a session; where ours uses its "
        "HNSW index (ef_search 200), LangChain has one of its own (ef_search 40, its default).",
    )
