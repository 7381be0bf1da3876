"""Changing the embedder: nothing that is searched changes before, everything at once, and it can be undone."""

import json

import pytest

from admin.curation.documents.ingesting import Interrupted
from admin.curation.documents.vectors import vectors
from admin.curation.embedders import Changeover
from chat.errors import EmbedderChangedError, ModelError, NotFoundError
from chat.models.embedder import BUNDLED, LibraryEmbedder
from chat.rag.retriever import HybridRetriever
from chat.store import chunks, embeddings, installation, questions
from chat.store.questions import Label, NewQuestion
from tests.conftest import OWNER
from tests.rag.library import Library

GATE = "# Gate\n\nThe harbour gate closes at 22:15.\n"
SOUP = "# Food\n\nThe kitchen serves herring soup.\n"


def width(library: Library, column: str) -> int:
    return int(library.scalar(f"SELECT max(vector_dims({column})) FROM chunks"))


def build(changeover: Changeover, name: str) -> None:
    changeover.begin(name)
    list(changeover.build())


def test_there_and_back(library: Library, changeover: Changeover, tiny: str) -> None:
    library.add("gate.md", GATE)
    library.add("soup.md", SOUP)
    # Another process: it learns of the change only from the database.
    other = LibraryEmbedder(library.database.sessions, dtype="float32")
    retriever = HybridRetriever(sessions=library.database.sessions, embedder=other, person=OWNER)
    before = retriever.sources("When does the gate close?")

    build(changeover, tiny)
    assert (width(library, "embedding"), width(library, "embedding_beside")) == (384, 32)
    assert retriever.sources("When does the gate close?") == before, "nothing changes before the exchange"

    assert changeover.exchange().embedder == tiny
    assert (width(library, "embedding"), width(library, "embedding_beside")) == (32, 384)
    changed = retriever.sources("When does the gate close?")
    assert other.in_use().dimension == 32
    assert [each.similarity for each in changed] != [each.similarity for each in before]
    own = float(
        other.encode(["When does the gate close?"])[0] @ other.encode(["Gate\nThe harbour gate closes at 22:15."])[0]
    )
    assert max(each.similarity or 0 for each in changed) == pytest.approx(own, abs=0.3)

    assert changeover.exchange().embedder == BUNDLED
    assert retriever.sources("When does the gate close?") == before


def test_what_is_added_meanwhile_has_both(library: Library, changeover: Changeover, tiny: str) -> None:
    library.add("gate.md", GATE)
    build(changeover, tiny)
    library.add("soup.md", SOUP)
    assert library.scalar("SELECT count(*) FROM chunks WHERE embedding_beside IS NULL") == 0
    changeover.exchange()
    library.add("pier.md", "# Pier\n\nPier 4 is under repair.\n")
    assert library.scalar("SELECT count(*) FROM chunks WHERE vector_dims(embedding_beside) = 384") == 3
    retriever = HybridRetriever(sessions=library.database.sessions, embedder=changeover.embedder, person=OWNER)
    assert {source.document for source in retriever.sources("pier")} == {"Gate", "Food", "Pier"}


def test_building_goes_on_where_it_was_ended(library: Library, changeover: Changeover, tiny: str) -> None:
    library.add("gate.md", GATE)
    changeover.queue(tiny)
    with pytest.raises(Interrupted):
        changeover.work(lambda: False)
    with library.database.sessions.begin() as session:
        assert not embeddings.exchange(session), "a chunk has no vector yet"
    assert changeover.standing().built == 0
    changeover.work(lambda: True)
    standing = changeover.standing()
    assert (standing.embedder, standing.beside, standing.built) == (BUNDLED, tiny, standing.chunks)
    changeover.begin(tiny)
    assert changeover.standing().built == standing.built, "what is built is not built again"


def test_vectors_of_another_embedder_are_never_written(library: Library, changeover: Changeover, tiny: str) -> None:
    library.add("gate.md", GATE)
    made = vectors(changeover.embedder, ["a text"])
    build(changeover, tiny)
    changeover.exchange()
    with library.database.sessions.begin() as session, pytest.raises(EmbedderChangedError):
        made.hold(session)
    with library.database.sessions() as session, pytest.raises(EmbedderChangedError, match="embedder build other"):
        installation.hold_embedder(session, "other")


def test_labelled_questions_are_compared(library: Library, changeover: Changeover, tiny: str) -> None:
    library.add("gate.md", GATE)
    library.add("soup.md", SOUP)
    with library.database.sessions.begin() as session:
        for key, text, document in (("1", "When does it shut?", "gate.md"), ("2", "What is there to eat?", "soup.md")):
            questions.put(session, 1, NewQuestion(key, text, labels=[Label(document)]))
    with pytest.raises(NotFoundError, match="embedder build"):
        changeover.compare([1])
    build(changeover, tiny)
    [compared] = changeover.compare([1])
    assert compared.questions == 2
    assert compared.before.ndcg == pytest.approx(1.0)
    assert compared.differences["ndcg"].value == pytest.approx(compared.after.ndcg - compared.before.ndcg)


def test_forgetting_and_wrong_names(library: Library, changeover: Changeover, tiny: str) -> None:
    library.add("gate.md", GATE)
    with pytest.raises(NotFoundError, match="embedder build"):
        changeover.exchange()
    with pytest.raises(EmbedderChangedError, match="already searched"):
        changeover.begin("bundled")
    with pytest.raises(ModelError, match="cannot be loaded"):
        changeover.begin("/nowhere")
    build(changeover, tiny)
    assert changeover.forget() == tiny
    assert changeover.standing().beside is None
    library.add("soup.md", SOUP)


def test_the_vectors_beside_are_searched_by_their_index_too(
    library: Library, changeover: Changeover, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add("gate.md", GATE)
    build(changeover, tiny)
    monkeypatch.setattr(chunks, "EXACT_LIMIT", 0)
    new = changeover.embedder.beside()
    assert new is not None
    with library.database.sessions() as session:
        [hit] = chunks.nearest(session, [1], new.encode(["gate"])[0], 5, beside=True)
    assert -1 <= hit.score <= 1


def test_the_commands(
    library: Library, tiny: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from admin.__main__ import cli

    library.add("gate.md", GATE)
    monkeypatch.setenv("APPRENTICE_HOME", str(library.ingestion.home))
    monkeypatch.setenv("APPRENTICE_DATABASE_URL", library.database.conninfo)
    run = CliRunner().invoke
    built = run(cli, ["embedder", "build", tiny, "--json"])
    assert json.loads(built.stdout) == {"embedder": BUNDLED, "beside": tiny, "chunks": 1, "built": 1}
    assert "no labelled questions" in " ".join(run(cli, ["embedder", "compare"]).stdout.split())
    assert f"Searched by the vectors of {tiny}" in run(cli, ["embedder", "cutover"]).stdout
    assert json.loads(run(cli, ["embedder", "show", "--json"]).stdout)["embedder"] == tiny
    assert BUNDLED in run(cli, ["embedder", "back"]).stdout
    assert "are gone" in run(cli, ["embedder", "forget", "--yes"]).stdout
