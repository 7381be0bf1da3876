"""What curators do with training examples, and that each change is on record and nobody else's business."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from admin.service.examples import Examples, ImportReceipt
from admin.training.formats import BadRowsError
from admin.training.reviewing import Decision
from admin.training.shapes import Shape
from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.rights import Person
from chat.store import collections
from chat.store.audit import latest
from chat.store.database import Database
from chat.store.example_listing import Sort, View
from chat.store.tables import ExampleState, MemberRole, SnapshotRow

DEMO = Path("demo/examples.jsonl")
APPROVED, DRAFT, REJECTED, NEEDS_WORK = (
    ExampleState.APPROVED, ExampleState.DRAFT, ExampleState.REJECTED, ExampleState.NEEDS_WORK,
)  # fmt: skip


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def save(*rows: Any) -> Path:
        path = tmp_path / "rows.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        return path

    return save


def row(number: int, answer: str = "A", **more: Any) -> dict[str, Any]:
    return {"id": f"r{number}", "prompt": f"Question {number}?", "completion": answer, **more}


def states(examples: Examples) -> dict[str, ExampleState]:
    return {each.key: each.state for each in examples.listed("default")}


def test_the_same_file_again_changes_nothing_and_other_content_is_a_new_version(
    examples: Examples, save: Callable[..., Path], database: Database
) -> None:
    path = save(row(1), row(2, topic="gates"), row(3))
    assert examples.import_file(path, "default", approve=True) == ImportReceipt(3, 0, 0, approved=3)
    with database.sessions() as session:
        before = len(latest(session))
    assert examples.import_file(path, "default", approve=True) == ImportReceipt(0, 0, 3)
    with database.sessions() as session:
        assert len(latest(session)) == before
    path = save(row(1), row(2, topic="doors"), row(3, "B"), row(4))
    assert examples.import_file(path, "default") == ImportReceipt(1, 2, 1)
    assert states(examples) == {"r1": APPROVED, "r2": DRAFT, "r3": DRAFT, "r4": DRAFT}
    changed = next(each for each in examples.listed("default") if each.key == "r3")
    shown = examples.example(changed.id)
    assert [(each.number, each.wording.completion) for each in shown.versions] == [(2, "B"), (1, "A")]
    assert [review.state for review in shown.versions[1].reviews] == [APPROVED]


def test_nothing_is_imported_where_a_row_is_bad_unless_the_person_says_so(
    examples: Examples, save: Callable[..., Path]
) -> None:
    path = save(row(1), {"prompt": "no answer"}, row(2))
    with pytest.raises(BadRowsError, match="1 of 3 rows cannot be used") as raised:
        examples.import_file(path, "default")
    assert len(raised.value.found.examples) == 2
    assert not examples.listed("default")
    assert examples.import_file(path, "default", good_rows=True) == ImportReceipt(2, 0, 0, passed_over=1)


def test_a_review_is_kept_with_its_reason_and_can_be_taken_back(examples: Examples, save: Callable[..., Path]) -> None:
    examples.import_file(save(row(1), row(2)), "default")
    first, second = examples.listed("default")
    with pytest.raises(InvalidInputError, match="Say why"):
        examples.review([first.id], REJECTED)
    examples.review([first.id], APPROVED)
    decision = examples.review([first.id, second.id], NEEDS_WORK, "too  long\n")
    assert decision.before == [(first.id, APPROVED), (second.id, DRAFT)]
    assert examples.undo(decision) == 2
    assert states(examples) == {"r1": APPROVED, "r2": DRAFT}
    said = examples.example(first.id).versions[0].reviews
    assert [(each.state, each.reason, each.own) for each in said] == [
        (APPROVED, "", True), (NEEDS_WORK, "too long", True), (APPROVED, "taken back", True),
    ]  # fmt: skip
    examples.review([second.id], REJECTED, "wrong")
    assert examples.undo(decision) == 0, "somebody decided otherwise since"
    assert examples.undo(Decision(APPROVED)) == 0


def test_an_edit_is_a_draft_again_and_the_version_before_stays(examples: Examples) -> None:
    made = examples.write("default", "When does the gate close?", "At ten.\r\nSharp.")
    examples.review([made], APPROVED)
    assert not examples.reword(made, "When does the gate close?", "At ten.\nSharp.")
    assert examples.reword(made, "When does the gate close?", "At 22:15.", note="as the rules say")
    shown = examples.example(made)
    assert (shown.kept.state, shown.kept.number, shown.kept.key) == (DRAFT, 2, "e1")
    assert [(each.number, each.note) for each in shown.versions] == [(2, "as the rules say"), (1, "")]
    for question, answer in (("", "x"), ("x", " \0 "), ("x" * 20_001, "x")):
        with pytest.raises(InvalidInputError):
            examples.reword(made, question, answer)
        with pytest.raises(InvalidInputError):
            examples.write("default", question, answer)


def test_a_version_never_changes(examples: Examples, database: Database) -> None:
    made = examples.write("default", "Q?", "A")
    before = examples.example(made).versions[-1]
    for answer in ("B", "C"):
        examples.reword(made, "Q?", answer)
    after = examples.example(made).versions
    assert after[-1] == before
    assert [each.wording.completion for each in after] == ["C", "B", "A"]


def test_every_change_is_on_record(examples: Examples, database: Database, save: Callable[..., Path]) -> None:
    made = examples.write("default", "Q?", "A")
    examples.reword(made, "Q?", "B")
    examples.review([made], APPROVED)
    examples.import_file(save(row(1)), "default", approve=True)
    examples.delete([made])
    with database.sessions() as session:
        entries = [(each.person, each.action) for each in reversed(latest(session)) if "example" in each.action]
    assert entries == [
        ("owner", action)
        for action in (
            "write example", "change example", "review examples", "import examples", "review examples",
            "delete examples",
        )
    ]  # fmt: skip


def test_whose_business_examples_are(
    examples: Examples, person: Callable[..., Person], save: Callable[..., Path]
) -> None:
    made = examples.write("default", "Secret question?", "A")
    decision = examples.review([made], APPROVED)
    path = save(row(1))

    def is_none_of_theirs(theirs: Examples) -> None:
        overview = theirs.overview(View(collection="default"))
        assert (overview.listing.every, overview.collections, theirs.listed()) == (0, [], [])
        assert (theirs.queue(View()), theirs.chosen(View(), [made])) == ([], [])
        for attempt in (
            lambda: theirs.example(made),
            lambda: theirs.reword(made, "Q", "B"),
            lambda: theirs.review([made], DRAFT),
        ):
            with pytest.raises(NotFoundError, match="not there any more"):
                attempt()
        for attempt in (
            lambda: theirs.listed("default"),
            lambda: theirs.write("default", "Q", "B"),
            lambda: theirs.import_file(path, "default"),
            lambda: theirs.from_documents("default", 5),
        ):
            with pytest.raises(NotAllowedError):
                attempt()
        assert (theirs.undo(decision), theirs.delete([made])) == (0, 0)

    is_none_of_theirs(examples.for_person(person("stranger")))
    is_none_of_theirs(examples.for_person(person("reader", MemberRole.READER)))
    curator = examples.for_person(person("curator", MemberRole.CURATOR))
    assert curator.example(made).kept.state == APPROVED
    curator.review([made], REJECTED, "no")
    (_, second) = examples.example(made).versions[0].reviews
    assert (second.person, second.own) == ("curator", False)


def test_an_example_in_a_snapshot_is_not_deleted(examples: Examples, database: Database) -> None:
    made = examples.write("default", "Q?", "A")
    version = examples.example(made).kept.version_id
    learned_by(database, version, "harbour")
    with pytest.raises(InvalidInputError, match="A snapshot holds"):
        examples.delete([made])
    assert examples.example(made).adapters == ["harbour"]


def learned_by(database: Database, version_id: int, adapter: str) -> None:
    """A snapshot with that version, a run on it, and the adapter that came of it."""
    with database.sessions.begin() as session:
        snapshot = session.execute(
            sa.text("INSERT INTO snapshots (collection_id, name, sha256, settings) "
                    "SELECT id, 's', repeat('a', 64), '{}' FROM collections RETURNING id")
        ).scalar_one()  # fmt: skip
        session.add(SnapshotRow(snapshot_id=snapshot, position=0, example_version_id=version_id, split="train"))
        session.flush()
        session.execute(
            sa.text("""
                WITH run AS (INSERT INTO runs (snapshot_id, collection_id, preset, base, settings)
                             SELECT id, collection_id, 'p', 'm', '{}' FROM snapshots RETURNING id)
                INSERT INTO adapters (name, digest, base, rank, bytes, origin, run_id)
                SELECT :name, repeat('b', 64), 'm', 8, 1, 'training', id FROM run
            """),
            {"name": adapter},
        )


def test_the_list_is_filtered_searched_sorted_and_paged(examples: Examples, save: Callable[..., Path]) -> None:
    examples.import_file(save(*(row(n, f"Answer {99 - n:02}") for n in range(99))), "default")
    ids = [each.id for each in examples.listed("default")]
    examples.review(ids[:10], APPROVED)
    examples.review(ids[10:15], REJECTED, "no")
    overview = examples.overview(View(collection="default", sort=Sort.ANSWER, descending=False))
    assert dict(overview.listing.counts) == {APPROVED: 10, REJECTED: 5, DRAFT: 84}
    assert [each.answer for each in overview.listing.lines[:2]] == ["Answer 01", "Answer 02"]
    assert len(overview.listing.lines) == 50
    assert len(examples.overview(View(page=1)).listing.lines) == 49
    assert examples.overview(View(page=7, collection="gone")).view == View(page=1)
    found = examples.overview(View(text="ANSWER 9", state=APPROVED)).listing
    assert (found.total, found.counts[APPROVED], found.every) == (10, 10, 99)
    assert examples.overview(View(text="%")).listing.total == 0
    assert len(examples.queue(View(state=DRAFT))) == 84
    for sort in Sort:
        assert len(examples.overview(View(sort=sort)).listing.lines) == 50


def test_ten_thousand_examples_are_listed_in_well_under_a_second(
    examples: Examples, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.sessions.begin() as session:
        home = collections.get(session, "default").id
        session.execute(
            sa.text("""
                WITH made AS (INSERT INTO examples (collection_id, key, origin)
                              SELECT :home, 'k' || n, 'import' FROM generate_series(1, 10000) AS n RETURNING id, key),
                     said AS (INSERT INTO example_versions (example_id, number, prompt, completion, sha256)
                              SELECT id, 1, jsonb_build_array(jsonb_build_object('role', 'user', 'content', key)),
                                     repeat(key, 20), repeat('a', 64) FROM made RETURNING id)
                INSERT INTO example_sources (example_version_id, document) SELECT id, 'gone.md' FROM said
            """),
            {"home": home},
        )
    for view in (View(), View(text="k77"), View(stale=True, page=150), View(state=DRAFT, sort=Sort.QUESTION)):
        began = time.monotonic()
        listing = examples.overview(view).listing
        with capsys.disabled():
            print(f"\n10,000 examples, {view.text or view.sort}: {1000 * (time.monotonic() - began):.0f} ms")
        assert listing.every == 10_000
        assert listing.lines


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_the_demo_goes_out_and_comes_back(examples: Examples, tmp_path: Path, suffix: str) -> None:
    examples.import_file(DEMO, "default")
    before = examples.listed("default")
    path = tmp_path / f"out{suffix}"
    assert examples.export_file(path, before, Shape.MESSAGES) == 349
    assert examples.import_file(path, "copy") == ImportReceipt(349, 0, 0)
    after = examples.listed("copy")
    assert [(each.key, each.sha256) for each in after] == [(each.key, each.sha256) for each in before]
    assert all(a.wording.says(b.wording) for a, b in zip(after, before, strict=True))
