"""LangChain's own Postgres store, as a program: a JSON request a line in, a JSON answer a line out.

It runs in an environment of its own, because langchain-postgres wants an older pgvector than the project, and so
imports nothing of the project. The clock runs here: what passes through the pipe is not in `seconds`.
"""

import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGEngine, PGVectorStore  # type: ignore[import-not-found]
from langchain_postgres.v2.hybrid_search_config import HybridSearchConfig  # type: ignore[import-not-found]
from langchain_postgres.v2.indexes import HNSWIndex  # type: ignore[import-not-found]

Answer = dict[str, Any]


class Ready(Embeddings):
    """Vectors that were computed before, by text."""

    def __init__(self) -> None:
        self.vectors: dict[str, list[float]] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.vectors[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.vectors[text]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.embed_documents(texts)

    async def aembed_query(self, text: str) -> list[float]:
        return self.embed_query(text)


class Peer:
    """The stores of one database, one per table."""

    def __init__(self, url: str) -> None:
        self.engine = PGEngine.from_connection_string(url)
        self.embeddings = Ready()
        self.stores: dict[str, Any] = {}

    def make(self, table: str, width: int) -> Answer:
        """A table with the column for keywords that its documentation advises, and without an index, its default."""
        config = HybridSearchConfig(tsv_column="content_tsv", index_name=f"{table}_tsv_index")
        self.engine.init_vectorstore_table(table, width, hybrid_search_config=config)
        self.stores[table] = PGVectorStore.create_sync(self.engine, self.embeddings, table, hybrid_search_config=config)
        return {}

    def index(self, table: str) -> Answer:
        """The two indexes it can make, at its own settings."""
        self.stores[table].apply_vector_index(HNSWIndex())
        self.stores[table].apply_hybrid_search_index()
        return {}

    def write(self, table: str, texts: list[str], vectors: list[list[float]]) -> Answer:
        """Add documents, as an application does."""
        self.embeddings.vectors = dict(zip(texts, vectors, strict=True))
        documents = [Document(text) for text in texts]
        began = perf_counter()
        self.stores[table].add_documents(documents)
        return {"seconds": perf_counter() - began}

    def search(self, table: str, words: str, vector: list[float], k: int, depth: int | None) -> Answer:
        """Ask its retriever. `depth` is how deep each arm of a hybrid search looks; None is a dense search.

        Each question gets a configuration of its own: the store writes the first question it sees into the one it
        was made with, and searches keywords for that ever after (langchain-postgres issues 288 and 337).
        """
        config = depth and HybridSearchConfig(tsv_column="content_tsv", primary_top_k=depth, secondary_top_k=depth)
        options = {"k": k, "hybrid_search_config": config or None}
        retriever = self.stores[table].as_retriever(search_kwargs=options)
        self.embeddings.vectors = {words: vector}
        began = perf_counter()
        found = retriever.invoke(words)
        return {"seconds": perf_counter() - began, "ids": [document.id for document in found]}


def main() -> None:
    """Answer requests until the pipe is closed."""
    peer = Peer(sys.argv[1])
    actions: dict[str, Callable[..., Answer]] = {
        "make": peer.make,
        "index": peer.index,
        "write": peer.write,
        "search": peer.search,
    }
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(actions[request.pop("do")](**request)), flush=True)


if __name__ == "__main__":
    main()
