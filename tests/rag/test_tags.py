"""Questions kept to documents with certain tags: nothing else is found, all of that is, and nobody sees more by it."""

from collections.abc import Iterable

import numpy as np
import pytest
import sqlalchemy as sa

from chat.errors import InvalidInputError
from chat.rag.answer import Answer
from chat.rag.chain import Question
from chat.rag.retriever import HybridRetriever, RetrievalSettings
from chat.rights import Person
from chat.service import Assistant
from chat.store import chunks, tags, users
from chat.store.database import Database
from chat.store.tables import UserRole
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, models
from tests.rag.test_retriever import fill, random_vectors

GATE = "# {0}\n\nThe gate of {0} closes at ten in the evening.\n"


@pytest.fixture
def harbours(library: Library) -> Library:
    """North is tagged twice, south once, east not at all; west is tagged in another collection."""
    marks = {"north": ["harbour", "lit"], "south": ["harbour"], "east": [], "west": ["harbour"]}
    for name, wanted in marks.items():
        done = library.add(f"{name}.md", GATE.format(name), "coast" if name != "west" else "isles")
        tag(library.database, [done.document_id], wanted)
    return library


def tag(database: Database, documents: Iterable[int], wanted: list[str]) -> None:
    with database.sessions.begin() as session:
        collections = list(session.scalars(sa.text("SELECT id FROM collections")))
        tags.change(session, collections, list(documents), add=wanted, drop=())


def names(library: Library, wanted: list[str], collection: str | None = None, person: Person = OWNER) -> list[str]:
    """The documents that are found, by name."""
    retriever = HybridRetriever(sessions=library.database.sessions, embedder=library.ingestion.embedder, person=person)
    found = retriever.asked_by(person, collection, wanted).sources("When does the gate close in the evening?")
    return sorted(source.document for source in found)


def test_only_documents_with_all_the_tags_are_found(harbours: Library) -> None:
    assert names(harbours, []) == ["east", "north", "south", "west"]
    assert names(harbours, ["harbour"]) == ["north", "south", "west"]
    assert names(harbours, ["harbour"], "coast") == ["north", "south"]
    assert names(harbours, ["harbour", "lit"]) == ["north"]
    assert names(harbours, ["lit", "nowhere"]) == []


def test_both_arms_keep_to_them(harbours: Library) -> None:
    with harbours.database.sessions() as session:
        scope = list(session.scalars(sa.text("SELECT id FROM collections")))
        [vector] = harbours.ingestion.embedder.encode(["gate"])
        arms = (
            chunks.nearest(session, scope, vector, 10, tags=["lit"]),
            chunks.matching(session, scope, "gate evening", 10, tags=["lit"]),
        )
        for hits in arms:
            [source] = chunks.sources(session, scope, [hit.chunk_id for hit in hits], tags=["lit"])
            assert source.document == "north"


def test_a_tag_opens_no_collection(harbours: Library) -> None:
    with harbours.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE collections SET open = false WHERE name = 'isles'"))
        found = users.add(session, "kim", UserRole.ASKER)
        kim = Person(found.id, found.name, UserRole(found.role))
    assert names(harbours, ["harbour"], person=kim) == ["north", "south"]


def test_of_two_documents_with_the_same_bytes_the_tagged_one_is_cited(library: Library) -> None:
    first = library.add("first.txt", "The gate closes at ten in the evening, the guard has the key to it.")
    second = library.add("second.txt", "The gate closes at ten in the evening, the guard has the key to it.")
    tag(library.database, [second.document_id], ["lit"])
    assert names(library, []) == ["first.txt"]
    assert names(library, ["lit"]) == ["second.txt"]
    tag(library.database, [first.document_id], ["lit"])
    assert names(library, ["lit"]) == ["first.txt"]


def test_a_version_that_does_not_answer_lends_nobody_its_tag(library: Library) -> None:
    """The bytes of a tagged document's old version are what an untagged one answers with."""
    tagged = library.add("tagged.txt", "The gate closes at ten in the evening, the guard has the key to it.")
    library.add("plain.txt", "The gate closes at ten in the evening, the guard has the key to it.")
    tag(library.database, [tagged.document_id], ["lit"])
    library.add("tagged.txt", "Herring is served at noon in the kitchen of the harbour house.")
    assert names(library, ["lit"]) == ["tagged.txt"]
    with library.database.sessions() as session:
        assert chunks.matching(session, [1], "gate guard", 10, tags=["lit"]) == []


