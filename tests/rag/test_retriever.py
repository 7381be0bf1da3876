"""What is found, in which order, and for whom; and that no question, however made, breaks the search."""

import random
import threading
from itertools import product
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests
from sqlalchemy.pool import QueuePool

from chat.errors import InvalidInputError, NotFoundError
from chat.models.embedder import Embedder
from chat.rag import retriever as retrieving
from chat.rag.chain import LONGEST_QUESTION, checked
from chat.rag.retriever import HybridRetriever, RetrievalSettings, fuse
from chat.store import chunks, collections, contents, versions
from chat.store.chunks import Hit, NewChunk
from chat.store.database import Database
from chat.store.tables import DocumentVersion
from tests.conftest import OWNER
from tests.rag.library import Library

NASTY = [
    *("&", "|", "!", "<->", "'", "\\", "%", "{}", "{0}", "%s", "%(words)s", ":words", "\\'; DROP TABLE chunks; --"),
    *("& | ! <-> ' \\ % {}", "gate & | harbour", "!gate", "gate:*", "(gate", "gate)", "'gate'", "gate <2> closes"),
    *("the of and a", "?", "...", "🦭", "渡轮", "\u202e", "a\ud800b", "x" * 5000, "$$", "`", '"', "E'\\\\'"),
]


@pytest.fixture
def retriever(library: Library) -> HybridRetriever:
    return HybridRetriever(sessions=library.database.sessions, embedder=library.ingestion.embedder, person=OWNER)


def fill(database: Database, collection: str, texts: list[str], vectors: np.ndarray) -> int:
    """A collection of one live document whose chunks are `texts`; returns the collection's id."""
    with database.sessions.begin() as session:
        collection_id = collections.ensure(session, collection).id
        version, _ = versions.add(session, collection_id, "a.txt", "", sha256=collection, kind="text", size=1)
        claimed = versions.claim(session, version.id)
        assert isinstance(claimed, DocumentVersion)
        content_id = contents.add(
            session, collection_id, claimed,
            text="".join(texts), title=None, page_starts=[], language="en", chunk_count=len(texts),
        )  # fmt: skip
        ends = np.cumsum([len(text) for text in texts]).tolist()
        new = [
            NewChunk(n, end - len(text), end, None, "", text)
            for n, (text, end) in enumerate(zip(texts, ends, strict=True))
        ]
        chunks.write(session, collection_id, content_id, "en", new, vectors)
        versions.publish(session, version.id, claimed.attempt, content_id)
        return collection_id


def random_vectors(count: int, seed: int = 3) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_fusion_by_hand() -> None:
    """Damping 5, keywords worth half: 7 scores 1/6 + .5/7 = .238, 8 scores 1/7 = .143, 9 scores .5/6 = .083."""
    settings = RetrievalSettings(keyword_weight=0.5, damping=5)
    dense = [Hit(7, 0.9), Hit(8, 0.8)]
    keyword = [Hit(9, 0.5), Hit(7, 0.4)]
    fused = fuse(dense, keyword, settings)
    assert [(r.chunk_id, r.dense_rank, r.keyword_rank, r.similarity) for r in fused] == [
        (7, 1, 2, 0.9),
        (8, 2, None, 0.8),
        (9, None, 1, None),
    ]
    assert [ranking.score for ranking in fused] == pytest.approx([1 / 6 + 0.5 / 7, 1 / 7, 0.5 / 6])


def test_equal_scores_are_in_the_order_of_their_ids() -> None:
    fused = fuse([Hit(5, 0.9)], [Hit(3, 0.1)], RetrievalSettings())
    assert [ranking.chunk_id for ranking in fused] == [3, 5]


def test_both_arms_find_what_is_theirs(library: Library, retriever: HybridRetriever) -> None:
    library.add("gate.md", "# Gate\n\nThe harbour gate closes at 22:15.\n")
    library.add("code.md", "# Codes\n\nError XK-4711 means that the bilge pump runs dry.\n")
    library.add("food.md", "# Food\n\nThe kitchen serves herring soup.\n")
    exact = retriever.sources("XK-4711")
    assert (exact[0].document, exact[0].keyword_rank) == ("Codes", 1)
    meant = retriever.sources("When does the port shut in the evening?")
    assert (meant[0].document, meant[0].dense_rank) == ("Gate", 1)
    assert [source.rank for source in meant] == [1, 2, 3]
    assert meant[0].similarity is not None
    assert 0.2 < meant[0].similarity <= 1


@pytest.mark.parametrize("question", NASTY, ids=range(len(NASTY)))
def test_no_question_breaks_the_search(library: Library, retriever: HybridRetriever, question: str) -> None:
    fill(library.database, "default", ["The harbour gate closes."], random_vectors(1))
    [source] = retriever.sources(checked(question))
    assert source.text == "The harbour gate closes."


def test_many_different_words(library: Library, retriever: HybridRetriever) -> None:
    fill(library.database, "default", ["The harbour gate closes."], random_vectors(1))
    words = " ".join(f"word{number}" for number in range(2000))
    assert len(words) < LONGEST_QUESTION
    assert len(retriever.sources(checked(words))) == 1
    assert retriever.sources(f"gate {words}")[0].keyword_rank == 1


