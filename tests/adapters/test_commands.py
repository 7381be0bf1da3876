"""The commands, and that scripts get one JSON document."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment, run  # noqa: F401 - fixtures
from tests.engine.conftest import Adapters as Trained


def test_from_a_folder_to_an_answer_and_back(run: Run, trained: Trained, tmp_path: Path) -> None:  # noqa: F811
    assert run("admin", "adapters", "list", "--json").document == {"adapters": []}
    assert "There are no adapters yet" in run("admin", "adapters", "list").out
    for name, its in (("one", 0), ("two", 1)):
        made = run("admin", "adapters", "import", trained.root / trained.names[its], "--name", name, "--json")
        assert (made.status, made.document["name"], made.document["serving"]) == (0, name, False)
    again = run("admin", "adapters", "import", trained.root / trained.names[0], "--name", "three")
    assert (again.status, "registered already" in again.err) == (1, True)

    refused = run("admin", "adapters", "promote", "one", "--json")
    rules = {rule["rule"]: rule for rule in refused.document["rules"]}
    assert (refused.status, refused.document["promoted"]) == (1, False)
    assert (rules["evaluated"]["passed"], rules["second person"]["passed"], rules["bytes"]["passed"]) == (
        False, None, True,
    )  # fmt: skip
    assert "python -m admin evaluate" in rules["evaluated"]["evidence"]
    assert "takes a reason" in run("admin", "adapters", "promote", "one", "--override").err
    promoted = run("admin", "adapters", "promote", "one", "--override", "--reason", "first", "--json")
    assert (promoted.status, promoted.document["promoted"], len(promoted.document["rules"])) == (0, True, len(rules))
    tried = run("admin", "adapters", "canary", "two", "--share", "0.2", "--json").document["trials"]
    assert [(each["adapter"], each["share"], len(each["signals"])) for each in tried] == [("two", 0.2, 3)]
    assert (
        "two answers everywhere from the next question on, in place of one"
        in run("admin", "adapters", "promote", "two", "--override", "--reason", "better").out
    )
    assert run("admin", "adapters", "canary", "--json").document == {"trials": []}
    listed = run("admin", "adapters", "list", "--json").document["adapters"]
    assert [(each["name"], each["serving"], each["base"]) for each in listed] == [
        ("two", True, "tiny"),
        ("one", False, "tiny"),
    ]
    assert all(len(each["digest"]) == 64 for each in listed)
    rolled = run("admin", "adapters", "rollback", "--json").document
    assert (rolled["before"], rolled["after"]) == ("two", "one")
    history = run("admin", "adapters", "history", "--json").document["decisions"]
    assert [each["kind"] for each in history] == ["rollback", "promote", "canary", "promote"]
    assert all(each["fits"] for each in history)

    shown = run("admin", "adapters", "show", "one", "--json").document
    assert (shown["state"], shown["card"]["layers"], len(shown["decisions"])) == ("serving", 4, 2)
    kept = run("admin", "adapters", "delete", "one", "--yes")
    assert (kept.status, "first roll back" in kept.err) == (1, True)
    assert run("admin", "adapters", "retire", "two").status == 0
    assert run("admin", "adapters", "export", "two", tmp_path / "out").status == 0
    gone = run("admin", "adapters", "delete", "two", "--yes", "--json").document
    assert (gone["name"], gone["size"] > 0) == ("two", True)
    for words in (("show", "two"), ("promote", "nobody"), ("promote", "one", "--collection", "nowhere")):
        assert run("admin", "adapters", *words).status == 1


@pytest.mark.parametrize("command", ["list", "history", "show", "promote"])
def test_for_people_it_prints_tables_and_sentences(run: Run, trained: Trained, command: str) -> None:  # noqa: F811
    run("admin", "adapters", "import", trained.root / trained.names[0], "--name", "one")
    outcome = run("admin", "adapters", command, *(["one"] if command in ("show", "promote") else []))
    assert outcome.status == (1 if command == "promote" else 0)
    assert outcome.out
