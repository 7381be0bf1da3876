"""The programs as they are started: quick to help, and two at once are as good as one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from chat.store.database import Database

HEAVY = {"torch", "transformers", "gradio", "sqlalchemy", "langchain_core", "openai", "numpy"}


@pytest.mark.parametrize("program", ["chat", "admin"])
def test_help_imports_nothing_heavy(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", program, "--help"], capture_output=True, text=True, check=True
    )
    assert "Usage:" in done.stdout
    imported = set(re.findall(r"\| +([\w]+)\b", done.stderr))
    assert "typer" in imported
    assert not imported & HEAVY


@pytest.mark.slow
def test_two_processes_ingest_the_same_files_at_once(
    environment: dict[str, str], database: Database, folder: Path
) -> None:
    """One of the names is no UTF-8, as file systems allow."""
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md"))
    odd.write_text("# Menu\n\nHerring soup is served on Fridays.\n")
    command = [sys.executable, "-m", "admin", "ingest", str(folder), "--json"]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    for process in processes:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err.decode()
        documents = json.loads(out)["documents"]
        assert [document["status"] for document in documents] == ["ready"] * 3
        assert odd in {Path(document["path"]) for document in documents}
    with psycopg.connect(database.conninfo) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM document_versions), "
            "(SELECT count(*) FROM contents), (SELECT count(*) FROM chunks WHERE live)"
        ).fetchone()
    assert counts == (3, 3, 3, 3)
