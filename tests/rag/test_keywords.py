"""How the keyword arm ranks: rare words over common ones, names by their parts too, and whatever is typed."""

import pytest

from chat.store import chunks
from chat.store.database import Database
from tests.rag.test_retriever import fill, random_vectors


def ranked(database: Database, texts: list[str], words: str) -> list[str]:
    """The texts that the arm finds, best first."""
    scope = [fill(database, "a", texts, random_vectors(len(texts)))]
    with database.sessions() as session:
        hits = chunks.matching(session, scope, words, 100)
        said = {each.chunk_id: each.text for each in chunks.sources(session, scope, [hit.chunk_id for hit in hits])}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    return [said[hit.chunk_id] for hit in hits]


def test_a_rare_word_counts_for_more_than_a_common_one(database: Database) -> None:
    common = [f"the ferry leaves pier{number}" for number in range(9)]
    found = ranked(database, [*common, "the lantern shines far"], "ferry lantern")
    assert found[0] == "the lantern shines far"
    assert len(found) == 10


def test_more_of_a_word_and_fewer_others_count_for_more(database: Database) -> None:
    texts = ["herring and soup and bread and salt and butter", "herring soup", "herring herring soup"]
    assert ranked(database, texts, "herring") == ["herring herring soup", "herring soup", texts[0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("call readLedger(entry)", "ledger"),
        ("call self.tide_table", "tide"),
        ("see src/harbour/gate.rs", "harbour"),
        ("the ledger is read", "readLedger"),
        ("call readLedger(entry)", "readledger"),
    ],
)
def test_a_name_is_found_by_its_parts_and_whole(database: Database, text: str, words: str) -> None:
    assert ranked(database, [text, "nothing of the sort"], words) == [text]


def test_quotes_and_backslashes_are_words_like_others(database: Database) -> None:
    assert ranked(database, ["it's in C:\\temp\\o'clock.txt"], "o'clock \\temp 'x' it's")


def test_how_rare_a_word_is_is_counted_only_where_one_may_read(database: Database) -> None:
    texts = ["ferry one", "lantern two"]
    scope = [fill(database, "mine", texts, random_vectors(2))]
    with database.sessions() as session:
        before = chunks.matching(session, scope, "ferry lantern", 10)
    fill(database, "hidden", ["ferry"] * 50, random_vectors(50))
    with database.sessions() as session:
        assert chunks.matching(session, scope, "ferry lantern", 10) == before
