"""Second looks at passages: how well each one answers the question, read more closely than a search can.

`maxsim` needs no other weights: late interaction (Khattab and Zaharia, "ColBERT", SIGIR 2020) over the tokens of the
bundled encoder. Any other name is a cross-encoder, a Hugging Face id or a folder, which reads question and passage
together (Nogueira and Cho, "Passage Re-ranking with BERT", 2019).
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chat.errors import ModelError
from chat.models.verifier import BATCH, Encoder, encode, load_encoder

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

MAXSIM = "maxsim"
QUESTION_TOKENS = 64
PASSAGE_TOKENS = 256
REMEMBERED = 512
"""Passages whose token vectors are kept, about 100 kB each."""


class Reranker(Protocol):
    """Reads passages closely. May be called from any thread."""

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        """How well each passage answers, (passages,); more is better, and only the order means anything."""
        ...


class Rerankers:
    """Rerankers by name, each loaded when it is first used; the last one named is kept beside `maxsim`."""

    def __init__(self, dtype: str = "auto") -> None:
        self._choosing = threading.Lock()
        self._maxsim = MaxSim(dtype)
        self._cross: tuple[str, CrossEncoding] | None = None

    def get(self, name: str) -> Reranker:
        """The reranker called `name`."""
        if name == MAXSIM:
            return self._maxsim
        with self._choosing:
            if self._cross is None or self._cross[0] != name:
                self._cross = name, CrossEncoding(name)
            return self._cross[1]


class MaxSim:
    """The mean, over the question's tokens, of the cosine of the passage's token that is most like it."""

    def __init__(self, dtype: str = "auto") -> None:
        self._dtype = dtype
        self._lock = threading.Lock()
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        if not passages:
            return np.zeros(0, dtype=np.float32)
        [asked] = self._encoded([question], QUESTION_TOKENS)
        if not len(asked):
            return np.zeros(len(passages), dtype=np.float32)
        return np.array([_likeness(asked, tokens) for tokens in self._tokens(passages)], dtype=np.float32)

    def _tokens(self, passages: Sequence[str]) -> list[np.ndarray]:
        """Token vectors of each passage, float16, (tokens, width); those of passages seen lately are remembered."""
        with self._lock:
            found = {text: self._known[text] for text in passages if text in self._known}
        new = sorted({text for text in passages if text not in found}, key=lambda text: (len(text), text))
        for first in range(0, len(new), BATCH):
            some = new[first : first + BATCH]
            found.update(zip(some, self._encoded(some, PASSAGE_TOKENS), strict=True))
        with self._lock:
            for text in passages:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return [found[text] for text in passages]

    def _encoded(self, texts: Sequence[str], longest: int) -> list[np.ndarray]:
        import torch
        from torch.nn import functional

        with self._lock:
            encoder = self._encoder
        with torch.inference_mode():
            tokens = encode(encoder, texts, longest)
            states = functional.normalize(tokens.states, dim=-1).half()
        return [row[words].numpy() for row, words in zip(states, tokens.words, strict=True)]

    @cached_property
    def _encoder(self) -> Encoder:
        return load_encoder(self._dtype)


def _likeness(asked: np.ndarray, tokens: np.ndarray) -> float:
    if not len(tokens):
        return 0.0
    return float((asked.astype(np.float32) @ tokens.astype(np.float32).T).max(axis=1).mean())


class CrossEncoding:
    """A cross-encoder through sentence-transformers."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loading = threading.Lock()

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        """As `Reranker.scores`. Raises `ModelError` where the model cannot be loaded, or does not give one score."""
        if not passages:
            return np.zeros(0, dtype=np.float32)
        with self._loading:
            model = self._model
        pairs = [(question, passage) for passage in passages]
        found = np.asarray(model.predict(pairs, batch_size=BATCH, show_progress_bar=False), dtype=np.float32)
        if found.shape != (len(passages),):
            raise ModelError(
                f"The reranker {self._name} gives {found.shape[-1]} numbers for a passage. Choose one that gives one."
            )
        return found

    @cached_property
    def _model(self) -> "CrossEncoder":
        from sentence_transformers import CrossEncoder
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        try:
            return CrossEncoder(self._name, trust_remote_code=False)
        except (OSError, ValueError) as error:
            reason = str(error).strip().split("\n")[0]
            raise ModelError(
                f"The reranker {self._name} cannot be loaded: {reason}\nFetch it with\n"
                f"  hf download {self._name}\nor name a folder that holds it, or `{MAXSIM}`."
            ) from error
