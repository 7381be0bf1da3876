"""Weights laid out for the processor: the same answers to the bit."""

from pathlib import Path

import pytest
import torch

from chat.engine import adapters
from chat.engine.batch import Batch
from chat.engine.fitting import Lora, fit
from chat.engine.layout import lay_out
from chat.engine.loading import LoadedModel, load
from chat.settings import Settings
from tests.engine.conftest import adapter

PROMPT = list(range(3, 60))
needs_bfloat16 = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="This processor does not compute in bfloat16."
)


def loaded_in(dtype: str, folder: Path) -> LoadedModel:
    return load(Settings(home=folder, model=str(folder), dtype=dtype))  # type: ignore[arg-type]


def logits(loaded: LoadedModel, lora: Lora | None) -> list[torch.Tensor]:
    """Of the first token after a prompt, and of the next one in a batch of two."""
    batch = Batch(loaded, rows=2, prefix_bytes=0)
    found = []
    try:
        for with_lora in (lora, None):
            reading = batch.begin(PROMPT, with_lora)
            first = batch.read(reading)
            assert first is not None
            found.append(first)
            batch.join(reading)
        return [*found, batch.step([5, 6])]
    finally:
        batch.close()


@needs_bfloat16
def test_every_answer_is_what_it_was_to_the_bit(model_folder: Path, tmp_path: Path) -> None:
    loaded = loaded_in("bfloat16", model_folder)
    file = adapters.read(adapter("one", model_folder, tmp_path / "one", seed=1))
    lora = fit(file, loaded)
    before = [logits(loaded, None), logits(loaded, lora)]
    assert lay_out(loaded)
    after = [logits(loaded, None), logits(loaded, fit(file, loaded))]
    for old, new in zip(before, after, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(old, new, strict=True))
    assert not torch.equal(after[0][0], after[1][0]), "the adapter still changes what is said"


@needs_bfloat16
def test_the_weights_are_not_held_twice(model_folder: Path) -> None:
    loaded = loaded_in("bfloat16", model_folder)
    lay_out(loaded)
    held = {name for name, weights in loaded.model.named_parameters() if "proj" in name and weights.numel()}
    assert held == set()


def test_what_computes_in_float32_is_left_as_it_is(model_folder: Path) -> None:
    loaded = loaded_in("float32", model_folder)
    assert not lay_out(loaded)
    assert all(weights.numel() for weights in loaded.model.parameters())
