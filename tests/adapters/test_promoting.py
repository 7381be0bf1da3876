"""Deciding which adapter answers: one state or the other, signed, on record, and taken back."""

import os
import stat

import pytest
import sqlalchemy as sa

from admin import doctor
from admin.service.adapters import Adapters
from chat.engine.adapters import WEIGHTS, AdapterError
from chat.errors import AppError, InvalidInputError, NotFoundError
from chat.store import promotion_history, signing
from chat.store.database import Database
from chat.store.promotions import Kind
from chat.store.tables import Stage
from tests.adapters.conftest import serving


def test_a_promotion_answers_at_once_and_is_on_record(three: Adapters, database: Database) -> None:
    assert serving(three) is None
    done = three.enact("one", reason="first")
    assert (done.done, done.before, done.after, serving(three)) == (True, None, "one", "one")
    three.enact("two", reason="better by 4 points")
    assert serving(three) == "two"
    assert {line.name: line.state for line in three.listed()} == {
        "one": "candidate",
        "two": "serving",
        "three": "candidate",
    }
    latest, first = three.history()
    assert (latest.adapter, latest.before, latest.kind, latest.person) == ("two", "one", "promote", "owner")
    assert (latest.reason, latest.stage, first.stage) == ("better by 4 points", Stage.LIVE, Stage.ENDED)
    assert first.ended_at is not None
    with database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT subject, before, after FROM audit WHERE action = 'promote adapter'"))
        entries = [tuple(row) for row in rows]
    assert [entry[0] for entry in entries] == ["everywhere", "everywhere"]
    assert (entries[1][1]["adapter"], entries[1][2]["adapter"]) == ("one", "two")
    with pytest.raises(InvalidInputError, match="two answers there already"):
        three.enact("two")


def test_a_collection_decides_for_itself(three: Adapters, harbour: str) -> None:
    three.enact("one")
    assert serving(three, harbour) == "one"
    three.enact("two", harbour)
    assert (serving(three), serving(three, harbour)) == ("one", "two")
    three.enact("base", harbour)
    assert (serving(three), serving(three, harbour)) == ("one", None)
    three.rollback(harbour)
    assert serving(three, harbour) == "two"
    done = three.rollback(harbour)
    assert (done.before, done.after) == ("two", None)
    assert serving(three, harbour) == "one", "without a decision of its own it follows what answers everywhere"
    with pytest.raises(NotFoundError, match="Nothing is in effect"):
        three.rollback(harbour)


def test_rolling_back_goes_further_back_and_never_to_what_was_taken_back(three: Adapters) -> None:
    for name in ("one", "two", "three"):
        three.enact(name)
    assert three.rollback(reason="worse").after == "two"
    assert three.rollback().after == "one"
    assert three.rollback().after is None
    assert serving(three) is None
    first = three.history()[-1].id
    assert three.rollback(to=first).after == "one"
    assert next(each.kind for each in three.history()) == Kind.ROLLBACK
    with pytest.raises(NotFoundError, match="No decision 999 was made there"):
        three.rollback(to=999)


def test_the_way_back_passes_over_what_was_deleted_and_takes_up_what_was_retired(three: Adapters) -> None:
    for name in ("one", "two", "three"):
        three.enact(name)
    three.delete("two")
    three.retire("one")
    [everywhere] = three.places()
    assert everywhere.standing.back is not None
    assert everywhere.standing.back.adapter == "one"
    deleted = three.history()[1]
    assert (deleted.adapter, deleted.there) == ("two", False)
    with pytest.raises(AppError, match="two, which answered then, was deleted"):
        three.rollback(to=deleted.id)
    assert three.rollback().after == "one"
    assert three.show("one").line.state == "serving"


def test_what_answers_is_neither_deleted_nor_retired(three: Adapters, harbour: str) -> None:
    three.enact("one", harbour)
    three.enact("two")
    three.try_out("three", 0.1)
    for name, where in (("one", "--collection harbour"), ("two", "rollback`"), ("three", "First end the trial")):
        for act in (three.delete, three.retire):
            with pytest.raises(InvalidInputError, match=r"What answers cannot be|is being tried") as refused:
                act(name)
            assert where in str(refused.value)
        assert three.files.folder(three.show(name).line.digest).is_dir()


