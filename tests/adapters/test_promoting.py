"""Deciding which adapter answers: one state or the other, signed, on record, and taken back."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin import doctor
from admin.service.adapters import Adapters
from chat.engine.adapters import WEIGHTS, AdapterError
from chat.errors import AppError, InvalidInputError, NotAllowedError, NotFoundError
from chat.rights import Person
from chat.store import adapters, promotion_history, promotions, signing
from chat.store import collections as store_collections
from chat.store.database import Database
from chat.store.promotions import Author, Decision, Kind
from chat.store.tables import MemberRole, Stage, UserRole

Somebody = Callable[[UserRole], Person]


def serving(registry: Adapters, collection: str | None = None) -> str | None:
    with registry.sessions() as session:
        place = store_collections.get(session, collection).id if collection else None
        found = adapters.serving(session, place)
    return found and found.name


@pytest.fixture
def harbour(three: Adapters) -> str:
    """A collection."""
    with three.sessions.begin() as session:
        return store_collections.ensure(session, "harbour").name


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


def test_the_key_is_made_once(home: Path) -> None:
    keys: list[bytes] = []
    makers = [threading.Thread(target=lambda: keys.append(signing.key(home))) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert [path.name for path in home.iterdir()] == [signing.KEY]


def test_two_owners_at_once_leave_one_of_the_two_states(three: Adapters) -> None:
    three.enact("three")
    failures: list[AppError] = []

    def act(name: str) -> None:
        try:
            three.enact(name)
        except InvalidInputError as error:
            failures.append(error)

    for _ in range(10):
        owners = [threading.Thread(target=act, args=(name,)) for name in ("one", "two", "one", "two")]
        for each in owners:
            each.start()
        for each in owners:
            each.join()
        assert serving(three) in ("one", "two")
        live = [each for each in three.history() if each.stage == Stage.LIVE]
        assert [each.adapter for each in live] == [serving(three)]
        assert live[0].id == three.history()[0].id, "the last decision on record is the one in effect"
    assert all("answers there already" in str(each) for each in failures)
    with three.sessions() as session:
        assert promotion_history.verify(session, three.key) == []


def test_promoting_while_it_is_deleted_is_one_or_the_other(three: Adapters) -> None:
    done: list[str] = []

    def act(does: str, call: Callable[[str], object]) -> None:
        try:
            call("one")
            done.append(does)
        except AppError:
            pass

    both = [threading.Thread(target=act, args=(each.__name__, each)) for each in (three.promote, three.delete)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(done) == 1
    assert serving(three) == ("one" if done == ["promote"] else None)


def test_the_index_is_the_last_guard_and_says_so(three: Adapters, database: Database) -> None:
    key = three.key
    with three.sessions() as session:
        to = {name: adapters.named(session, name) for name in ("one", "two")}
    author = Author(None, "somebody", key)

    def without_holding(name: str) -> None:
        with three.sessions.begin() as session:
            promotions._record(session, author, None, Decision(Kind.PROMOTE, to[name]), None, Stage.LIVE)

    without_holding("one")
    with pytest.raises(InvalidInputError, match="Somebody else decided about this at the same moment"):
        without_holding("two")
    assert serving(three) == "one"


@pytest.mark.parametrize("role", UserRole)
def test_who_may_decide(three: Adapters, harbour: str, somebody: Somebody, role: UserRole) -> None:
    service = three.for_person(somebody(role))
    if role in (UserRole.APPROVER, UserRole.OWNER):
        assert service.enact("one").done
        assert service.enact("one", harbour).done
        assert all(place.may_decide for place in service.places())
        return
    for act in (
        lambda: service.enact("one"),
        lambda: service.enact("one", harbour),
        lambda: service.rollback(),
        lambda: service.rollback(harbour),
        lambda: service.try_out("one", 0.1),
        lambda: service.end_trial(harbour),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert (service.history(), len(service.listed())) == ([], 3)


def test_a_collections_owner_decides_there_alone(
    three: Adapters, harbour: str, database: Database, somebody: Somebody
) -> None:
    person = somebody(UserRole.ASKER)
    with three.sessions.begin() as session:
        from chat.store import members

        members.put(session, store_collections.get(session, harbour).id, person.id, MemberRole.OWNER)
    service = three.for_person(person)
    assert service.enact("one", harbour).done
    assert service.show("one").collections == [harbour]
    assert not service.show("one").everywhere
    with pytest.raises(NotAllowedError, match="takes an approver"):
        service.enact("one")


def test_a_closed_collection_is_in_nobodys_history_but_its_readers(
    three: Adapters, harbour: str, database: Database, somebody: Somebody
) -> None:
    three.enact("one", harbour, reason="secret")
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE collections SET open = false"))
    stranger = three.for_person(somebody(UserRole.APPROVER))
    assert stranger.history() == []
    assert [place.standing.collection for place in stranger.places()] == [None]
    assert {line.name: line.state for line in stranger.listed()} == dict.fromkeys(("one", "two", "three"), "candidate")
    with pytest.raises(NotFoundError, match="no collection 'harbour'"):
        stranger.enact("two", harbour)


DECIDING = {"_decide", "flip", "_end", "sign"}
KILLED = """
import json, os, signal, sys
from contextlib import suppress
from pathlib import Path
import sqlalchemy as sa
from admin.service import adapter_files, adapters as service, promoting
from admin.service.adapters import Adapters
from chat.errors import NotFoundError
from chat.rights import Person
from chat.settings import Settings
from chat.store import adapters as store, promotions, signing
from chat.store.session import make_engine, make_sessions
from chat.store.tables import UserRole

