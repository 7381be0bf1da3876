"""Speed of writing rows that are embedded already, beside bare COPY into the same table, and LangChain's store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import numpy as np
import psycopg
from pgvector import HalfVector

from benchmarks import corpus
from benchmarks.langchain_peer import LangChainPeer
from benchmarks.report import Table
from benchmarks.workbench import Workbench, bare_connection
from chat.store.session import Sessions

ROWS = 10_000
PEER_ROWS = 1_000
ROUNDS = 5
NAME = "writing"
COLUMNS = "collection_id, content_id, ordinal, start_char, end_char, page, section, text, config, embedding"
TYPES = [*["int8"] * 6, "text", "text", "oid", "halfvec"]
BARE, OWN, LIVE = "bare COPY", "Apprentice", "Apprentice, indexed and live"
PEER, PEER_LIVE = "LangChain", "LangChain, indexed"

Rates = dict[str, float]
"""Rows a second, by who wrote them."""


@dataclass(frozen=True)
class Rows:
    """What is written: passages and their vectors, (passages, width)."""

    passages: Sequence[str]
    vectors: np.ndarray


def run(bench: Workbench) -> list[Table]:
    """One table: everybody writes once a round."""
    beir = bench.largest
    vectors = corpus.jittered(bench.embed(beir.passages), ROWS)
    rows = Rows(list(islice(cycle(beir.passages), ROWS)), vectors)
    rounds = []
    for number in range(ROUNDS):
        bench.say(f"Writing {ROWS} rows, round {number + 1} of {ROUNDS} …")
        rounds.append(one_round(bench, rows, number))
    corpus.clear(bench.database.sessions)
    return [table(rounds)]


def one_round(bench: Workbench, rows: Rows, number: int) -> Rates:
    """The rates of everybody, each into a table that holds nothing else."""
    rates = own_rates(bench.database.sessions, rows)
    with bare_connection(bench.database) as connection:
        rates |= {BARE: bare_rate(bench.database.sessions, connection, rows)}
    if bench.peer is not None:
        few = Rows(rows.passages[:PEER_ROWS], rows.vectors[:PEER_ROWS])
        rates |= peer_rates(bench.peer, few, number)
    return rates


def own_rates(sessions: Sessions, rows: Rows) -> Rates:
    """Ours: written and committed, and the same with being made live, which is when the indexes grow."""
    body = emptied(sessions, rows)

    def write() -> None:
        with sessions.begin() as session:
            corpus.write(session, body, rows.passages, rows.vectors)

    def publish() -> None:
        with sessions.begin() as session:
            corpus.publish(session, body)

    written = seconds(write)
    return {OWN: len(rows.passages) / written, LIVE: len(rows.passages) / (written + seconds(publish))}


def bare_rate(sessions: Sessions, connection: psycopg.Connection, rows: Rows) -> float:
    """The same rows into the same table, made beforehand into what psycopg sends."""
    body = emptied(sessions, rows)
    ready = table_rows(connection, body, rows)

    def write() -> None:
        with (
            connection.transaction(),
            connection.cursor().copy(f"COPY chunks ({COLUMNS}) FROM STDIN WITH (FORMAT BINARY)") as copy,
        ):
            copy.set_types(TYPES)
            for row in ready:
                copy.write_row(row)

    return len(ready) / seconds(write)


def peer_rates(peer: LangChainPeer, rows: Rows, number: int) -> Rates:
    """LangChain's, into tables of this round: without an index, as it comes, and with the two that ours has too."""
    plain, indexed = f"writing_{number}", f"writing_indexed_{number}"
    for name in (plain, indexed):
        peer.make(name, rows.vectors.shape[1])
    peer.index(indexed)
    written = {PEER: peer.write(plain, rows.passages, rows.vectors)}
    written |= {PEER_LIVE: peer.write(indexed, rows.passages, rows.vectors)}
    return {name: len(rows.passages) / taken for name, taken in written.items()}


def emptied(sessions: Sessions, rows: Rows) -> corpus.Corpus:
    """Tables with nothing in them but a document that waits for these rows."""
    corpus.clear(sessions)
    with sessions.begin() as session:
        return corpus.prepare(session, NAME, rows.passages)


def table_rows(connection: psycopg.Connection, body: corpus.Corpus, rows: Rows) -> list[tuple[Any, ...]]:
    """The rows of `chunks`, one tuple each."""
    english = connection.execute("SELECT cast('english' AS regconfig)::oid").fetchone()
    assert english is not None
    owner = (body.collection_id, body.content_id)
    return [
        (*owner, c.ordinal, c.start_char, c.end_char, c.page, c.section, c.text, english[0], HalfVector(vector))
        for c, vector in zip(corpus.as_chunks(rows.passages), rows.vectors, strict=True)
    ]


def seconds(work: Callable[[], None]) -> float:
    """How long `work` takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def table(rounds: Sequence[Rates]) -> Table:
    """Medians and bests of the rounds, and each median beside LangChain's and beside bare COPY's."""
    medians = {name: float(np.median([rates[name] for rates in rounds])) for name in rounds[0]}
    best = {name: max(rates[name] for rates in rounds) for name in rounds[0]}

    def beside(name: str, anchor: str) -> str:
        return f"{medians[name] / medians[anchor]:.2f}" if anchor in medians else "–"

    return Table(
        f"Bulk writing: {ROWS} rows ready embedded, {ROUNDS} rounds",
        ("writer", "rows/s, median", "rows/s, best", "÷ bare COPY", "÷ LangChain"),
        [
            (name, f"{medians[name]:.0f}", f"{best[name]:.0f}", beside(name, BARE), beside(name, PEER))
            for name in (BARE, OWN, LIVE, PEER, PEER_LIVE)
            if name in medians
        ],
        f"All committed. LangChain's add_documents writes {PEER_ROWS} of the rows, keywords too. Aim: 50 times its "
        "rows a second. Bare COPY is psycopg's, in binary, into the same table, of "
        "rows made before the clock starts. An index grows when rows become live; LangChain's store has none unless "
        "it is asked for.",
    )
