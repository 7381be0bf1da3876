"""Searching by meaning where the HNSW index is gone, or its build was broken off: slower, and just as right."""

import numpy as np
import pytest
import sqlalchemy as sa

from chat.store import chunks
from chat.store.database import Database
from tests.rag.test_retriever import fill, random_vectors

LOST = "DROP INDEX ix_chunks_embedding"
INVALID = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_chunks_embedding'::regclass"


@pytest.mark.parametrize("fault", [LOST, INVALID], ids=["lost", "invalid"])
def test_every_vector_is_compared(database: Database, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "EXACT_LIMIT", 10)
    vectors = random_vectors(300)
    scope = [fill(database, "one", ["x"] * 300, vectors)]
    with database.engine.begin() as connection:
        connection.execute(sa.text(fault))
    with database.sessions() as session:
        hits = chunks.nearest(session, scope, vectors[0], 50)
    truth = np.sort(vectors @ vectors[0])[::-1][:50]
    assert np.allclose([hit.score for hit in hits], truth, atol=2e-3)
