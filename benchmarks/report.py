"""What a run found: tables for the screen, and the same in Markdown with all that is needed to repeat it."""

import os
import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table as RichTable

LIBRARIES = ("torch", "transformers", "sentence-transformers", "sqlalchemy", "psycopg", "pgvector", "langchain-core")
CPU = Path("/proc/cpuinfo")
INTRODUCTION = """\
Made by `make bench`; nothing here is written by hand. Both sides of every comparison run in one go, on one machine and
one embedded Postgres; where time is taken they take turns, question by question or round by round. Ratios carry over
to other machines, milliseconds do not. No figure of this page can fail a build.

The test sets have the layout of BEIR: *codebase* (Anthropic's cookbook, contextual embeddings; MIT), *cranfield* (the
Cranfield collection, 1960s) and *nq* (Natural Questions as in "Lost in the middle"; MIT, text CC BY-SA 3.0)."""


@dataclass(frozen=True)
class Table:
    """One table of results: the first column says what was measured, the note what to know when reading it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str


def show(table: Table, console: Console) -> None:
    """Print `table` for a person."""
    drawn = RichTable(title=table.title, title_justify="left", caption=table.note, caption_justify="left")
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*row)
    console.print(drawn)


def markdown(tables: Sequence[Table], began: str, versions: str) -> str:
    """The page of a run: when, on what, with what, by which command, and every table."""
    origin = "\n".join(f"- {fact}" for fact in (began, *facts(versions)))
    return "\n\n".join(["# Benchmarks", INTRODUCTION, origin, *map(_section, tables)]) + "\n"


def _section(table: Table) -> str:
    lines = [table.columns, ["---", *["---:"] * (len(table.columns) - 1)], *table.rows]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {table.title}\n\n{rows}\n\n{table.note}"


def moment() -> str:
    """What time it is, and how busy others keep the machine."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {os.getloadavg()[0]:.1f} before it began"


def facts(versions: str) -> list[str]:
    """Command, machine and versions. `versions` names those of the server and the peer."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"`python -m benchmarks {shlex.join(sys.argv[1:])}`".replace(" `", "`"),
        machine(),
        f"Python {sys.version.split()[0]}, {libraries}; {versions}",
    ]


def machine() -> str:
    """Processor, cores, memory, and whether the processor computes in bfloat16."""
    lines = CPU.read_text().splitlines() if CPU.exists() else []
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    model = told.get("model name") or platform.processor() or platform.machine()
    bfloat16 = "with" if "avx512_bf16" in told.get("flags", "").split() else "without"
    memory = psutil.virtual_memory().total / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {bfloat16} avx512_bf16"
