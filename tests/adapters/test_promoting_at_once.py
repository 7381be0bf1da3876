"""Deciding while somebody else decides, and being killed in the middle of it: one state or the other, never between."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.service.adapters import Adapters
from admin.service.promoting import Outcome
from chat.errors import AppError, InvalidInputError
from chat.store import adapters, promotion_history, promotions, signing
from chat.store.database import Database
from chat.store.promotions import Author, Decision, Kind
from chat.store.tables import Stage
from tests.adapters.conftest import serving


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
        with suppress(AppError):
            outcome = call("one")
            if not isinstance(outcome, Outcome) or outcome.done:
                done.append(does)

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


DECIDING = {"_decide", "flip", "_end", "_record", "sign", "note"}
KILLED = """
import json, os, signal, sys
from contextlib import suppress
from pathlib import Path
import sqlalchemy as sa
from admin.service import adapter_files, adapters as service, promoting
from admin.service.adapters import Adapters
from admin.service.promoting import Outcome
from chat.errors import NotFoundError
from chat.rights import Person
from chat.settings import Settings
from chat.store import adapters as store, audit, promotions, signing
from chat.store.session import make_engine, make_sessions
from chat.store.tables import UserRole

url, home, act, arguments, places = sys.argv[1], Path(sys.argv[2]), sys.argv[3], *map(json.loads, sys.argv[4:6])
if act == "take_in":
    import safetensors.torch  # once, and not in every child
traced = {module.__file__ for module in (adapter_files, service, promoting, store, audit, promotions, signing)}

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


def test_a_killed_rollback_leaves_what_answers_and_the_next_one_goes_back(three: Adapters, database: Database) -> None:
    three.enact("one")
    three.enact("two")

    def check() -> None:
        assert serving(three) == "two"
        assert len(three.history()) == 2

    assert killed_everywhere(three, database, "rollback", inside=DECIDING, check=check) > 10
    assert serving(three) == "one"


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
