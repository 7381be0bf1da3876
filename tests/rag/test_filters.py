"""A small version of benchmarks/filters.py: what a filter leaves is found, all of it that was asked for."""

import pytest

from benchmarks import filters
from chat.rag.retriever import RetrievalSettings
from chat.store import chunks
from chat.store.database import Database


def test_filters_cost_no_rows_and_no_recall(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where half and a tenth are left the graph is searched, below that every vector is compared."""
    monkeypatch.setattr(chunks, "EXACT_LIMIT", 150)
    vectors = filters.made_up(2000)
    scopes = filters.install(database.sessions, vectors)
    measured = filters.measure(database.sessions, vectors, scopes, 15)
    assert [each.left for each in measured] == [2000, 1000, 200, 20, 2]
    for each in measured:
        assert each.fewest == min(RetrievalSettings.depth, each.left)
        assert each.recall >= filters.AIMS[each.share][0]
