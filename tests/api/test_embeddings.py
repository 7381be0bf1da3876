"""Embeddings, through OpenAI's own client and LangChain's: the vectors that the documents are searched by."""

import numpy as np
import openai
import pytest
from langchain_openai import OpenAIEmbeddings
from pydantic import SecretStr

from chat.models.embedder import BUNDLED, Embedder

TEXTS = ["The ferry leaves at noon.", "Où est le café?", "x"]


def test_the_vectors_are_the_embedder_s_own(client: openai.OpenAI, embedder: Embedder) -> None:
    reply = client.embeddings.create(model="assistant", input=TEXTS, encoding_format="float")
    assert reply.model == BUNDLED
    assert [each.index for each in reply.data] == [0, 1, 2]
    got = np.array([each.embedding for each in reply.data], dtype=np.float32)
    np.testing.assert_allclose(got, embedder.encode(TEXTS), atol=1e-6)
    assert reply.usage.prompt_tokens == reply.usage.total_tokens == sum(embedder.lengths(TEXTS))


def test_base64_holds_the_same_numbers(client: openai.OpenAI) -> None:
    """It is what the client asks for by itself."""
    as_base64 = client.embeddings.create(model=BUNDLED, input="The ferry").data[0].embedding
    as_floats = client.embeddings.create(model=BUNDLED, input=["The ferry"], encoding_format="float").data[0].embedding
    np.testing.assert_allclose(as_base64, as_floats, atol=1e-7)


def test_langchain_s_embeddings_work(address: str, embedder: Embedder) -> None:
    remote = OpenAIEmbeddings(
        model="assistant", base_url=f"{address}/v1", api_key=SecretStr("none"), check_embedding_ctx_length=False
    )
    np.testing.assert_allclose(remote.embed_documents(TEXTS), embedder.encode(TEXTS), atol=1e-6)
    np.testing.assert_allclose(remote.embed_query("When?"), embedder.embed_query("When?"), atol=1e-6)


def test_what_cannot_be_embedded_is_told(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="There is no model 'text-embedding-3-small'"):
        client.embeddings.create(model="text-embedding-3-small", input="x")
    with pytest.raises(openai.BadRequestError, match="has 1002 tokens; all-MiniLM-L6-v2 reads 256"):
        client.embeddings.create(model="assistant", input=["x", "the " * 1000])
    with pytest.raises(openai.BadRequestError, match="at most 256 items"):
        client.embeddings.create(model="assistant", input=["x"] * 257)
    with pytest.raises(openai.BadRequestError, match="at least 1"):
        client.embeddings.create(model="assistant", input=[])
    with pytest.raises(openai.BadRequestError, match="input"):
        client.embeddings.create(model="assistant", input=[1, 2, 3])
    with pytest.raises(openai.BadRequestError, match="gives 384 dimensions"):
        client.embeddings.create(model="assistant", input="x", dimensions=64)
