"""Reading the best passages once more: by MaxSim, and by a cross-encoder that the test makes."""

from pathlib import Path

import numpy as np
import pytest

from chat.errors import ModelError
from chat.models.embedder import bundled_folder
from chat.models.reranker import MAXSIM, REMEMBERED, MaxSim, Rerankers
from chat.rag.rerank import rerank
from chat.rag.retriever import HybridRetriever, RetrievalSettings
from tests.conftest import OWNER
from tests.rag.library import Library, source

PASSAGES = ["The kitchen serves herring soup.", "The harbour gate closes at 22:15.", "Pier 4 is under repair."]


class Backwards:
    """Prefers what the search put last."""

    def scores(self, question: str, passages: list[str]) -> np.ndarray:
        return np.arange(len(passages), dtype=np.float32)


@pytest.fixture(scope="module")
def maxsim() -> MaxSim:
    return MaxSim("float32")


@pytest.fixture(scope="session")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a cross-encoder with random weights."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("cross")
    tokenizer = AutoTokenizer.from_pretrained(bundled_folder(), local_files_only=True)
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), num_labels=1, **sizes)).save_pretrained(folder)
    return str(folder)


def test_both_places_count_the_search_for_more() -> None:
    """Damping 5, the second reading worth half: 1/6 + .5/8, 1/7 + .5/7, 1/8 + .5/6 = .229, .214, .208."""
    found = [source(text, chunk_id=number) for number, text in enumerate(PASSAGES, 1)]
    best = rerank("?", found, Backwards(), 2)
    assert [(each.rank, each.chunk_id) for each in best] == [(1, 1), (2, 2)]
    assert [each.score for each in best] == pytest.approx([1 / 6 + 0.5 / 8, 1 / 7 + 0.5 / 7])
    assert rerank("?", [], Backwards(), 2) == []


def test_maxsim_prefers_the_passage_that_answers(maxsim: MaxSim) -> None:
    assert int(np.argmax(maxsim.scores("When does the harbour gate close?", PASSAGES))) == 1
    assert maxsim.scores("When?", []).shape == (0,)
    assert np.isfinite(maxsim.scores("", PASSAGES)).all()
    assert maxsim.scores("gate", [""]).tolist() == [0.0]


def test_maxsim_scores_the_same_alone_among_others_and_again(maxsim: MaxSim) -> None:
    among = maxsim.scores("Where is the soup?", PASSAGES)
    again = MaxSim("float32")
    alone = [float(again.scores("Where is the soup?", [passage])[0]) for passage in PASSAGES]
    assert among == pytest.approx(alone, abs=2e-3)
    assert maxsim.scores("Where is the soup?", PASSAGES).tolist() == among.tolist()


def test_maxsim_remembers_only_so_many(maxsim: MaxSim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.models.reranker.REMEMBERED", 2)
    assert REMEMBERED > 2
    assert len(maxsim.scores("soup", PASSAGES)) == 3
    assert len(maxsim._known) == 2


def test_a_cross_encoder_from_a_folder(cross_encoder: str) -> None:
    rerankers = Rerankers()
    scores = rerankers.get(cross_encoder).scores("When does the gate close?", PASSAGES)
    assert scores.shape == (3,)
    assert len(set(scores.tolist())) == 3
    assert rerankers.get(cross_encoder) is rerankers.get(cross_encoder)
    assert rerankers.get(MAXSIM) is rerankers.get(MAXSIM)


def test_a_reranker_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        Rerankers().get(str(tmp_path / "none")).scores("?", PASSAGES)


@pytest.mark.parametrize("by", ["maxsim", "cross_encoder"])
def test_the_retriever_reads_again_where_its_settings_say_so(library: Library, by: str, cross_encoder: str) -> None:
    for number, text in enumerate(PASSAGES):
        library.add(f"{number}.md", text)
    name = cross_encoder if by == "cross_encoder" else MAXSIM
    plain = HybridRetriever(sessions=library.database.sessions, embedder=library.ingestion.embedder, person=OWNER)
    reading = plain.model_copy(update={"settings": RetrievalSettings(rerank=name)})
    question = "When does the harbour gate close?"
    found, settings = reading.find(question, k=2)
    assert settings.rerank == name
    assert [each.rank for each in found] == [1, 2]
    assert {each.chunk_id for each in reading.sources(question)} == {each.chunk_id for each in plain.sources(question)}