@pytest.mark.parametrize("question", ["", "   ", "\n", "\x00", "\x00 \x00"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(InvalidInputError, match=r"empty\. Type what"):
        checked(question)


def test_a_question_of_a_megabyte_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"1,000,000 characters; at most 20,000"):
        checked("x" * 1_000_000)


def test_only_readable_collections_are_searched(library: Library, retriever: HybridRetriever) -> None:
    vectors = random_vectors(3)
    one = fill(library.database, "one", ["herring"], vectors[:1])
    fill(library.database, "two", ["herring"], vectors[:1])
    with library.database.sessions() as session:
        for settings in (RetrievalSettings(), RetrievalSettings(k=100)):
            found = retrieving.retrieve(session, [one], "herring", vectors[0], settings)
            assert [source.document_id for source in found] == [1]
        assert retrieving.retrieve(session, [], "herring", vectors[0], RetrievalSettings()) == []
    assert [source.document_id for source in retriever.in_collection("two").sources("herring")] == [2]
    assert len(retriever.sources("herring")) == 2
    with pytest.raises(NotFoundError, match=r"no collection 'three'. There are: one, two\."):
        retriever.in_collection("three").sources("herring")


def test_k_rows_when_k_exist(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the index must pass by many nearer chunks of collections that may not be read."""
    many, few = 1000, 250
    vectors = random_vectors(many + few)
    fill(database, "large", ["x"] * many, vectors[:many])
    scope = [fill(database, "small", ["y"] * few, vectors[many:])]
    truth = np.sort(vectors[many:] @ vectors[0])[::-1]
    for exact, k in product((True, False), (1, 10, 100, 250)):
        monkeypatch.setattr(chunks, "EXACT_LIMIT", 5000 if exact else 10)
        with database.sessions() as session:
            hits = chunks.nearest(session, scope, vectors[0], k)
        assert len({hit.chunk_id for hit in hits}) == k
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        shared = np.isclose(truth[:k, None], [hit.score for hit in hits], atol=2e-3).any(axis=1).mean()
        assert shared >= (1.0 if exact else 0.9)


def test_each_thread_finds_what_it_finds_alone(library: Library, retriever: HybridRetriever) -> None:
    """One person's words never reach another's search."""
    for number in range(8):
        library.add(f"{number}.md", f"# Pier {number}\n\nThe keeper of pier{number} is called keeper{number}.\n")
    questions = [f"Who keeps pier{number}?" for number in range(8)]
    alone = [[source.chunk_id for source in retriever.sources(question)] for question in questions]
    wrong: list[str] = []

    def ask(number: int) -> None:
        for _ in range(10):
            found = retriever.sources(questions[number])
            if [source.chunk_id for source in found] != alone[number] or f"pier{number}" not in found[0].text:
                wrong.append(questions[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_searches_without_a_result_give_their_connections_back(library: Library, retriever: HybridRetriever) -> None:
    pool = library.database.engine.pool
    assert isinstance(pool, QueuePool)
    for _ in range(200):
        assert retriever.sources("nothing") == []
    assert pool.checkedout() == 0
    assert library.scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") <= pool.size()


def test_a_language_is_searched_by_its_own_stems(library: Library, retriever: HybridRetriever) -> None:
    german = "Die Fähren fahren an den Sonntagen nicht, und die Häfen sind für die Reisenden mit den Hunden zu. " * 2
    library.add("sonntag.txt", german)
    library.add("sunday.txt", "The ferries are not running on the Sundays, and the harbours are closed to you and me.")
    assert retriever.sources("Fähre Sonntag")[0].text.startswith("Die Fähren")
    assert retriever.sources("ferry harbour")[0].text.startswith("The ferries")


class TestAsLangChainSeesIt(RetrieversIntegrationTests):
    """LangChain's own suite for retrievers."""

    @pytest.fixture(autouse=True)
    def _library(self, library: Library, embedder: Embedder) -> None:
        texts = [f"Ferry number {number} leaves from pier {number}." for number in range(12)]
        fill(library.database, "default", texts, embedder.encode(texts))
        self.library = library

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return HybridRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {
            "sessions": self.library.database.sessions,
            "embedder": self.library.ingestion.embedder,
            "person": OWNER,
        }

    @property
    def retriever_query_example(self) -> str:
        return "Where does ferry number 3 leave from?"

    def test_documents_say_where_they_stand(self) -> None:
        [document] = HybridRetriever(**self.retriever_constructor_params, k=1).invoke("ferry number 3")
        assert isinstance(document, Document)
        assert (document.page_content, document.metadata["document"]) == ("Ferry number 3 leaves from pier 3.", "a.txt")
        assert document.metadata["end"] - document.metadata["start"] == len(document.page_content)


def test_random_bytes_as_questions(library: Library, retriever: HybridRetriever) -> None:
    fill(library.database, "default", ["The harbour gate closes."], random_vectors(1))
    chance = random.Random(5)
    for _ in range(30):
        question = "q" + "".join(chr(chance.randrange(1, 0x3000)) for _ in range(60))
        assert len(retriever.sources(checked(question))) == 1
