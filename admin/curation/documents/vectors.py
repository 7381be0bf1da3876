"""Texts as vectors by every embedder whose vectors the database holds just now."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from chat.models.embedder import Embedder
from chat.store import embeddings


@dataclass(frozen=True)
class Vectors:
    """Texts as vectors by the embedder in use and, where there is one, by the other: float32, (texts, width)."""

    by: str
    found: np.ndarray
    beside_by: str | None
    beside: np.ndarray | None

    def hold(self, session: Session) -> None:
        """Let nobody exchange the vectors before these are written. Raises `EmbedderChangedError` if it is too late."""
        embeddings.hold(session, self.by, self.beside_by)


def vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """The vectors that a chunk needs just now."""
    used, beside = embedder.in_use(), embedder.beside()
    other = beside.encode(texts) if beside else None
    return Vectors(used.name, used.encode(texts), beside.name if beside else None, other)
