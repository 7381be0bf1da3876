"""The whole recipe without the file of SQuAD: documents, rows, approval, snapshot; done again, it changes nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from admin import demo, recipes
from admin.app import Parts, assemble
from admin.training.grounded import recipe
from chat.settings import Settings
from chat.store.tables import ExampleState

QUIET = Console(quiet=True)
DOCUMENTS = ("annual-leave.md", "fog-and-radar-procedure.md", "pets-policy.txt", "uniforms-and-laundry.md")
"""The first is held out."""


@pytest.fixture
def parts(settings: Settings) -> Iterator[Parts]:
    made = assemble(settings)
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo of a few documents, and few rows that are written."""
    whole, folder = demo.FOLDER, tmp_path / "demo"
    (folder / "documents").mkdir(parents=True)
    for name in DOCUMENTS:
        shutil.copy(whole / "documents" / name, folder / "documents" / name)
    for name in ("examples.jsonl", "questions.jsonl"):
        lines = (whole / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(line for line in lines if any(each in line for each in DOCUMENTS)))
    monkeypatch.setattr(demo, "FOLDER", folder)
    monkeypatch.setattr(recipe, "WRITTEN_ALONE", 6)


@pytest.mark.slow
def test_the_smaller_set_is_made_of_our_own_rows(parts: Parts, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = recipes.make(parts, None, QUIET)
    line, frozen = parts.snapshots.show(made.snapshot)
    assert (line.collection, line.train) == (recipes.COLLECTION, made.train)
    rows = [json.loads(row) for row in made.rows.read_text().splitlines()]
    assert {row["id"].split("-")[0] for row in rows} == {"demo", "written"}
    assert not [row for row in rows if row["document"] == DOCUMENTS[0]], "a held-out document is learned from"
    assert len(frozen) == len(rows)
    assert all(each.wording.passages for each in frozen)
    assert {name for names in made.sets.values() for name in names} == {"demo", "demo-held-out", "off-topic-demo"}
    assert recipes.make(parts, None, QUIET) == made

    monkeypatch.setattr(recipe, "WRITTEN_ALONE", 3)
    fewer = recipes.make(parts, None, QUIET)
    assert fewer.snapshot != made.snapshot
    assert fewer.train + fewer.validation == len(parts.examples.listed(recipes.COLLECTION, ExampleState.APPROVED))
    rejected = parts.examples.listed(recipes.COLLECTION, ExampleState.REJECTED)
    assert rejected, "rows of the larger recipe would be trained on"
