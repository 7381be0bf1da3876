"""Signing in and out: what is told to whom, what is kept, and when it ends."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from admin.service.people import People
from chat.door.entrance import MOST, Entrance, Origin, Visitor
from chat.door.keys import PREFIX, Gate, Keys
from chat.door.passwords import NOBODYS, Passwords, require_good
from chat.errors import InvalidInputError, NotAllowedError, SignInError, TooManyTriesError
from chat.store import audit
from chat.store.database import Database
from chat.store.session import make_engine, make_sessions
from chat.store.tables import UserRole
from tests.conftest import OWNER
from tests.door.conftest import HERE, PASSWORD

KIM = "the-asker"


def rows(database: Database, statement: str, **values: object) -> list[object]:
    with database.engine.begin() as connection:
        result = connection.execute(sa.text(statement), values)
        return list(result) if result.returns_rows else []


def test_who_signs_in_is_known_from_then_on(entrance: Entrance, everybody: list[str]) -> None:
    for name in everybody:
        token = entrance.sign_in(f" {name.upper()} ", PASSWORD, HERE)
        assert entrance.visitor(token) == Visitor(name)
    assert entrance.visitor(None) == entrance.visitor("x") == entrance.visitor(token[:-1]) == Visitor(None)


def test_without_accounts_the_door_of_this_machine_stands_open_and_no_other(database: Database, people: People) -> None:
    here, elsewhere = (Entrance(database.sessions, local) for local in (True, False))
    people.add_person("kim", UserRole.OWNER)
    assert here.visitor(None) == here.visitor("stale") == Visitor("owner", asked=False)
    assert elsewhere.visitor(None) == Visitor(None)
    people.set_password("kim", PASSWORD)
    assert here.visitor(None) == Visitor(None)
    people.set_disabled("kim", disabled=True)
    assert here.visitor(None) == Visitor(None), "shutting the last one out opens nothing"


def test_no_refusal_tells_whether_there_is_such_a_person(
    entrance: Entrance, people: People, everybody: list[str]
) -> None:
    people.add_person("newcomer", UserRole.ASKER)
    people.set_disabled("the-trainer", disabled=True)
    tries = [(KIM, "wrong"), ("nobody", PASSWORD), ("newcomer", PASSWORD), ("the-trainer", PASSWORD), ("", "")]
    said = set()
    for name, password in tries:
        with pytest.raises(SignInError) as refused:
            entrance.sign_in(name, password, HERE)
        said.add((type(refused.value), str(refused.value)))
    assert len(said) == 1


def test_a_name_that_does_not_exist_takes_as_long() -> None:
    passwords = Passwords()
    kept = passwords.hash(PASSWORD, "kim")
    assert kept.split("$")[:4] == NOBODYS.split("$")[:4], "the same work"
    took = {}
    for name, looked_at in (("somebody", kept), ("nobody", None)):
        began = time.process_time()
        assert not passwords.right("wrong wrong", looked_at)
        took[name] = time.process_time() - began
    assert took["nobody"] > took["somebody"] / 5


@pytest.mark.parametrize("password", ["short", "kim kim kim kim", "x" * 257])
def test_bad_passwords_are_refused_with_the_reason(password: str) -> None:
    with pytest.raises(InvalidInputError, match="password is"):
        require_good(password, "kim")


def test_a_password_of_a_megabyte_costs_no_more_than_any(entrance: Entrance, everybody: list[str]) -> None:
    began = time.process_time()
    with pytest.raises(SignInError):
        entrance.sign_in(KIM, "x" * 2**20, HERE)
    assert time.process_time() - began < 1


def suspend(people: People, _: Entrance, __: str) -> None:
    people.set_disabled(KIM, disabled=True)
    people.set_disabled(KIM, disabled=False)


ENDS: dict[str, Callable[[People, Entrance, str], object]] = {
    "signing out": lambda _, entrance, token: entrance.sign_out(token),
    "being signed out": lambda people, _, __: people.sign_out(KIM),
    "suspension, also when it is over": suspend,
    "another role": lambda people, _, __: people.set_role(KIM, UserRole.CURATOR),
    "another password": lambda people, _, __: people.set_password(KIM, PASSWORD),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_session_ends_in_every_process_at_once(
    end: Callable[[People, Entrance, str], object], database: Database, entrance: Entrance, people: People,
    everybody: list[str],
) -> None:  # fmt: skip
    engine = make_engine(database.conninfo.replace("postgresql://", "postgresql+psycopg://"))
    other = Entrance(make_sessions(engine), local=True)
    token, owners = entrance.sign_in(KIM, PASSWORD, HERE), entrance.sign_in("owner", PASSWORD, HERE)
    assert other.visitor(token).account == KIM
    end(people, entrance, token)
    assert other.visitor(token).account is None
    assert other.visitor(owners).account == "owner"
    engine.dispose()


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_a_session_that_is_not_used_or_too_old_ends(
    database: Database, entrance: Entrance, everybody: list[str], column: str
) -> None:
    token = entrance.sign_in(KIM, PASSWORD, HERE)
    rows(database, f"UPDATE sign_ins SET {column} = now() - interval '91 days'")
    assert entrance.visitor(token).account is None


def test_a_session_that_is_used_goes_on(database: Database, entrance: Entrance, everybody: list[str]) -> None:
    token = entrance.sign_in(KIM, PASSWORD, HERE)
    rows(database, "UPDATE sign_ins SET seen_at = now() - interval '13 days'")
    entrance.visitor(token)
    assert rows(database, "SELECT 1 FROM sign_ins WHERE seen_at > now() - interval '1 minute'")


def test_neither_tokens_nor_passwords_are_kept(database: Database, entrance: Entrance, people: People) -> None:
    people.set_password("owner", PASSWORD)
    token, link = entrance.sign_in("owner", PASSWORD, HERE), people.invite("kim").token
    with database.sessions() as session:
        said = " ".join(str((each.action, each.subject, each.after)) for each in audit.latest(session))
    tables = ("users", "sign_ins", "invitations")
    kept = said + str([rows(database, f"SELECT to_jsonb({name})::text FROM {name}") for name in tables])
    assert not any(secret in kept for secret in (PASSWORD, token, link))
    assert "argon2id" in kept


def test_trying_passwords_is_cut_off_and_the_right_one_is_not_told(entrance: Entrance, everybody: list[str]) -> None:
    for _ in range(MOST.with_both):
        with pytest.raises(SignInError, match="do not belong"):
            entrance.sign_in(KIM, secrets.token_hex(), HERE)
    for password in ("wrong", PASSWORD):
        with pytest.raises(TooManyTriesError, match="Wait 15 minutes"):
            entrance.sign_in(KIM, password, HERE)
    assert entrance.sign_in("the-owner", PASSWORD, HERE), "others come in from there"
    assert entrance.sign_in(KIM, PASSWORD, Origin("192.0.2.8")), "and this person from elsewhere"


def test_one_address_does_not_try_many_names_nor_many_one_name(entrance: Entrance, everybody: list[str]) -> None:
    def tried(name: str, address: str) -> bool:
        try:
            entrance.sign_in(name, "wrong", Origin(address))
        except TooManyTriesError:
            return False
        except SignInError:
            return True
        raise AssertionError

    assert sum(tried(f"name-{each}", "192.0.2.9") for each in range(60)) == MOST.from_address
    assert sum(tried(KIM, f"198.51.100.{each}") for each in range(60)) == MOST.with_name


def test_many_tries_at_once_are_all_counted(entrance: Entrance, everybody: list[str]) -> None:
    def tried(_: int) -> bool:
        with pytest.raises(SignInError) as refused:
            entrance.sign_in(KIM, "wrong", HERE)
        return not isinstance(refused.value, TooManyTriesError)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(tried, range(40))) == MOST.with_both


def test_after_a_quarter_of_an_hour_it_may_be_tried_again(
    database: Database, entrance: Entrance, everybody: list[str]
) -> None:
    for _ in range(MOST.with_both):
        with pytest.raises(SignInError):
            entrance.sign_in(KIM, "wrong", HERE)
    rows(database, "UPDATE sign_in_failures SET at = at - interval '16 minutes'")
    assert entrance.sign_in(KIM, PASSWORD, HERE)
    assert not rows(database, "SELECT 1 FROM sign_in_failures"), "who gets in has failed no longer"


def test_an_invitation_works_once(entrance: Entrance, people: People, everybody: list[str]) -> None:
    link = people.invite("kim", UserRole.CURATOR)
    assert (link.name, entrance.invited(link.token)) == ("kim", "kim")
    with pytest.raises(InvalidInputError):
        entrance.accept(link.token, "short", HERE)
    token = entrance.accept(link.token, "five words that are mine", HERE)
    assert entrance.visitor(token).account == "kim"
    assert entrance.person("kim").role == UserRole.CURATOR
    assert entrance.sign_in("kim", "five words that are mine", HERE)
    with pytest.raises(SignInError, match="was used"):
        entrance.accept(link.token, "six words that are not mine", HERE)


def expired(database: Database, _: People) -> None:
    rows(database, "UPDATE invitations SET expires_at = now()")


def replaced(_: Database, people: People) -> None:
    people.invite("kim")


def suspended(_: Database, people: People) -> None:
    people.set_disabled("kim", disabled=True)


@pytest.mark.parametrize("spoil", [expired, replaced, suspended])
def test_an_invitation_that_is_not_good_any_more(
    database: Database, entrance: Entrance, people: People, everybody: list[str],
    spoil: Callable[[Database, People], None],
) -> None:  # fmt: skip
    link = people.invite("kim")
    spoil(database, people)
    for act in (lambda: entrance.invited(link.token), lambda: entrance.accept(link.token, PASSWORD, HERE)):
        with pytest.raises(SignInError, match="was used"):
            act()


def test_one_changes_ones_own_password_and_stays_in_here_alone(entrance: Entrance, everybody: list[str]) -> None:
    here, there = (entrance.sign_in(KIM, PASSWORD, HERE) for _ in range(2))
    with pytest.raises(SignInError, match="not your password"):
        entrance.change_password(KIM, "wrong", "other words of mine", here, HERE)
    entrance.change_password(KIM, PASSWORD, "other words of mine", here, HERE)
    assert (entrance.visitor(here).account, entrance.visitor(there).account) == (KIM, None)
    assert entrance.sign_in(KIM, "other words of mine", HERE)


def test_an_owner_can_sign_in_before_anybody_else_can(people: People) -> None:
    for act in (
        lambda: people.add_person("kim", UserRole.ASKER, PASSWORD),
        lambda: people.invite("kim"),
    ):
        with pytest.raises(InvalidInputError, match="users password owner"):
            act()
    assert [each.name for each in people.people()] == ["owner"]


def test_nobody_shuts_themselves_out(database: Database, people: People, entrance: Entrance) -> None:
    people.add_person("kim", UserRole.OWNER, PASSWORD)
    kims = people.for_account("kim")
    for act in (lambda: kims.set_disabled("Kim", disabled=True), lambda: kims.set_role("kim", UserRole.ASKER)):
        with pytest.raises(InvalidInputError, match="yourself"):
            act()
    with pytest.raises(InvalidInputError, match="works on this machine"):
        kims.set_role("owner", UserRole.ASKER)


def test_a_key_is_dead_with_its_person_and_lives_again(
    database: Database, people: People, everybody: list[str]
) -> None:
    from fastapi import Request

    made = Keys(database.sessions, person=OWNER).add("script", user=KIM)
    sent = Request({"type": "http", "headers": [(b"authorization", f"Bearer {made.secret}".encode())]})
    gate = Gate(database.sessions)
    assert made.secret.startswith(PREFIX)
    assert gate.admit(sent, None) == KIM
    people.set_disabled(KIM, disabled=True)
    with pytest.raises(Exception, match="disabled"):
        gate.admit(sent, None)
    people.set_disabled(KIM, disabled=False)
    assert gate.admit(sent, None) == KIM


def test_what_is_done_to_people_is_on_record(database: Database, people: People, entrance: Entrance) -> None:
    people.set_password("owner", PASSWORD)
    people.add_person("kim", UserRole.ASKER, PASSWORD)
    entrance.sign_in("kim", PASSWORD, HERE)
    people.set_role("kim", UserRole.TRAINER)
    people.invite("kim")
    people.sign_out("kim")
    people.set_disabled("kim", disabled=True)
    people.set_disabled("kim", disabled=False)
    with database.sessions() as session:
        done = [(each.person, each.action, each.subject, each.origin) for each in reversed(audit.latest(session))]
    assert done == [
        ("owner", "set password", "owner", ""),
        ("owner", "add person", "kim", ""),
        ("kim", "sign in", "kim", HERE.address),
        ("owner", "change role", "kim", ""),
        ("owner", "invite person", "kim", ""),
        ("owner", "sign out person", "kim", ""),
        ("owner", "suspend person", "kim", ""),
        ("owner", "restore person", "kim", ""),
    ]


def test_only_owners_rule_over_people(people: People, everybody: list[str]) -> None:
    for name in everybody:
        own = people.for_account(name)
        if own.person.role == UserRole.OWNER:
            assert own.people()
            continue
        for act in (
            own.people,
            own.signed_in,
            lambda own=own: own.add_person("x", UserRole.OWNER, PASSWORD),
            lambda own=own, name=name: own.set_role(name, UserRole.OWNER),
            lambda own=own: own.set_password("owner", PASSWORD),
            lambda own=own: own.invite("owner"),
        ):
            with pytest.raises(NotAllowedError):
                act()
