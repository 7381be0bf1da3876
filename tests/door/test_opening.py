"""What an app does before it listens."""

from collections.abc import Callable
from pathlib import Path

import pytest

from admin.service.people import People
from chat.door.entrance import Entrance
from chat.door.opening import prepare
from chat.errors import InvalidInputError, SettingsError, SignInError
from chat.settings import Settings
from chat.store.database import Database
from chat.store.tables import UserRole
from tests.door.conftest import HERE, PASSWORD

Fill = Callable[[str], Settings]


@pytest.fixture
def secret(settings: Settings, tmp_path: Path) -> Fill:
    """Settings that name a file with that in it."""

    def fill(said: str) -> Settings:
        (tmp_path / "password").write_text(said)
        return settings.model_copy(update={"host": "0.0.0.0", "owner_password_file": tmp_path / "password"})

    return fill


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "apprentice.example"])
def test_other_machines_are_let_in_only_where_an_owner_can_sign_in(
    database: Database, settings: Settings, people: People, host: str
) -> None:
    settings = settings.model_copy(update={"host": host})
    people.add_person("kim", UserRole.OWNER)
    with pytest.raises(SettingsError, match="python -m admin users add NAME --role owner"):
        prepare(database.sessions, settings)
    people.set_password("kim", PASSWORD)
    prepare(database.sessions, settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_account(database: Database, settings: Settings, host: str) -> None:
    prepare(database.sessions, settings.model_copy(update={"host": host}))
    assert Entrance(database.sessions, local=True).open()


def test_the_first_owner_is_made_of_a_file_once(database: Database, entrance: Entrance, secret: Fill) -> None:
    prepare(database.sessions, secret(f"{PASSWORD}\n"))
    assert entrance.sign_in("owner", PASSWORD, HERE)
    prepare(database.sessions, secret("something else entirely"))
    with pytest.raises(SignInError):
        entrance.sign_in("owner", "something else entirely", HERE)


@pytest.mark.parametrize(("said", "wrong"), [("", SettingsError), ("short", InvalidInputError)])
def test_a_file_that_is_no_use_is_said_to_be(
    database: Database, secret: Fill, said: str, wrong: type[Exception]
) -> None:
    with pytest.raises(wrong):
        prepare(database.sessions, secret(said))


def test_a_file_that_is_not_there_is_said_to_be(database: Database, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="gone"):
        prepare(database.sessions, settings.model_copy(update={"owner_password_file": tmp_path / "gone"}))
