"""Answered conversations over a real library, bad opinions on them, and the service that looks into those."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from admin.curation.formats.parser import Parser
from admin.service.triage import Triage
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.rag.answer import Mode
from chat.rights import Person
from chat.service import Assistant
from chat.store import collections, members, users
from chat.store.database import Database
from chat.store.tables import MemberRole, UserRole
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, make_library, models

ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."
GATE = f"# Harbour gate\n\n{SAID} The night guard has the key.\n"
DOGS = "# Dogs\n\nDogs travel free of charge on every ferry, as long as they are on a lead.\n"
Ask = Callable[..., UUID]


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    return make_library(database, embedder, parser, home)


@pytest.fixture
def triage(library: Library) -> Triage:
    library.add("gate.md", GATE)
    library.add("dogs.md", DOGS)
    return Triage(library.database.sessions, library.ingestion.embedder, person=OWNER)


@pytest.fixture
def ask(library: Library) -> Ask:
    """Ask, say that the answer is bad, and what it should have been. Returns the id of the answer."""

    def ask(
        question: str = ASKED,
        *,
        says: str = SAID,
        mode: Mode = Mode.RAG,
        verifier: Verifier | None = None,
        correction: str = "",
        reasons: tuple[str, ...] = (),
        comment: str = "",
        rate: bool = True,
    ) -> UUID:
        chain = make_chain(library, models(Speaker(answers=[says])), verifier=verifier)
        assistant = Assistant(library.database.sessions, chain, person=OWNER)
        talk = assistant.start_conversation(question)
        for _ in assistant.ask(question, mode=mode, conversation_id=talk):
            pass
        message_id = assistant.conversation(talk).messages[-1].id
        if rate:
            assistant.rate(message_id, -1, reasons, comment, correction)
        return message_id

    return ask


@pytest.fixture
def person(database: Database) -> Callable[..., Person]:
    """A person with that role in a collection, or with none."""

    def person(name: str, role: MemberRole | None = None, collection: str = "default") -> Person:
        with database.sessions.begin() as session:
            user = users.add(session, name, UserRole.ASKER)
            if role is not None:
                members.put(session, collections.ensure(session, collection).id, user.id, role)
            return Person(user.id, user.name, UserRole.ASKER)

    return person
