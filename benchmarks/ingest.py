"""Ingestion from files to searchable chunks, beside sentence-transformers that only embeds the very same chunks.

Both sides take turns, round by round. Ours is a real worker: job, parsing child, chunks, vectors, COPY, going live.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import psutil
import sqlalchemy as sa

from admin import worker
from admin.curation.documents.ingesting import Ingestion, submit
from admin.curation.formats.parser import Parser
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.models.embedder import Embedder, bundled_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ROUNDS = 5
DOCUMENTS = 25
PASSAGES = 12
"""Passages of the test set in each document."""
FEW, MANY = 100, 10_000
"""Documents of a sentence each, after which the memory in use is compared."""
OWN, OWN_ENCODE, PEER = "Apprentice, files to searchable", "Apprentice's embedder alone", "sentence-transformers, fp32"


class Recording(Embedder):
    """An embedder that remembers what it was asked for."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.texts: list[str] = []

    @property
    def name(self) -> str:
        return self.embedder.name

    @property
    def dimension(self) -> int:
        return self.embedder.dimension

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += texts
        return self.embedder.encode(texts)


def run(bench: Workbench) -> list[Table]:
    """A table of chunks a second, and one of the memory that many documents take."""
    with Parser() as parser:
        return [speed(bench, parser), memory(bench, parser)]


def speed(bench: Workbench, parser: Parser) -> Table:
    """Everybody does the same chunks once a round."""
    files = write_documents(bench)
    embedder = Recording(bench.embedder)
    ingestion = Ingestion(bench.database.sessions, embedder, parser, bench.home)
    seconds_of(bench, ingestion, files[:2], "warm-up")
    embedder.texts.clear()
    taken: dict[str, list[float]] = {OWN: [], OWN_ENCODE: [], PEER: []}
    peer = reference()
    for number in range(ROUNDS):
        bench.say(f"Ingesting {len(files)} files, round {number + 1} of {ROUNDS} …")
        embedder.texts.clear()
        taken[OWN].append(seconds_of(bench, ingestion, files, f"round-{number}"))
        with clock(taken[OWN_ENCODE]):
            bench.embedder.encode(embedder.texts)
        with clock(taken[PEER]):
            peer.encode(embedder.texts, show_progress_bar=False)
    return speed_table(taken, len(embedder.texts), len(files))


def write_documents(bench: Workbench) -> list[Path]:
    """Markdown files, each of some passages of the largest test set under headings."""
    folder = bench.home / "files"
    folder.mkdir()
    passages = cycle(bench.largest.passages)
    files = []
    for number in range(DOCUMENTS):
        some = islice(passages, PASSAGES)
        files.append(folder / f"document-{number}.md")
        files[-1].write_text("\n\n".join(f"# Part {part}\n\n{text}" for part, text in enumerate(some)))
    return files


def seconds_of(bench: Workbench, ingestion: Ingestion, files: Sequence[Path], collection: str) -> float:
    """How long a worker takes from the first job to the last document that answers."""
    for path in files:
        with bench.database.sessions.begin() as session:
            submit(session, bench.home, path, collection, name=path.name, source=path.name)
    work = worker.make_app(bench.database.conninfo, ingestion)
    began = perf_counter()
    asyncio.run(worker.run(work, lambda: asyncio.to_thread(idle, bench)))
    return perf_counter() - began


def idle(bench: Workbench) -> bool:
    """Whether every version is done; raises `RuntimeError` for one that failed."""
    with bench.database.engine.connect() as connection:
        left, failed = connection.execute(
            sa.text("SELECT count(*) FILTER (WHERE status != 'failed'), count(*) FILTER (WHERE status = 'failed') "
                    "FROM document_versions WHERE status != 'ready'")
        ).one()  # fmt: skip
    if failed:
        raise RuntimeError(f"{failed} documents failed")
    return not left


def reference() -> "SentenceTransformer":
    """The same model as the library runs it by itself: float32, its own batches."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled_folder()), device="cpu").to(torch.float32)
    model.encode(["to be ready"], show_progress_bar=False)
    return model


@contextmanager
def clock(taken: list[float]) -> Iterator[None]:
    """Append how long the block takes, in seconds."""
    began = perf_counter()
    yield
    taken.append(perf_counter() - began)


def speed_table(taken: dict[str, list[float]], chunks: int, files: int) -> Table:
    """Chunks a second, and each beside the peer in the same round."""
    rows = []
    for name, seconds in taken.items():
        ratios = [peer / own for own, peer in zip(seconds, taken[PEER], strict=True)]
        rates = [chunks / each for each in seconds]
        rows.append((name, f"{np.median(rates):.1f}", f"{max(rates):.1f}", f"{np.median(ratios):.2f}"))
    return Table(
        f"Ingestion: {chunks} chunks of {files} Markdown files, {ROUNDS} rounds",
        ("side", "chunks/s, median", "chunks/s, best", "÷ sentence-transformers"),
        rows,
        "Ours from queued jobs to documents that answer: parsing, chunks, vectors, COPY, keywords, index. The peer "
        "only embeds the same texts, with its own defaults. Aim: 1.5 times where the CPU computes in bfloat16, .9 "
        "elsewhere.",
    )


def memory(bench: Workbench, parser: Parser) -> Table:
    """Memory of the worker and its parsing child after a few documents, and after many."""
    ingestion = Ingestion(bench.database.sessions, bench.embedder, parser, bench.home)
    after = {}
    path = bench.home / "note.txt"
    for first, last in ((0, FEW), (FEW, MANY)):
        bench.say(f"Ingesting {last - first} small documents …")
        for number in range(first, last):
            path.write_text(f"Notice {number}: the gate of pier {number} closes at ten in the evening.")
            with bench.database.sessions.begin() as session:
                submit(session, bench.home, path, "small", name=f"note-{number}.txt", source="benchmark")
        began = perf_counter()
        asyncio.run(
            worker.run(worker.make_app(bench.database.conninfo, ingestion), lambda: asyncio.to_thread(idle, bench))
        )
        after[last] = (resident(), (last - first) / (perf_counter() - began))
    growth = after[MANY][0] / after[FEW][0] - 1
    rows = [(f"{count:,}", f"{size / 1e6:.0f}", f"{rate:.1f}") for count, (size, rate) in after.items()]
    return Table(
        "Memory of a worker",
        ("documents read", "MB resident", "documents/s"),
        rows,
        f"Of the process and its parsing child; it grew by {growth:.0%}. Aim: at most 20 %.",
    )


def resident() -> int:
    """Bytes of memory that this process and its children have in use, Postgres left out."""
    here = psutil.Process()
    family = [here, *(child for child in here.children() if "postgres" not in child.name())]
    return sum(process.memory_info().rss for process in family)
