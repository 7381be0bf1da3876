"""Texts to vectors over HTTP, with the embedder that the documents are searched by."""

import base64
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field

from chat.errors import InvalidInputError
from chat.models.embedder import Embedder

MOST_TEXTS = 256
"""Texts that one request may hold."""
LONGEST_TEXT = 20_000
"""Characters of a text that are looked at; what an embedder reads of them is told in tokens."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class EmbeddingRequest(BaseModel):
    """The body of `POST /v1/embeddings`. Texts only: another model's tokens would mean nothing here."""

    model: str
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input


def embed(embedder: Embedder, request: EmbeddingRequest) -> dict[str, Any]:
    """The reply, in OpenAI's shape.

    Raises `InvalidInputError` for a text that is longer than the embedder reads: its vector would be of its beginning.
    """
    lengths = embedder.lengths(request.texts)
    for place, length in enumerate(lengths):
        if length > embedder.longest:
            raise InvalidInputError(
                f"Text {place} has {length} tokens; {embedder.name} reads {embedder.longest}. Cut it into pieces."
            )
    if request.dimensions not in (None, embedder.dimension):
        raise InvalidInputError(f"{embedder.name} gives {embedder.dimension} dimensions, and no other number of them.")
    vectors = embedder.encode(request.texts)
    as_base64 = request.encoding_format == "base64"
    rows = [_base64(vector) if as_base64 else vector.tolist() for vector in vectors]
    return {
        "object": "list",
        "model": embedder.name,
        "data": [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)],
        "usage": {"prompt_tokens": sum(lengths), "total_tokens": sum(lengths)},
    }


def _base64(vector: np.ndarray) -> str:
    """The vector's bytes, little-endian float32, as the official client reads them."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
