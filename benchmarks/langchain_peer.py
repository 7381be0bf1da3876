"""The other end of `peer.py`: its environment, made at the first use, its process, and its database on our server."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import numpy as np
import pgvector.psycopg
import psycopg
import sqlalchemy as sa
from pgvector import Vector

from chat.errors import InvalidInputError
from chat.store.database import Database
from chat.store.embedded import tail

REQUIREMENTS = ("langchain-postgres==0.0.19", "psycopg[binary]")
ENVIRONMENT = Path(__file__).parents[1] / ".venv-peer"
PROGRAM = Path(__file__).with_name("peer.py")
HYBRID_DEPTH = 4
"""How deep each arm of its hybrid search looks unless told otherwise."""


class LangChainPeer:
    """langchain-postgres' PGVectorStore, asked through a pipe."""

    def __init__(self, database: Database, home: Path) -> None:
        self._python = environment()
        self._url = beside(database)
        self._log = home / "peer.log"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._python, "-I", PROGRAM, self._url.render_as_string(hide_password=False)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"LANGSMITH_TRACING": "false"},
                text=True,
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def make(self, table: str, width: int) -> None:
        """An empty table, without indexes."""
        self._ask("make", table=table, width=width)

    def fill(self, table: str, passages: Sequence[str], vectors: np.ndarray) -> None:
        """Put passages into a new table, each under its place as id. By COPY: its own way, row by row, is slow."""
        self.make(table, vectors.shape[1])
        with psycopg.connect(libpq(self._url), autocommit=True) as connection:
            pgvector.psycopg.register_vector(connection)
            connection.execute("CREATE TEMPORARY TABLE incoming (id uuid, content text, embedding vector)")
            with connection.cursor().copy("COPY incoming FROM STDIN WITH (FORMAT BINARY)") as copy:
                copy.set_types(["uuid", "text", "vector"])
                for place, (passage, vector) in enumerate(zip(passages, vectors, strict=True)):
                    copy.write_row((UUID(int=place), passage, Vector(vector)))
            columns = "langchain_id, content, embedding, content_tsv, langchain_metadata"
            keywords = "to_tsvector('pg_catalog.english', content)"
            connection.execute(
                f"INSERT INTO {table} ({columns}) SELECT id, content, embedding, {keywords}, '{{}}' FROM incoming"
            )
            connection.execute(f"VACUUM ANALYZE {table}")

    def index(self, table: str) -> None:
        """Give a table the vector index and the keyword index that the store can make."""
        self._ask("index", table=table)

    def write(self, table: str, passages: Sequence[str], vectors: np.ndarray) -> float:
        """Seconds that `add_documents` takes for these."""
        return float(self._ask("write", table=table, texts=list(passages), vectors=vectors.tolist())["seconds"])

    def search(
        self, table: str, words: str, vector: np.ndarray, k: int = 10, depth: int | None = None
    ) -> tuple[list[int], float]:
        """Places of the passages its retriever finds in a filled table, best first, and the seconds it took."""
        found = self._ask("search", table=table, words=words, vector=vector.tolist(), k=k, depth=depth)
        return [UUID(identity).int for identity in found["ids"]], float(found["seconds"])

    def _ask(self, action: str, **arguments: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": action} | arguments) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The peer ended. The end of what it said:\n{tail(self._log)}")
        return dict(json.loads(answer))


def beside(database: Database) -> sa.URL:
    """URL of a new database `peer` on the same server."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE peer")
    url = sa.make_url(database.url).set(database="peer")
    with psycopg.connect(libpq(url)) as connection:
        connection.execute("CREATE EXTENSION vector")
    return url


def libpq(url: sa.URL) -> str:
    """A URL as libpq reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def environment() -> Path:
    """Python of the environment that has langchain-postgres; made where it is missing, whole or not at all.

    Raises `InvalidInputError` where pip cannot install it.
    """
    python, complete = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "complete"
    if complete.exists():
        return python
    print(f"Making {ENVIRONMENT} with {REQUIREMENTS[0]}, once …", file=sys.stderr)
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    (ENVIRONMENT / ".gitignore").write_text("*\n")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS]
    if subprocess.run(install, check=False).returncode != 0:
        raise InvalidInputError(
            f"pip could not install {REQUIREMENTS[0]}, beside which the benchmarks measure. Connect to a package "
            "index, or leave it out:\n  python -m benchmarks --no-peer"
        )
    complete.touch()
    return python
