"""Rows that share their first tokens: computed behind one copy of them, and learned as if they were not."""

import random
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from accelerate import Accelerator

from admin.training import packing
from admin.training.learner import Learner, make_learner
from admin.training.packing import Pack, in_parts, packed
from admin.training.presets import Objective, TrainingSettings
from admin.training.rows import Encoded, Row, Vocabulary, encode
from admin.training.schedule import count_steps, packs_of
from admin.training.train import PausedError, Run
from chat.engine.loading import load
from chat.settings import Settings
from tests.training.running import sharing_rows, steps, train, write_run

TIGHT = TrainingSettings(batch=16)


def encoded(vocabulary: Vocabulary, contexts: int = 3, each: int = 4) -> list[Encoded]:
    return [encode(Row.of(row), vocabulary, 1024) for row in sharing_rows(contexts, each)]


def made_up(*prompts: tuple[int, ...]) -> list[Encoded]:
    return [Encoded(str(number), "train", prompt, (7, 8)) for number, prompt in enumerate(prompts)]


def test_rows_about_the_same_passages_are_packed_and_each_once(vocabulary: Vocabulary) -> None:
    given = encoded(vocabulary)
    packs = packed(given, TIGHT)
    assert [[row.id for row in pack.rows] for pack in packs] == [[f"r{n + 3 * k}" for k in range(4)] for n in range(3)]
    for pack in packs:
        assert len({row.prompt[: pack.shared] for row in pack.rows}) == 1
        assert pack.shared < min(len(row.prompt) for row in pack.rows)
        assert pack.computed < 0.5 * sum(row.length for row in pack.rows)
    said = packing.facts(packs)
    assert (said["packs"], said["rows"], said["tokens"]) == (3, 12, sum(row.length for row in given))
    assert said["computed"] == sum(pack.computed for pack in packs)


def test_what_shares_little_is_left_as_it_is_and_in_its_order(vocabulary: Vocabulary) -> None:
    """The instructions that all prompts begin with are no reason to pack."""
    apart = [encode(Row.of(row), vocabulary, 1024) for row in sharing_rows(8, 1)]
    assert [pack.rows[0] for pack in packed(apart, TIGHT)] == apart
    pairs = TrainingSettings(objective=Objective.DPO, batch=16)
    assert [(list(pack.rows), pack.shared) for pack in packed(encoded(vocabulary), pairs)] == [
        ([row], 0) for row in encoded(vocabulary)
    ]
    assert {len(pack.rows) for pack in packed(encoded(vocabulary), TrainingSettings(batch=7))} == {1}


