"""`python -m admin examples`: in, out and listed, for people and for scripts."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment, run  # noqa: F401 - fixtures

DEMO = Path("demo/examples.jsonl")


@pytest.mark.slow
def test_in_and_out_again(run: Run, tmp_path: Path) -> None:  # noqa: F811
    first = run("admin", "examples", "import", DEMO, "--approve", "--json").document
    assert (first["added"], first["approved"], first["collection"]) == (349, 349, "default")
    assert "0 example(s) added, 0 changed, 349 unchanged" in run("admin", "examples", "import", DEMO).out
    listed = run("admin", "examples", "list", "--state", "approved", "--json").document["examples"]
    known = [json.loads(line) for line in DEMO.read_text().splitlines()]
    assert [each["id"] for each in listed] == [each["id"] for each in known]
    assert listed[0]["documents"] == [known[0]["document"]]
    out = tmp_path / "out.csv"
    assert run("admin", "examples", "export", out, "--shape", "messages", "--json").document["examples"] == 349
    assert run("admin", "examples", "import", out, "--json").document["unchanged"] == 349
    assert "0 example(s); 349 hold no pair" in run("admin", "examples", "export", out, "--shape", "preference").out


@pytest.mark.slow
def test_what_cannot_be_used_says_why(run: Run, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "bad.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "a"}\n')
    failed = run("admin", "examples", "import", path)
    assert failed.status == 1
    assert "Row 2: its columns are: prompt" in failed.err
    assert run("admin", "examples", "import", path, "--good-rows", "--json").document["passed_over"] == 1
    for words in (("list", "--state", "new"), ("export", path, "--shape", "round"), ("list", "-c", "nowhere")):
        assert run("admin", "examples", *words).status == 1
