"""Both command lines, run in this process against a database of the test's own; no model answers."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import admin.__main__
import chat.__main__
from chat.settings import Settings
from chat.store.database import Database
from tests.rag.library import NOWHERE


@dataclass(frozen=True)
class Outcome:
    """Exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document that stdout is."""
        assert len(self.out.splitlines()) == 1, self.out
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


@pytest.fixture
def environment(database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that lead a command to the test's database."""
    variables = {
        "APPRENTICE_HOME": str(home),
        "APPRENTICE_DATABASE_URL": database.conninfo,
        "APPRENTICE_MODEL": NOWHERE,
        "APPRENTICE_DTYPE": "float32",
    }
    for name in Settings.model_fields:
        monkeypatch.delenv(f"APPRENTICE_{name.upper()}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return os.environ | variables


@pytest.fixture
def run(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `python -m WORDS…`."""

    def run(program: str, *words: str | int | Path) -> Outcome:
        main = {"chat": chat.__main__.main, "admin": admin.__main__.main}[program]
        monkeypatch.setattr(sys, "argv", [program, *map(str, words)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return Outcome(status, said.out, said.err)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "gate.md").write_text(
        "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n"
    )
    (folder / "dogs.txt").write_text("Dogs travel free on a lead. They stay off the seats in the saloon.\n")
    return folder
