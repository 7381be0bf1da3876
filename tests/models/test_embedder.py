"""The bundled embedder: LangChain's conformance suite, and what retrieval stands on."""

import threading
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from chat.errors import ModelError
from chat.models.embedder import BATCH, Embedder


class TestUnit(EmbeddingsUnitTests):
    """LangChain's own suite, without a model."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return Embedder

    @property
    def embedding_model_params(self) -> dict[str, str]:
        return {"dtype": "float32"}


class TestIntegration(EmbeddingsIntegrationTests):
    """LangChain's own suite, with the bundled model."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return Embedder

    @property
    def embedding_model_params(self) -> dict[str, str]:
        return {"dtype": "float32"}


def test_vectors_have_length_one_and_the_promised_width(embedder: Embedder) -> None:
    vectors = embedder.encode(["a ferry", "", "x" * 10_000, "渡轮 🦭"])
    assert vectors.shape == (4, embedder.dimension) == (4, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)


def test_a_text_has_the_same_vector_alone_and_among_others(embedder: Embedder) -> None:
    texts = [f"Ferry number {number} " * (number + 1) for number in range(2 * BATCH + 1)]
    together = embedder.encode(texts)
    for place in (0, BATCH, 2 * BATCH):
        assert together[place] @ embedder.encode([texts[place]])[0] == pytest.approx(1, abs=1e-3)


def test_nearness_is_nearness_in_meaning(embedder: Embedder) -> None:
    question, near, far = embedder.encode(
        ["When does the boat leave?", "The ferry departs at nine.", "Soup is served."]
    )
    assert question @ near > question @ far + 0.2


def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_documents([]) == []


def test_many_threads_load_it_once_and_agree() -> None:
    embedder = Embedder(dtype="float32")
    vectors: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: vectors.append(embedder.encode(["a ferry"])[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vectors) == 6
    assert all(vector @ vectors[0] == pytest.approx(1, abs=1e-5) for vector in vectors)


def test_a_model_that_is_missing_is_told_with_the_command_that_gets_it(tmp_path: Path) -> None:
    for name in ("nobody/no-such-model", str(tmp_path)):
        with pytest.raises(ModelError, match=f"APPRENTICE_EMBEDDER={name} cannot be loaded") as raised:
            Embedder(name).encode(["x"])
        assert f"hf download {name}" in str(raised.value)


def test_it_is_known_by_its_model_s_name() -> None:
    assert Embedder().name == "all-MiniLM-L6-v2"
    assert Embedder("org/model").name == "org/model"