url, home, act, arguments, places = sys.argv[1], Path(sys.argv[2]), sys.argv[3], *map(json.loads, sys.argv[4:6])
if act == "take_in":
    import safetensors.torch  # once, and not in every child
traced = {module.__file__ for module in (adapter_files, service, promoting, store, promotions, signing)}

def child(last):
    left = last
    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename not in traced or frame.f_code.co_name not in places:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sessions = make_sessions(make_engine(url))
    settings, owner = Settings(home=home, model="http://127.0.0.1:9/v1"), Person(1, "owner", UserRole.OWNER)
    here = Adapters(sessions, settings, person=owner)
    arguments_ = [Path(each) if "/" in each else each for each in arguments]
    sys.settrace(trace)
    with suppress(NotFoundError):  # the one before was killed after it was done
        getattr(here, act)(*arguments_)
    os._exit(0)

for last in range(0, 10_000, 2):
    pid = os.fork()
    if pid == 0:
        child(last)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    print(last, flush=True)
    if sys.stdin.readline() == "":
        sys.exit(9)
"""


def killed_everywhere(
    registry: Adapters, database: Database, act: str, *arguments: str, inside: set[str], check: Callable[[], None]
) -> int:
    """Do it in a process that is killed before the first line of these functions, the second…; `check` after each.

    Returns how often it was killed before it came to its end.
    """
    told = (database.url, str(registry.settings.home), act, json.dumps(arguments), json.dumps(sorted(inside)))
    command = [sys.executable, "-c", KILLED, *told]
    kills = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in process.stdout:
            kills += 1
            check()
            process.stdin.write("on\n")
            process.stdin.flush()
    assert process.returncode == 0
    return kills


def test_killed_between_any_two_statements_it_is_one_state_or_the_other(three: Adapters, database: Database) -> None:
    three.enact("one")

    def check() -> None:
        with three.sessions() as session:
            live = [each for each in promotion_history.history(session, three.key) if each.stage == Stage.LIVE]
            assert [each.adapter for each in live] == ["one"], "a kill before the end of the transaction changed it"
            assert live[0].fits
            noted = session.scalar(sa.text("SELECT count(*) FROM audit WHERE action = 'promote adapter'"))
            assert noted == len(promotion_history.history(session, three.key))

    assert killed_everywhere(three, database, "enact", "two", inside=DECIDING, check=check) > 10
    assert serving(three) == "two"


def test_a_killed_deletion_or_registration_leaves_no_adapter_without_its_files(
    three: Adapters, database: Database, tmp_path: Path
) -> None:
    three.export("one", tmp_path / "copy")

    def check() -> None:
        for line in three.listed():
            three.files.check(line.digest)

    assert killed_everywhere(three, database, "delete", "one", inside={"delete", "remove"}, check=check) > 4
    copy = str(tmp_path / "copy")
    assert killed_everywhere(three, database, "take_in", copy, "one", inside={"_enter", "keep"}, check=check) > 5
    three.files.check(three.show("one").line.digest)
    assert len(list(three.files.root.iterdir())) == 3
