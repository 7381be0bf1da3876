"""A second embedder, tiny, random and of another width, and a database whose embedder is to be changed."""

from pathlib import Path

import pytest

from admin.curation.embedders import Changeover
from admin.curation.formats.parser import Parser
from chat.models.embedder import LibraryEmbedder, bundled_folder
from chat.store.database import Database
from tests.rag.library import Library, make_library


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a sentence-transformers model with 32-dimensional vectors and random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(1)
    inner, folder = tmp_path_factory.mktemp("inner"), tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(bundled_folder(), local_files_only=True)
    tokenizer.save_pretrained(inner)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(inner)
    SentenceTransformer(modules=[Transformer(str(inner)), Pooling(32)]).save(str(folder))
    return str(folder)


@pytest.fixture
def changeover(database: Database) -> Changeover:
    return Changeover(database.sessions, LibraryEmbedder(database.sessions, dtype="float32"))


@pytest.fixture
def library(database: Database, changeover: Changeover, parser: Parser, home: Path) -> Library:
    return make_library(database, changeover.embedder, parser, home)
