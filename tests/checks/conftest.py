"""A collection with examples, and the services over it."""

from collections.abc import Callable, Sequence

import pytest

from admin.service.checks import Checks
from admin.service.question_sets import QuestionSets
from admin.service.snapshots import Snapshots
from chat.settings import Settings
from chat.store import collections, examples
from chat.store.database import Database
from chat.store.examples import NewExample
from chat.store.tables import ExampleState
from chat.store.wordings import Place, Wording
from tests.conftest import OWNER

Add = Callable[..., list[int]]


def told(question: str, answer: str, *documents: str, **more: object) -> Wording:
    """An example of one question and its answer, made from these documents."""
    prompt = [{"role": "user", "content": question}]
    return Wording(prompt, answer, sources=[Place(document) for document in documents], **more)


@pytest.fixture
def add(database: Database) -> Add:
    """Puts examples, by key, into a collection, in a state."""

    def added(
        wordings: dict[str, Wording], collection: str = "default", state: ExampleState = ExampleState.APPROVED
    ) -> list[int]:
        new: Sequence[NewExample] = [NewExample(key, wording) for key, wording in wordings.items()]
        with database.sessions.begin() as session:
            collection_id = collections.ensure(session, collection).id
            ids = list(examples.put(session, collection_id, new, user_id=OWNER.id).added)
            examples.review(session, examples.those(session, [collection_id], ids), state, user_id=OWNER.id)
        return ids

    return added


@pytest.fixture
def checks(database: Database, settings: Settings) -> Checks:
    return Checks(database.sessions, settings, person=OWNER)


@pytest.fixture
def snapshots(database: Database, settings: Settings) -> Snapshots:
    return Snapshots(database.sessions, settings, person=OWNER)


@pytest.fixture
def question_sets(database: Database) -> QuestionSets:
    return QuestionSets(database.sessions, person=OWNER)
