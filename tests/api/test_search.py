"""Passages over HTTP, for programs that write their own answers: what an answer would rest on, for whom it is."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from chat.door.keys import Keys
from chat.store import users
from chat.store.keys import Scope
from chat.store.tables import UserRole
from tests.api.conftest import ASKED
from tests.rag.library import Library


def search(address: str, key: str = "none", **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{address}/v1/search", json={"query": ASKED, **body}, headers=headers, timeout=60)


def test_passages_carry_their_ranks_and_the_exact_span(address: str, library: Library) -> None:
    library.add("food.md", "# Food\n\nThe kitchen serves herring soup.\n")
    reply = search(address)
    assert (reply.status_code, reply.json()["object"]) == (200, "list")
    first, second = reply.json()["data"]
    assert (first["rank"], first["dense_rank"], first["keyword_rank"], second["rank"]) == (1, 1, 1, 2)
    assert first["score"] > second["score"]
    assert 0 < first["similarity"] <= 1
    cited = first["citation"]
    assert (cited["document"], cited["version"], cited["page"]) == ("Harbour gate", 1, None)
    text = library.scalar(
        "SELECT c.text FROM contents c JOIN document_versions v ON v.content_id = c.id "
        "WHERE v.document_id = :id AND v.live", id=cited["document_id"],
    )  # fmt: skip
    assert text[cited["start"] : cited["end"]] == cited["quote"]
    assert "22:15" in cited["quote"]


def test_it_is_kept_to_a_number_a_collection_and_tags(address: str, library: Library) -> None:
    other = library.add("food.md", "# Food\n\nThe kitchen serves herring soup.\n", "kitchen")
    assert len(search(address, k=1).json()["data"]) == 1
    [found] = search(address, collection="kitchen").json()["data"]
    assert found["citation"]["document"] == "Food"
    with library.database.engine.begin() as connection:
        tagged = sa.text("UPDATE documents SET tags = '{food}' WHERE id = :id")
        connection.execute(tagged, {"id": other.document_id})
    [found] = search(address, tags=["food"]).json()["data"]
    assert found["citation"]["document"] == "Food"
    assert search(address, tags=["food", "drink"]).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"query": " "}, 400, "The question is empty"),
        ({"query": "x" * 20_001}, 400, "at most 20,000"),
        ({"collection": "nowhere"}, 400, "There is no collection 'nowhere'"),
        ({"tags": ["x" * 41]}, 400, "at most 40 characters"),
        ({"tags": "food"}, 400, "tags: Input should be a valid list"),
        ({"k": 101}, 400, "less than or equal to 100"),
        ({"k": 0}, 400, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_searched_is_told_in_words(address: str, body: dict[str, Any], status: int, said: str) -> None:
    reply = search(address, **body)
    assert reply.status_code == status
    assert said in reply.json()["error"]["message"]


def test_a_key_searches_only_if_it_was_made_for_that_and_only_what_its_owner_may_read(
    closed_address: str, keys: Keys, library: Library
) -> None:
    with library.database.sessions.begin() as session:
        users.add(session, "kim", UserRole.ASKER)
    key = keys.add("reader", [Scope.SEARCH], "kim").secret
    assert len(search(closed_address, key).json()["data"]) == 1
    asks = keys.add("asker", [Scope.ASK, Scope.EMBED], "kim").secret
    refused = search(closed_address, asks)
    assert refused.status_code == 403
    assert "This key is for ask, embed, not for search" in refused.json()["error"]["message"]
    with library.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE collections SET open = false"))
    assert search(closed_address, key).json()["data"] == []
    assert search(closed_address).status_code == 401
