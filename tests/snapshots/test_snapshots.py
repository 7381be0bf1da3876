"""Snapshots: frozen by content, split by document, rebuilt byte for byte, never in two minds."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.service.question_sets import QuestionSets
from admin.service.snapshots import Snapshots, Wanted
from admin.training import snapshots as files
from chat.errors import DatabaseError, InvalidInputError, NotFoundError
from chat.store import audit, examples
from chat.store import snapshots as store
from chat.store.database import Database
from chat.store.tables import ExampleState, Run, Split
from chat.store.wordings import Wording
from tests.checks.conftest import Add, told

THINGS = "anchor boiler compass davit engine funnel gangway hawser ice jetty keel ladder mast nozzle oar pump".split()


def varied(documents: int = 8) -> dict[str, Wording]:
    """Two examples of each thing, from so many documents."""
    return {
        f"{thing}{part}": told(f"{part} {thing}?", f"About the {thing}: {part} {place}.", f"{place % documents}.md")
        for place, thing in enumerate(THINGS)
        for part in ("Where is the old", "Who last repaired that")
    }


def test_a_snapshot_is_rebuilt_byte_for_byte(
    snapshots: Snapshots, add: Add, database: Database, tmp_path: Path
) -> None:
    passages = [{"document": "a.md", "section": "Ü", "text": "Zwölf\u2028Glocken"}]
    odd = told(
        "Größe?\n東京 \U0001f6a2", 'He said "42".\t', "ä.md", passages=passages, rejected="No.", answerable=False
    )
    add(varied() | {"odd": odd})
    made = snapshots.create(Wanted("first"))
    path = tmp_path / "first.jsonl"
    with database.sessions() as session:
        assert files.write(session, store.named(session, [1], "first"), path) == made.sha256
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made.sha256
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert len(rows) == 33
    assert all(list(row) == sorted(row) for row in rows)
    assert rows[-1] == {
        "id": "odd", "split": rows[-1]["split"], "messages": list(odd.prompt), "completion": odd.completion,
        "rejected": "No.", "passages": passages, "answerable": False, "documents": ["ä.md"], "sha256": odd.sha256,
    }  # fmt: skip
    assert "rejected" not in rows[0]


def test_later_edits_do_not_change_it(snapshots: Snapshots, add: Add, database: Database, tmp_path: Path) -> None:
    add(varied())
    snapshots.create(Wanted("first"))
    with database.sessions.begin() as session:
        kept = examples.of_collection(session, 1)
        for each in kept[:5]:
            examples.revise(session, each, replace(each.wording, completion="Something else."))
        with pytest.raises(InvalidInputError, match="A snapshot holds"):
            examples.remove(session, kept[5:6])
    with database.sessions() as session:
        files.write(session, store.named(session, [1], "first"), tmp_path / "again.jsonl")


def test_rows_changed_behind_its_back_are_noticed(
    snapshots: Snapshots, add: Add, database: Database, tmp_path: Path
) -> None:
    add(varied())
    snapshots.create(Wanted("first"))
    with database.sessions.begin() as session:
        session.execute(sa.text("UPDATE example_versions SET completion = 'x' WHERE id = 3"))
    with database.sessions() as session, pytest.raises(DatabaseError, match="not those that it was made of"):
        files.write(session, store.named(session, [1], "first"), tmp_path / "first.jsonl")
    assert not (tmp_path / "first.jsonl").exists()


def test_documents_are_never_split_and_the_seed_decides(snapshots: Snapshots, add: Add) -> None:
    add(varied())
    first, again = (snapshots.create(Wanted(name, validation=0.3, seed=4)) for name in ("first", "again"))
    other = snapshots.create(Wanted("other", validation=0.3, seed=5))
    assert first.sha256 == again.sha256 != other.sha256
    rows = snapshots.show("first")[1]
    sides: dict[str, set[Split]] = {}
    for row in rows:
        for source in row.wording.sources:
            sides.setdefault(source.document, set()).add(row.split)
    assert all(len(side) == 1 for side in sides.values())
    assert 0 < first.validation <= 0.3 * first.rows


def test_near_duplicates_stay_on_one_side(snapshots: Snapshots, add: Add) -> None:
    question = "Where exactly on the quay may the visiting boats take on their drinking water"
    twins = {
        f"t{number}": told(f"{question}{end}", "From the tap by the third bollard.", f"twin{number}.md")
        for number, end in enumerate(("?", " please?"))
    }
    add(varied() | twins)
    for seed in range(6):
        snapshots.create(Wanted(f"s{seed}", validation=0.5, seed=seed))
        rows = snapshots.show(f"s{seed}")[1]
        assert len({row.split for row in rows if row.key in twins}) == 1


def test_one_document_gives_no_validation_part(snapshots: Snapshots, add: Add) -> None:
    add(varied(documents=1))
    assert snapshots.create(Wanted("first")).validation == 0


def test_only_approved_examples_are_frozen(snapshots: Snapshots, add: Add) -> None:
    add({"d": told("Who winds the clock?", "The clerk.")}, state=ExampleState.DRAFT)
    with pytest.raises(InvalidInputError, match="approved yet"):
        snapshots.create(Wanted("first"))
    add({"a": told("Who paints the fence?", "The mate.")})
    assert snapshots.create(Wanted("first")).rows == 1


def test_a_blocking_finding_refuses_it_and_a_declared_leak_does_not(
    snapshots: Snapshots, question_sets: QuestionSets, add: Add, tmp_path: Path
) -> None:
    asked = tmp_path / "exam.jsonl"
    asked.write_text(
        json.dumps({"id": "q1", "question": "Who paints the long fence by the mill?", "answers": ["mate"]})
    )
    add({"a": told("Who paints the long fence by the mill?", "The mate.")})
    question_sets.read("default", "exam", asked)
    with pytest.raises(InvalidInputError, match=r"would teach what adapters are judged by: a\. Reject"):
        snapshots.create(Wanted("first"))
    made = snapshots.create(Wanted("first", declared="one question, on purpose"))
    assert made.settings["declared"] == "one question, on purpose"
    assert made.report["leaks"][0]["how"] == "same question"
    add({"s": told("What opens the vault?", "The password is Hunter2024x.")})
    with pytest.raises(InvalidInputError, match=r"hold a secret: s\. Redact"):
        snapshots.create(Wanted("second", declared="one question, on purpose"))


def test_two_snapshots_are_compared(snapshots: Snapshots, add: Add, database: Database) -> None:
    add(varied())
    snapshots.create(Wanted("first", validation=0))
    keys = list(varied())
    with database.sessions.begin() as session:
        kept = examples.of_collection(session, 1)
        examples.revise(session, kept[0], replace(kept[0].wording, completion="Somewhere else entirely."))
        changed = examples.of_collection(session, 1)[:1]
        examples.review(session, changed, ExampleState.APPROVED)
        examples.review(session, kept[1:2], ExampleState.REJECTED)
    add({"new": told("Who keeps the geese away?", "The dog.")})
    snapshots.create(Wanted("second", validation=0))
    found = snapshots.diff("first", "second")
    assert (found.added, found.removed, found.reworded) == (["new"], [keys[1]], [keys[0]])
    assert (found.moved, found.same) == ([], 30)


def test_it_is_deleted_unless_a_run_learned_from_it(snapshots: Snapshots, add: Add, database: Database) -> None:
    add(varied())
    made = snapshots.create(Wanted("first"))
    with database.sessions.begin() as session:
        run = Run(snapshot_id=made.id, collection_id=1, preset="answers", base="tiny", settings={})
        session.add(run)
    with pytest.raises(InvalidInputError, match="Training run 1 learned"):
        snapshots.delete("first")
    with database.sessions.begin() as session:
        session.execute(sa.delete(Run))
    snapshots.delete("first")
    assert snapshots.lines() == []
    with database.sessions() as session:
        assert [entry.action for entry in audit.latest(session)][:2] == ["delete snapshot", "create snapshot"]
    with pytest.raises(NotFoundError):
        snapshots.show("first")


@pytest.mark.parametrize(
    "wanted", [Wanted("No Good"), Wanted("x", validation=0.9), Wanted("x", validation=float("nan"))], ids=str
)
def test_what_cannot_be_is_told(snapshots: Snapshots, add: Add, wanted: Wanted) -> None:
    add(varied())
    with pytest.raises(InvalidInputError):
        snapshots.create(wanted)


def test_a_name_is_taken_once(snapshots: Snapshots, add: Add) -> None:
    add(varied())
    snapshots.create(Wanted("first"))
    with pytest.raises(InvalidInputError, match="never changes"):
        snapshots.create(Wanted("first"))
