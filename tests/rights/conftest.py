"""One closed collection and one open one, and people who stand in every way to the closed one.

The world is made once; a test that changes it gets a copy.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from admin.curation.documents.ingesting import Ingestion, Submission, submit
from admin.curation.formats.parser import Parser
from admin.curation.sources.addresses import Allowed
from admin.curation.sources.fetch import Fetcher
from admin.service.bench import Bench
from admin.service.editing import Editing
from admin.service.examples import Examples
from admin.service.jobs import Jobs
from admin.service.library import Library
from admin.service.members import Membership
from admin.service.people import People
from admin.service.sources import NewSource, Sources
from admin.service.triage import Triage
from chat import rights
from chat.door.keys import Keys
from chat.door.passwords import Passwords
from chat.models.embedder import Embedder
from chat.rag.answer import Mode
from chat.rights import Person
from chat.service import Assistant, Talks
from chat.store import users
from chat.store.database import Database
from chat.store.embedded import EmbeddedPostgres
from chat.store.questions import Label, NewQuestion
from chat.store.session import make_engine, make_sessions
from chat.store.tables import MemberRole, SourceKind, UserRole
from tests.conftest import control, url_of
from tests.door.conftest import QUICK
from tests.rag.library import Library as Shelf
from tests.rag.library import Speaker, Trusting, make_chain, make_library, models

SECRET = "The heron nests in the third boathouse behind the old sail loft."
ASKED = "Where does the heron nest?"
MARKS = ("heron", "vault", "chief")
"""Words that only who may read the closed collection may ever be shown."""
COPIES = itertools.count()


@dataclass(frozen=True)
class World:
    """A database with its people, what can be named in it, and every service over it."""

    database: Database
    ingestion: Ingestion
    home: Path
    document: int
    draft: int
    version: int
    chunk: int
    job: int
    source: int
    question: int
    example: int
    answer: UUID
    """Of the reader, from the closed collection, with a thumb down."""

    def person(self, name: str) -> Person:
        """The person, as they were when they were let in: what became of them since, the services must find out."""
        with self.database.sessions() as session:
            user = users.get(session, name)
            return Person(user.id, user.name, UserRole(user.role))

    def services(self, name: str) -> dict[type, object]:
        """Every service, acting for that person."""
        sessions, person = self.database.sessions, self.person(name)
        shelf = Shelf(self.database, self.ingestion, self.home)
        every = [
            Assistant(sessions, make_chain(shelf, models(Speaker(answers=[SECRET]))), person=person),
            Talks(sessions, person=person),
            Library(sessions, self.home, person=person),
            Editing(sessions, self.home, person=person),
            Bench(sessions, self.ingestion.embedder, Trusting(), person=person),
            Jobs(sessions, person=person),
            Membership(sessions, person=person),
            People(sessions, person=person, passwords=Passwords(QUICK)),
            Keys(sessions, person=person),
            Examples(sessions, person=person),
            Sources(sessions, self.home, Fetcher(Allowed.of([])), person=person),
            Triage(sessions, self.ingestion.embedder, person=person),
        ]
        return {type(service): service for service in every}


@pytest.fixture(scope="package")
def made(
    server: EmbeddedPostgres, embedder: Embedder, parser: Parser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Callable[[Database], World]]]:
    """The name of a database with the world in it, and what makes a world of a copy."""
    name, home = "world_of_rights", tmp_path_factory.mktemp("rights")
    control(server, f"CREATE DATABASE {name} TEMPLATE template_apprentice")
    with opened(server, name) as database:
        ids = fill(make_library(database, embedder, parser, home))
    yield name, lambda copy: World(copy, Ingestion(copy.sessions, embedder, parser, home), home, **ids)
    control(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def opened(server: EmbeddedPostgres, name: str) -> Iterator[Database]:
    engine = make_engine(url_of(server, name))
    yield Database(url_of(server, name), engine, make_sessions(engine), None)
    engine.dispose()


@contextmanager
def copied(server: EmbeddedPostgres, made: tuple[str, Callable[[Database], World]]) -> Iterator[World]:
    copy = f"rights_{next(COPIES)}"
    control(server, f"CREATE DATABASE {copy} TEMPLATE {made[0]}")
    with opened(server, copy) as database:
        yield made[1](database)
    control(server, f"DROP DATABASE {copy} WITH (FORCE)")


@pytest.fixture(scope="package")
def world(server: EmbeddedPostgres, made: tuple[str, Callable[[Database], World]]) -> Iterator[World]:
    """A copy for tests that must not change it."""
    with copied(server, made) as world:
        yield world


@pytest.fixture
def own_world(server: EmbeddedPostgres, made: tuple[str, Callable[[Database], World]]) -> Iterator[World]:
    """A copy for one test."""
    with copied(server, made) as world:
        yield world


def add_draft(shelf: Shelf, name: str, text: str, collection: str) -> Submission:
    path = shelf.incoming / name
    path.write_text(text)
    with shelf.database.sessions.begin() as session:
        done = submit(session, shelf.ingestion.home, path, collection, name=name, source=name, draft=True)
    shelf.ingestion.process(done.version_id)
    return done


def rated_bad(shelf: Shelf, name: str) -> UUID:
    """Id of an answer that this person got from the closed collection, and was unhappy with."""
    with shelf.database.sessions() as session:
        user = users.get(session, name)
        person = Person(user.id, user.name, UserRole(user.role))
    assistant = Assistant(shelf.database.sessions, make_chain(shelf, models(Speaker(answers=[SECRET]))), person=person)
    talk = assistant.start_conversation(ASKED)
    list(assistant.ask(ASKED, mode=Mode.RAG, collection="vault", conversation_id=talk))
    answer = assistant.conversation(talk).messages[-1].id
    assistant.rate(answer, -1, ["wrong"], correction="In the fourth boathouse.")
    return answer


def fill(shelf: Shelf) -> dict[str, Any]:
    """Everything there is to be named: documents, a draft, a waiting job, a source, a labelled question."""
    sessions = shelf.database.sessions
    with sessions() as session:
        owner = rights.owner(session)
    membership, people = Membership(sessions, person=owner), People(sessions, person=owner)
    for name in ("chief", "keeper", "reader", "stranger", "barred", "outsider"):
        people.add_person(name, UserRole.CURATOR if name == "outsider" else UserRole.ASKER)
    library = Library(sessions, shelf.ingestion.home, person=owner)
    library.create_collection("vault")
    shelf.add("heron.md", f"# Heron\n\n{SECRET}\n\nIts eggs are blue.\n", "vault")
    bird = shelf.add("heron.md", f"# Heron\n\n{SECRET}\n\nIts eggs are pale blue.\n", "vault")
    shelf.add("ferry.md", "# Ferry\n\nThe ferry leaves at noon.\n", "harbour")
    draft = add_draft(shelf, "heron-draft.md", "# Draft\n\nThe heron moved to the fourth boathouse.\n", "vault")
    waiting = shelf.submit("late-heron.md", "# Late\n\nThe late heron came in May.\n", "vault")
    for name, role in (
        ("chief", MemberRole.OWNER),
        ("keeper", MemberRole.CURATOR),
        ("reader", MemberRole.READER),
        ("barred", MemberRole.OWNER),
    ):
        membership.put("vault", name, role)
    membership.remove("vault", "owner")
    membership.set_open("vault", to_everybody=False)
    people.set_disabled("barred", disabled=True)
    source = Sources(sessions, shelf.ingestion.home, Fetcher(Allowed.of([])), person=owner).add(
        NewSource("heron watch", SourceKind.URLS, "https://heron.example/", "vault")
    )
    bench = Bench(sessions, shelf.ingestion.embedder, Trusting(), person=owner)
    question = NewQuestion("q1", ASKED, labels=[Label("heron.md", SECRET, True, bird.document_id)])
    bench.put("vault", [question])
    job = "SELECT id FROM procrastinate_jobs WHERE args ->> 'version_id' = :version"
    return {
        "document": bird.document_id,
        "draft": draft.document_id,
        "version": bird.version_id,
        "chunk": shelf.scalar("SELECT min(id) FROM chunks WHERE live AND text LIKE '%heron%'"),
        "job": shelf.scalar(job, version=str(waiting.version_id)),
        "source": source,
        "question": shelf.scalar("SELECT id FROM questions"),
        "example": Examples(sessions, person=owner).write("vault", ASKED, SECRET),
        "answer": rated_bad(shelf, "reader"),
    }
