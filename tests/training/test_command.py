"""`python -m admin train`: from a snapshot to a registered adapter, in its own process where no worker is alive."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chat.engine import adapters
from chat.store.database import Database
from tests.cli.conftest import Run, environment, run  # noqa: F401
from tests.training.running import rows


@pytest.fixture
def train(
    run: Run,  # noqa: F811
    ending_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
) -> Run:
    """`admin train` on a tiny model, with a snapshot `first` to learn from."""
    monkeypatch.setenv("APPRENTICE_MODEL", str(ending_model))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    file = tmp_path / "examples.jsonl"
    said = [
        {
            "id": row["id"],
            "prompt": f"{row['messages'][0]['content']} {number * 'Please! '}",
            "completion": row["completion"],
        }
        for number, row in enumerate(rows(12, 0))
    ]
    file.write_text("".join(json.dumps(each) + "\n" for each in said))
    assert run("admin", "examples", "import", file, "--approve").status == 0
    assert run("admin", "snapshot", "create", "first").status == 0
    return lambda *words: run("admin", "train", *words)


def test_from_a_snapshot_to_an_adapter_that_can_be_asked(train: Run, home: Path, run: Run) -> None:  # noqa: F811
    quick = ("--preset", "style", "--max-rows", 8, "--set", "epochs=1", "--set", "rank=2", "--name", "hours", "--json")
    made = train("--snapshot", "first", *quick)
    assert made.status == 0, made.err
    assert {"run": 1, "status": "finished", "adapter": "hours"}.items() <= made.document.items()
    [listed] = run("admin", "adapters", "list", "--json").document["adapters"]
    assert (listed["name"], listed["serving"]) == ("hours", False)
    assert adapters.digest(home / "adapters" / listed["digest"]) == listed["digest"]
    finished = train("--resume", "1", "--json")
    assert (finished.status, "Run 1 is finished" in finished.err) == (1, True)
    none = train("--resume")
    assert (none.status, "There is no unfinished run" in none.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "Name a snapshot"),
        (("--snapshot", "second"), 1, "There is no snapshot 'second'"),
        (("--snapshot", "first", "--preset", "magic"), 1, "There is no preset 'magic'"),
        (("--snapshot", "first", "--set", "rank"), 1, "say what to set it to"),
        (("--snapshot", "first", "--set", "rank=0"), 1, "rank: Input should be greater"),
        (("--snapshot", "first", "--preset", "preference"), 1, "There is no row to learn from. "),
    ],
)
def test_what_is_wrong_is_told_in_words(
    train: Callable[..., Run], words: tuple[str, ...], status: int, said: str
) -> None:
    outcome = train(*words)
    assert (outcome.status, said in outcome.err) == (status, True), outcome.err