@pytest.mark.parametrize("share", [2, 10, 100])
@pytest.mark.parametrize("exact", [True, False], ids=["compared", "graph"])
def test_tags_cost_no_rows_and_no_recall(
    database: Database, share: int, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred documents of twenty chunks, of which every so many-th has the tag, beside the exact search."""
    monkeypatch.setattr(chunks, "EXACT_LIMIT", 5000 if exact else 10)
    vectors = random_vectors(2000)
    scope = [fill(database, "one", ["x"] * 2000, vectors)]
    cut_up(database, 100, share)
    left = np.concatenate([vectors[20 * n : 20 * n + 20] for n in range(0, 100, share)])
    recalls = []
    for question in random_vectors(20, seed=9):
        with database.sessions() as session:
            hits = chunks.nearest(session, scope, question, 10, tags=["kept"])
        truth = np.sort(left @ question)[::-1]
        assert len({hit.chunk_id for hit in hits}) == 10
        recalls.append(np.mean([hit.score >= truth[9] - 1e-3 for hit in hits]))
    assert np.mean(recalls) >= (1.0 if exact else 0.98)


def cut_up(database: Database, parts: int, share: int) -> None:
    """Make so many documents of the one that there is, each with its part of the chunks; every `share`-th is tagged."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE document_versions SET live = false"))
        connection.execute(sa.text("ALTER TABLE chunks DISABLE TRIGGER USER"))
        for n in range(parts):
            connection.execute(
                sa.text("""
                    WITH content AS (
                        INSERT INTO contents (collection_id, sha256, kind, text, page_starts, complete)
                        SELECT collection_id, cast(:n AS text), 'text', '', '[]', true FROM contents LIMIT 1
                        RETURNING id, collection_id
                    ), document AS (
                        INSERT INTO documents (collection_id, name, source, tags)
                        SELECT collection_id, cast(:n AS text), '', cast(:tags AS varchar[]) FROM content RETURNING id
                    ), version AS (
                        INSERT INTO document_versions
                            (document_id, number, sha256, kind, size, status, live, content_id)
                        SELECT document.id, 1, cast(:n AS text), 'text', 1, 'ready', true, content.id
                        FROM document, content
                    )
                    UPDATE chunks SET content_id = content.id FROM content
                    WHERE ordinal >= 20 * cast(:n AS int) AND ordinal < 20 * (cast(:n AS int) + 1)
                """),
                {"n": str(n), "tags": ["kept"] if n % share == 0 else []},
            )
        connection.execute(sa.text("ALTER TABLE chunks ENABLE TRIGGER USER"))


def test_an_answer_rests_on_them_alone_and_says_so(harbours: Library) -> None:
    said = "The gate of north closes at ten in the evening."
    assistant = Assistant(
        harbours.database.sessions, make_chain(harbours, models(Speaker(answers=[said]))), person=OWNER
    )
    *_, answer = assistant.ask("When does the gate close in the evening?", tags=["Lit "])
    assert isinstance(answer, Answer)
    assert {source.document for source in answer.retrieved} == {citation.document for citation in answer.citations}
    assert {source.document for source in answer.retrieved} == {"north"}
    assert answer.receipt["tags"] == ["lit"]
    [found] = assistant.search("gate", tags=["lit"])
    assert found.document == "north"


@pytest.mark.parametrize("wanted", [["x" * 41], [str(n) for n in range(21)]], ids=["long", "many"])
def test_what_can_be_no_tag_is_told_before_anything_is_kept(harbours: Library, wanted: list[str]) -> None:
    assistant = Assistant(harbours.database.sessions, make_chain(harbours, models(None)), person=OWNER)
    talk = assistant.start_conversation("When?")
    with pytest.raises(InvalidInputError, match="at most"):
        next(assistant.ask("When does the gate close?", tags=wanted, conversation_id=talk))
    assert assistant.conversation(talk).messages == []
    with pytest.raises(InvalidInputError, match="at most"):
        assistant.search("gate", tags=wanted)


def test_a_nul_in_a_tag_is_no_tag(harbours: Library) -> None:
    assistant = Assistant(harbours.database.sessions, make_chain(harbours, models(None)), person=OWNER)
    assert [found.document for found in assistant.search("gate", tags=["lit\x00"])] == ["north"]


def test_a_question_without_tags_is_searched_as_it_was(harbours: Library) -> None:
    """The statements without tags are the ones that were measured."""
    for statement in (chunks.FEW, chunks.SIZE, chunks.MATCHING, *chunks.NEAREST.values()):
        assert ":tags" not in statement[False].text
        assert ":tags" in statement[True].text
    question = Question("When does the gate close?", person=OWNER)
    assert question.tags == ()
    assert RetrievalSettings().as_dict().keys().isdisjoint({"tags"})
