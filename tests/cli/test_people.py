"""People from the shell: passwords are read from a file or stdin, never from the command's words."""

import io
import re
import sys
from pathlib import Path

import pytest

from chat.door.entrance import Entrance, Origin
from chat.store.database import Database
from tests.cli.conftest import Run

PASSWORD = "four words of mine"
HERE = Origin("192.0.2.7")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


def test_from_the_first_owner_to_a_suspended_person(run: Run, database: Database, file: Path) -> None:
    entrance = Entrance(database.sessions, local=False)
    refused = run("admin", "users", "add", "kim", "--password-file", file)
    assert (refused.status, "users password owner" in refused.err) == (1, True)
    assert run("admin", "users", "password", "owner", "--password-file", file).status == 0
    assert run("admin", "users", "add", "Kim", "--role", "curator", "--password-file", file).status == 0
    token = entrance.sign_in("kim", PASSWORD, HERE)
    assert run("admin", "users", "list", "--json").document["users"] == [
        {"name": "kim", "role": "curator", "disabled": False, "signs_in": True},
        {"name": "owner", "role": "owner", "disabled": False, "signs_in": True},
    ]
    for words in (["sign-out", "kim"], ["role", "kim", "trainer"], ["suspend", "kim"], ["restore", "kim"]):
        assert run("admin", "users", *words).status == 0
    assert entrance.visitor(token).account is None
    assert PASSWORD not in run("admin", "users", "list").out


def test_a_password_from_stdin(run: Run, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\nmore\n"))
    assert run("admin", "users", "password", "owner", "--password-file", "-").status == 0
    assert Entrance(database.sessions, local=False).sign_in("owner", PASSWORD, HERE)


def test_where_nobody_can_be_asked_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    refused = run("admin", "users", "password", "owner")
    assert (refused.status, "--password-file" in refused.err) == (2, True)
    added = run("admin", "users", "add", "kim")
    assert (added.status, "users invite kim" in added.out) == (0, True)


def test_an_invitation_is_a_link(run: Run, database: Database, file: Path) -> None:
    run("admin", "users", "password", "owner", "--password-file", file)
    link = run("admin", "users", "invite", "kim", "--json").document["link"]
    found = re.fullmatch(r"http://127\.0\.0\.1:7860/invitation/([\w-]{43})", link)
    assert found
    assert Entrance(database.sessions, local=False).invited(found[1]) == "kim"
    assert run("admin", "users", "invite", "kim", "--role", "king").status == 2


@pytest.mark.parametrize("program", ["chat", "admin"])
def test_an_open_address_without_accounts_is_refused(run: Run, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_HOST", "0.0.0.0")
    refused = run(program)
    assert (refused.status, "python -m admin users add NAME --role owner" in refused.err) == (1, True)
