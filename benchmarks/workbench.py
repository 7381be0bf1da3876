"""What the benchmarks of one run share. All of it lives in a temporary folder and is gone when the run ends."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pgvector.psycopg
import psycopg
from rich.console import Console

from benchmarks.beir import BeirSet, find_sets, read_set
from benchmarks.langchain_peer import REQUIREMENTS, LangChainPeer
from chat.models.embedder import Embedder
from chat.settings import Settings
from chat.store.database import Database, open_database
from chat.store.session import HNSW


@dataclass(frozen=True)
class Workbench:
    """An empty database, the bundled embedder, the test sets and, unless it was left out, the peer."""

    sets: list[BeirSet]
    home: Path
    database: Database
    embedder: Embedder
    peer: LangChainPeer | None
    console: Console

    @property
    def largest(self) -> BeirSet:
        """The test set with the most passages."""
        return max(self.sets, key=lambda beir: len(beir.passages))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of `texts`, float32, (texts, width); computed once in a run."""
        digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
        kept = self.home / f"{digest}.npy"
        if not kept.exists():
            self.say(f"Embedding {len(texts)} texts …")
            np.save(kept, self.embedder.encode(texts))
        return np.asarray(np.load(kept))

    @property
    def versions(self) -> str:
        """The versions of the server, of its vectors, and of the peer."""
        with self.database.engine.connect() as connection:
            server = connection.exec_driver_sql("SHOW server_version").scalar_one()
            vector = connection.exec_driver_sql("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            names = [f"PostgreSQL {server}", f"the extension pgvector {vector.scalar_one()}"]
        return ", ".join([*names, *(REQUIREMENTS[:1] if self.peer else ())])

    def say(self, line: str) -> None:
        """Tell the person waiting what is being done."""
        self.console.print(line, style="dim")


@contextmanager
def workbench(data: Path, console: Console, *, with_peer: bool) -> Iterator[Workbench]:
    """A workbench in a folder of its own, with the test sets under `data`.

    Whatever the environment says about Apprentice's database is not heeded. Raises `InvalidInputError` where there are
    no test sets.
    """
    sets = [read_set(folder) for folder in find_sets(data)]
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="apprentice-bench-")))
        database = open_database(Settings(home=home, database_url=None))
        stack.callback(database.close)
        peer = stack.enter_context(LangChainPeer(database, home)) if with_peer else None
        yield Workbench(sets, home, database, Embedder(), peer, console)


@contextmanager
def bare_connection(database: Database) -> Iterator[psycopg.Connection]:
    """A connection with our settings of the index, and nothing between it and the server."""
    with psycopg.connect(database.conninfo, options=HNSW, autocommit=True) as connection:
        pgvector.psycopg.register_vector(connection)
        yield connection
