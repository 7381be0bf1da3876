"""Passages without an answer, over HTTP: what the assistant would find, for programs that write their own answers."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from chat.rag.answer import Source
from chat.service import Assistant

MOST_PASSAGES = 100
"""Passages that one request may ask for."""
PLACE = ("document", "document_id", "version", "chunk_id", "page", "start", "end")
RANKING = ("rank", "score", "similarity", "dense_rank", "keyword_rank")


class SearchRequest(BaseModel):
    """The body of `POST /v1/search`. OpenAI has no such path; the names are those of `POST /v1/chat/completions`."""

    query: str
    k: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = 10
    collection: str | None = None
    """Which documents are searched; all that the asker may read without."""
    tags: list[str] = []
    """Only documents that have all of these are searched."""


def results(request: SearchRequest, assistant: Assistant) -> dict[str, Any]:
    """The best passages, best first. Raises `InvalidInputError` and `NotFoundError` for what cannot be searched."""
    found = assistant.search(request.query, collection=request.collection, tags=request.tags, k=request.k)
    return {"object": "list", "data": [passage(source) for source in found]}


def passage(source: Source) -> dict[str, Any]:
    """One passage with its ranks, and its citation, shaped as those of an answer: `quote` is the text it spans."""
    citation = {name: getattr(source, name) for name in PLACE} | {"quote": source.text}
    ranking = {name: getattr(source, name) for name in RANKING}
    return {"object": "passage", **ranking, "section": source.section, "citation": citation}