def test_a_step_mixes_prefixes_and_no_pack_is_longer_than_a_row_may_be(vocabulary: Vocabulary) -> None:
    given = encoded(vocabulary, 3, 8)
    for batch in (8, 12, 16, 64):
        assert max(len(pack.rows) for pack in packed(given, TrainingSettings(batch=batch))) == min(batch // 4, 8)
    longest = max(row.length for row in given)
    short = packed(given, TrainingSettings(batch=64, max_tokens=longest + 60))
    assert max(pack.computed for pack in short) <= longest + 60
    assert sum(len(pack.rows) for pack in short) == len(given)


def test_the_cut_with_the_fewest_tokens_is_found() -> None:
    """A row that shares something with one pack and much with another goes where it saves more."""
    first, other = tuple(range(100, 160)), tuple(range(200, 240))
    near = [(*first, *other, 300 + number, number) for number in range(3)]
    alone = (*first, 400, *range(410, 440))
    packs = packed(made_up(alone, *near), TrainingSettings(batch=64))
    assert [(len(pack.rows), pack.shared) for pack in packs] == [(1, 0), (3, 100)]


def test_each_epoch_learns_every_row_once_in_an_order_of_its_own_and_no_step_is_empty() -> None:
    dice = random.Random(3)
    for _ in range(200):
        packs = [Pack(made_up(*[(1, 2)] * dice.randint(1, 5))) for _ in range(dice.randint(1, 12))]
        settings = TrainingSettings(batch=dice.randint(5, 20), epochs=2, seed=dice.randint(0, 99))
        total = sum(len(pack.rows) for pack in packs)
        steps = count_steps(total, settings)
        taken = [packs_of(step, packs, settings) for step in range(steps)]
        assert all(taken)
        assert all(sum(len(pack.rows) for pack in step) < 2 * settings.batch for step in taken)
        for epoch in (taken[: steps // 2], taken[steps // 2 :]):
            assert sorted(id(pack) for step in epoch for pack in step) == sorted(map(id, packs))


def test_of_rows_that_share_nothing_a_step_takes_as_many_as_are_asked_for() -> None:
    packs = [Pack(made_up((number, number))) for number in range(10)]
    settings = TrainingSettings(batch=4)
    sizes = [len(packs_of(step, packs, settings)) for step in range(count_steps(10, settings))]
    assert sizes == [4, 4, 2] * settings.epochs
    first, second = packs_of(0, packs, settings), packs_of(3, packs, settings)
    assert first != second


def test_rows_that_share_nothing_are_computed_some_at_a_time_and_packs_alone(vocabulary: Vocabulary) -> None:
    apart, together = made_up((1, 2), (3, 4), (5, 6)), Pack(encoded(vocabulary)[::3], 20)
    parts = list(in_parts([Pack([apart[0]]), together, Pack([apart[1]]), Pack([apart[2]])], 2))
    assert [(len(part.rows), part.shared) for part in parts] == [(2, 0), (1, 0), (4, 20)]


@pytest.fixture
def learner(ending_model: Path) -> Learner:
    """One that has learned something already: a LoRA begins as nothing, and then half its gradients are nothing."""
    return made_learner(ending_model, "float32")


def made_learner(model: Path, dtype: Literal["float32", "bfloat16"]) -> Learner:
    loaded = load(Settings(home=model.parent, model=str(model), dtype=dtype))
    made = make_learner(loaded, TrainingSettings(rank=4), Accelerator(cpu=True))
    torch.manual_seed(4)
    made.load_weights({name: torch.randn_like(each) * 0.1 for name, each in made.parameters.items()})
    return made


def learned(learner: Learner, packs: list[Pack]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The loss of all of them, and its gradients."""
    learner.optimizer.zero_grad()
    loss = sum((learner.loss(pack) for pack in packs), torch.zeros(()))
    learner.accelerator.backward(loss)
    return loss.detach(), {
        name: each.grad.clone() for name, each in learner.parameters.items() if each.grad is not None
    }


def test_the_loss_and_every_gradient_are_those_without_packs(learner: Learner, vocabulary: Vocabulary) -> None:
    given = encoded(vocabulary)
    alone = [Pack([row]) for row in given]
    packs = packed(given, TIGHT)
    for pack in packs:
        assert learner.loss(pack).item() == pytest.approx(
            sum(learner.loss(Pack([row])).item() for row in pack.rows), rel=1e-5
        )
    loss, gradients = learned(learner, alone)
    packed_loss, packed_gradients = learned(learner, packs)
    beside_loss, beside_gradients = learned(learner, list(in_parts(alone, 5)))
    assert packed_loss.item() == pytest.approx(loss.item(), rel=1e-5)
    assert beside_loss.item() == pytest.approx(loss.item(), rel=1e-5)
    assert len(gradients) == len(learner.parameters)
    for name, gradient in gradients.items():
        for other in (packed_gradients, beside_gradients):
            torch.testing.assert_close(other[name], gradient, rtol=1e-3, atol=1e-4 * gradient.abs().max().item())


def test_a_row_in_a_pack_sees_none_of_the_others(learner: Learner, vocabulary: Vocabulary) -> None:
    [pack, *_] = packed(encoded(vocabulary), TIGHT)
    first, *others = pack.rows
    before = learner.loss(Pack([first, others[0]], pack.shared)) - learner.loss(Pack([others[0]], 0))
    after = learner.loss(Pack([others[1], first], pack.shared)) - learner.loss(Pack([others[1]], 0))
    assert before.item() == pytest.approx(after.item(), rel=1e-4)


def test_rows_with_the_same_prompt_and_rows_of_one_token_more_are_learned(learner: Learner) -> None:
    same = [Encoded("a", "train", (5, 6, 7, 8, 9, 10), (11, 2)), Encoded("b", "train", (5, 6, 7, 8, 9, 10), (12, 2))]
    [pack] = packed(same, TrainingSettings(batch=8))
    assert pack.shared == 5
    alone = sum(learner.loss(Pack([row])).item() for row in same)
    assert learner.loss(pack).item() == pytest.approx(alone, rel=1e-5)


def test_a_run_with_packs_learns_what_one_without_does(
    ending_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of all rows, so that both take the same ones."""
    said = [
        *sharing_rows(4, 3),
        *(row | {"id": f"v{n}", "split": "validation"} for n, row in enumerate(sharing_rows(2, 2))),
    ]
    whole = {"batch": 12, "epochs": 4, "evaluate_every": 1}
    with_packs = write_run(tmp_path / "packs", ending_model, said, **whole)
    train(with_packs)
    monkeypatch.setattr(packing, "PREFIXES", 1000)
    without = write_run(tmp_path / "without", ending_model, said, **whole)
    train(without)
    for mine, other in zip(steps(with_packs), steps(without), strict=True):
        assert mine["loss"] == pytest.approx(other["loss"], rel=1e-4)
    kept, plain = with_packs.result() or {}, without.result() or {}
    assert kept["loss"]["best"] == pytest.approx(plain["loss"]["best"], rel=1e-3)
    assert (kept["shared_prefixes"]["rows"], plain["shared_prefixes"]["rows"]) == (12, 0)
    assert kept["tokens"] == 4 * kept["shared_prefixes"]["computed"] < plain["tokens"] / 2
    assert (kept["shared_prefixes"]["shuffled"][:5], plain["shared_prefixes"]["shuffled"]) == ("packs", "rows")


def test_with_packs_too_the_same_bytes_come_out_after_a_pause(ending_model: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"dropout": 0.1, "batch": 8, "epochs": 3}
    whole = write_run(tmp_path / "whole", ending_model, sharing_rows(4, 6), **options)
    train(whole)
    paused = write_run(tmp_path / "paused", ending_model, sharing_rows(4, 6), **options)
    with pytest.raises(PausedError):
        Run(paused, Accelerator(cpu=True), lambda: len(steps(paused)) >= 4).train()
    train(paused)
    assert {path.name: path.read_bytes() for path in paused.adapter.iterdir()} == {
        path.name: path.read_bytes() for path in whole.adapter.iterdir()
    }
    for one, other in pairwise(steps(paused)):
        assert other["step"] == one["step"] + 1


def test_a_base_in_bfloat16_is_learned_beside_in_float32(ending_model: Path, vocabulary: Vocabulary) -> None:
    learner = made_learner(ending_model, "bfloat16")
    [pack, *_] = packed(encoded(vocabulary), TIGHT)
    loss = learner.loss(pack)
    learner.accelerator.backward(loss)
    assert loss.dtype == torch.float32
    assert {each.dtype for each in learner.parameters.values()} == {torch.float32}
    assert {each.grad.dtype for each in learner.parameters.values() if each.grad is not None} == {torch.float32}
    wide = made_learner(ending_model, "float32")
    assert loss.item() == pytest.approx(wide.loss(pack).item(), rel=0.02)
