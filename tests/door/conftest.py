"""People with accounts, and the way in for them."""

import pytest
from argon2 import PasswordHasher

from admin.service.people import People
from chat.door.entrance import Entrance, Origin
from chat.door.passwords import Passwords
from chat.store.database import Database
from chat.store.tables import UserRole
from tests.conftest import OWNER

PASSWORD = "four words of mine"
HERE = Origin("192.0.2.7", "Browser")
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes that are made in no time, and as good as others for a test."""


@pytest.fixture
def people(database: Database) -> People:
    """The people, for the installation's owner."""
    return People(database.sessions, person=OWNER, passwords=Passwords(QUICK))


@pytest.fixture
def entrance(database: Database) -> Entrance:
    """The way in of an installation on the loopback address."""
    return Entrance(database.sessions, local=True, passwords=Passwords(QUICK))


@pytest.fixture
def everybody(people: People) -> list[str]:
    """An owner with a password, and a person of each role."""
    people.set_password("owner", PASSWORD)
    return ["owner", *(people.add_person(f"the-{role}", role, PASSWORD) for role in UserRole)]
