"""The loop against transformers' own, and sampling."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from chat.engine.generation import Ending, GenerationRequest, choose
from chat.engine.loading import LoadedModel
from tests.engine.conftest import answer


def prompt(loaded: LoadedModel, text: str) -> tuple[int, ...]:
    return tuple(loaded.tokenizer.encode(text, add_special_tokens=False))


def reference(loaded: LoadedModel, ids: tuple[int, ...], count: int) -> list[int]:
    """Greedy tokens of `model.generate`."""
    inputs = torch.tensor([ids])
    output = loaded.model.generate(
        inputs, attention_mask=torch.ones_like(inputs), do_sample=False, max_new_tokens=count, pad_token_id=0
    )
    return list(output[0, len(ids) :].tolist())


@pytest.mark.parametrize("text", ["The ferry", "leaves at noon", "café 東京 " * 9, "The ferry leaves. " * 12])
def test_greedy_is_what_generate_says(loaded: LoadedModel, text: str) -> None:
    ids = prompt(loaded, text)
    expected = reference(loaded, ids, 60)
    said, ending = answer(loaded, GenerationRequest(ids, max_tokens=60))
    assert len(set(expected)) > 5, "an answer of one repeated token would prove little"
    assert loaded.tokenizer.decode(expected, skip_special_tokens=True).rstrip("\ufffd") == said
    assert ending == Ending("length", 60)


def test_any_of_the_eos_tokens_ends_the_answer_unseen(loaded: LoadedModel) -> None:
    ids = prompt(loaded, "The ferry")
    tokens = reference(loaded, ids, 30)
    last = next(token for token in tokens[10:] if token not in tokens[:10])
    ending_soon = replace(loaded, eos_ids=frozenset([last, *loaded.eos_ids]))
    said, ending = answer(ending_soon, GenerationRequest(ids, max_tokens=30))
    assert ending == Ending("stop", tokens.index(last) + 1)
    before = loaded.tokenizer.decode(tokens[: tokens.index(last)], skip_special_tokens=True)
    assert said == before.rstrip("\ufffd")


def test_a_seed_repeats_an_answer_and_none_does_not(loaded: LoadedModel) -> None:
    request = GenerationRequest(prompt(loaded, "The ferry"), max_tokens=24, temperature=1.5, seed=11)
    seeded = {answer(loaded, request)[0] for _ in range(3)}
    free = {answer(loaded, replace(request, seed=None))[0] for _ in range(3)}
    assert len(seeded) == 1
    assert len(free) == 3


def test_sampling_follows_the_probabilities_that_top_p_leaves() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    request = GenerationRequest((0,), 1, temperature=1.0, top_p=0.7)
    random = torch.Generator().manual_seed(1)
    drawn = Counter(choose(logits, request, random) for _ in range(2000))
    assert set(drawn) == {0, 1}
    assert drawn[0] / 2000 == pytest.approx(0.5 / 0.8, abs=0.04)


@pytest.mark.parametrize("top_p", [0.5, 0.999, 1.0])
def test_a_draw_is_among_the_fewest_that_reach_top_p(top_p: float) -> None:
    logits = torch.randn(500, generator=torch.Generator().manual_seed(2)) * 2
    likeliest, order = logits.softmax(0).sort(descending=True)
    needed = int((likeliest.cumsum(0) < top_p).sum()) + 1
    assert (needed > 64) == (top_p > 0.9), "the whole vocabulary must be put in order at least once"
    random, request = torch.Generator().manual_seed(3), GenerationRequest((0,), 1, temperature=1.0, top_p=top_p)
    drawn = {choose(logits, request, random) for _ in range(3000)}
    assert drawn <= set(order[:needed].tolist())
    assert len(drawn) > needed / 3