def test_files_that_are_gone_or_changed_are_not_promoted(three: Adapters) -> None:
    three.enact("one")
    with three.files.folder(three.show("two").line.digest).joinpath(WEIGHTS).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    with pytest.raises(AdapterError, match="were changed"):
        three.enact("two")
    three.files.remove(three.show("three").line.digest)
    with pytest.raises(AdapterError, match="are gone from"):
        three.enact("three")
    assert serving(three) == "one"
    assert len(three.history()) == 1


def test_a_rule_that_did_not_pass_stops_it_and_overriding_takes_a_reason(three: Adapters) -> None:
    rules = [{"rule": "better than what serves", "passed": False, "evidence": "-2 points"}]
    refused = three.enact("one", evidence={"rules": rules})
    assert (refused.done, refused.rules, serving(three)) == (False, rules, None)
    with pytest.raises(InvalidInputError, match="takes a reason"):
        three.enact("one", evidence={"rules": rules}, overridden=True, reason=" ")
    assert three.enact("one", evidence={"rules": rules}, overridden=True, reason="a demonstration").done
    [decided] = three.history()
    assert (decided.overridden, decided.evidence["rules"]) == (True, rules)


def test_a_canary_answers_beside_and_ends(three: Adapters) -> None:
    three.enact("one")
    three.try_out("two", 0.25, reason="looks better")
    assert (three.show("two").line.state, serving(three)) == ("canary", "one")
    [everywhere] = three.places()
    assert everywhere.standing.trying is not None
    assert everywhere.standing.trying.share == 0.25
    for name, share, said in (("three", 0.1, "tried there already"), ("three", 1.0, "between 0 and 1")):
        with pytest.raises(InvalidInputError, match=said):
            three.try_out(name, share)
    three.end_trial(reason="fewer thumbs")
    assert three.show("two").line.state == "candidate"
    assert three.history()[0].kind == Kind.RETURN
    with pytest.raises(InvalidInputError, match="beside itself"):
        three.try_out("one", 0.1)
    three.try_out("two", 0.5)
    three.enact("two")
    assert three.show("two").line.uses[0].share is None, "what was tried and then promoted is no canary any more"


def test_every_decision_is_signed_and_a_changed_row_no_longer_fits(three: Adapters, database: Database) -> None:
    three.enact("one", reason="first", evidence={"rules": [], "power": 1e-7, "n": 2e16})
    three.try_out("two", 0.1)
    three.enact("two")
    three.rollback()
    key_file = three.settings.home / signing.KEY
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    with three.sessions() as session:
        assert promotion_history.verify(session, three.key) == []
        assert len(promotion_history.verify(session, b"another key")) == 4
    changes = {
        1: "reason = 'other'",
        2: "share = 0.2",
        3: "person = 'somebody'",
        4: "evidence = evidence || '{\"restores\": 3}'",
    }
    with database.engine.begin() as connection:
        for number, change in changes.items():
            connection.execute(sa.text(f"UPDATE promotions SET {change} WHERE id = {number}"))
    with three.sessions() as session:
        assert promotion_history.verify(session, three.key) == [1, 2, 3, 4]
    assert not any(each.fits for each in three.history())


def test_the_doctor_says_what_answers_and_what_is_wrong(three: Adapters, database: Database) -> None:
    assert doctor.adapters(database, three.settings).found == "3; answering: none, the model alone"
    three.enact("one")
    three.enact("two")
    well = doctor.adapters(database, three.settings)
    assert (well.well, well.found) == (True, "3; answering: two")
    three.files.remove(three.show("two").line.digest)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE promotions SET reason = 'forged' WHERE id = 1"))
    ill = doctor.adapters(database, three.settings)
    assert not ill.well
    assert "two: The files of the adapter" in ill.cure
    assert "Decision 1 does not fit" in ill.cure
