"""The adapter that comes with the program: taken in once, promoted where nobody decided, and never again."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin import shipped
from admin.service.adapters import Adapters
from admin.shipped import NAME, Taken
from chat.engine import adapters as disk
from chat.engine import fingerprint
from chat.engine.adapters import AdapterError
from chat.engine.fingerprint import Fingerprint
from chat.engine.loading import LoadedModel
from chat.engine.process import ADAPTERS, Address
from chat.settings import Settings
from chat.store import adapters as registry
from chat.store.database import Database
from tests.conftest import OWNER
from tests.engine.conftest import KEY, loaded, model_folder, running  # noqa: F401
from tests.engine.conftest import Adapters as Trained
from tests.engine.conftest import adapters as trained  # noqa: F401 - fixtures


@pytest.fixture
def own(database: Database, home: Path, loaded: LoadedModel) -> Iterator[Adapters]:  # noqa: F811
    """The registry of an installation whose model is the bundled one; a tiny one stands for that."""
    settings = Settings(home=home, model="bundled", dtype="float32")
    (home / ADAPTERS).mkdir()
    with running(loaded, adapters=home / ADAPTERS) as url:
        Address(url, KEY, os.getpid(), loaded.id, settings.model).write(home)
        yield Adapters(database.sessions, settings, person=OWNER)


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:  # noqa: F811
    """The files as the project carries them."""
    place = shutil.copytree(trained.root / trained.names[0], tmp_path / "grounded")
    (place / "card.json").write_text(json.dumps({"name": NAME, "card": {"goal": "Answer from passages"}}))
    return place


def serving(adapters: Adapters) -> str | None:
    with adapters.sessions() as session:
        found = registry.serving(session, None)
    return found.name if found else None


def actions(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT action FROM audit ORDER BY id")).scalars())


def test_it_is_registered_with_its_card_and_answers(own: Adapters, folder: Path, database: Database) -> None:
    assert shipped.take_in(own, folder) == Taken(NAME, promoted=True)
    line = own.show(NAME).line
    assert (line.origin, line.state, line.digest) == ("bundled", "serving", disk.digest(folder))
    assert line.card["goal"] == "Answer from passages"
    assert serving(own) == NAME
    assert own.history()[0].reason == shipped.REASON
    assert actions(database) == ["register adapter", "promote adapter", shipped.ACTION]
    assert shipped.take_in(own, folder) is None, "a second start takes it in again"


def test_what_was_deleted_stays_deleted(own: Adapters, folder: Path) -> None:
    shipped.take_in(own, folder)
    own.rollback()
    own.delete(NAME)
    assert shipped.take_in(own, folder) is None
    assert not own.listed()


def test_what_a_person_decided_stays(own: Adapters, trained: Trained, folder: Path) -> None:  # noqa: F811
    own.take_in(trained.root / trained.names[1], "mine")
    own.enact("mine", reason="It is ours.")
    assert shipped.take_in(own, folder) == Taken(NAME, promoted=False)
    assert serving(own) == "mine"


def test_a_decision_for_the_model_alone_stays_too(own: Adapters, trained: Trained, folder: Path) -> None:  # noqa: F811
    own.take_in(trained.root / trained.names[1], "mine")
    own.enact("mine", reason="It is ours.")
    own.rollback()
    assert shipped.take_in(own, folder) == Taken(NAME, promoted=False)
    assert serving(own) is None


def test_an_adapter_of_that_name_stays_what_it_is(own: Adapters, trained: Trained, folder: Path) -> None:  # noqa: F811
    own.take_in(trained.root / trained.names[1], NAME)
    assert shipped.take_in(own, folder) == Taken(NAME, promoted=False)
    assert own.show(NAME).line.origin == "import"


def test_a_start_that_was_killed_half_way_is_made_good(own: Adapters, folder: Path) -> None:
    own.register(folder, NAME, origin="bundled")
    assert shipped.take_in(own, folder) == Taken(NAME, promoted=True)


def test_it_is_nothing_to_another_model_nor_without_its_files(
    database: Database, home: Path, folder: Path, tmp_path: Path
) -> None:
    other = Adapters(database.sessions, Settings(home=home, model="http://127.0.0.1:9/v1"), person=OWNER)
    assert shipped.take_in(other, folder) is None
    bundled = Adapters(database.sessions, Settings(home=home), person=OWNER)
    assert shipped.take_in(bundled, tmp_path / "nowhere") is None
    assert actions(database) == []


def test_one_that_does_not_answer_as_its_fingerprint_says_is_refused(own: Adapters, folder: Path) -> None:
    heard = own.register(folder, "heard").fingerprint["logprobs"]
    own.delete("heard")
    fingerprint.write(folder, Fingerprint(tuple(value - 3 for value in heard), "float32"))
    with pytest.raises(AdapterError, match="does not answer as it did"):
        shipped.take_in(own, folder)
    assert not own.listed()
