"""Many adapters in one batch: each row is answered by its own, and by no other."""

import threading
from pathlib import Path
from queue import SimpleQueue

import pytest
import torch

from chat.engine.batch import Batch
from chat.engine.fitting import Lora
from chat.engine.generation import GenerationRequest
from chat.engine.limits import Limits
from chat.engine.loading import LoadedModel
from chat.engine.scheduler import Scheduler
from chat.engine.shelf import Shelf
from chat.engine.tickets import Event, Outcome
from tests.engine.conftest import Adapters, Brakes, wait_until

PROMPT = tuple(range(5, 45))


@pytest.fixture
def loras(loaded: LoadedModel, adapters: Adapters) -> dict[str | None, Lora | None]:
    shelf = Shelf(loaded, adapters.root, budget=1 << 30)
    return {None: None, **{name: shelf.read(name, name)[1] for name in adapters.names}}


def logits_of(batch: Batch, loras: list[Lora | None], steps: int) -> torch.Tensor:
    """Logits that follow `steps` fixed tokens after the prompt, when these rows run together."""
    for lora in loras:
        reading = batch.begin(PROMPT, lora)
        while batch.read(reading) is None:
            pass
        batch.join(reading)
    with torch.inference_mode():
        for step in range(steps):
            logits = batch.step([10 + step] * len(loras))
    for _ in loras:
        batch.leave(0)
    return logits


def test_every_row_is_what_peft_merged_says(
    loaded: LoadedModel, adapters: Adapters, loras: dict[str | None, Lora | None]
) -> None:
    names: list[str | None] = [None, *adapters.names, None, *reversed(adapters.names)]
    batch = Batch(loaded, rows=16, prefix_bytes=0)
    mixed = logits_of(batch, [loras[name] for name in names], steps=3)
    ids = torch.tensor([[*PROMPT, 10, 11, 12]])
    for name, row in zip(names, mixed, strict=True):
        with torch.inference_mode():
            expected = adapters.merged(name)(ids).logits[0, -1]
        torch.testing.assert_close(row, expected, atol=2e-4, rtol=1e-4)
    apart = torch.cdist(mixed[:5], mixed[:5]) + 100 * torch.eye(5)
    assert apart.min() > 1, "adapters that say the same would prove nothing"
    batch.close()


def test_rows_without_an_adapter_are_the_same_to_the_bit(
    loaded: LoadedModel, adapters: Adapters, loras: dict[str | None, Lora | None]
) -> None:
    batch = Batch(loaded, rows=16, prefix_bytes=0)
    beside = logits_of(batch, [loras[name] for name in (None, *adapters.names)], steps=4)[0]
    alike = logits_of(batch, [None] * 5, steps=4)[0]
    assert torch.equal(beside, alike)
    batch.close()


def test_an_exception_leaves_nothing_behind(
    loaded: LoadedModel, adapters: Adapters, loras: dict[str | None, Lora | None], brakes: Brakes
) -> None:
    batch = Batch(loaded, rows=4, prefix_bytes=0)
    before = logits_of(batch, [None], steps=1)
    reading = batch.begin(PROMPT, loras[adapters.names[0]])
    brakes.broken = True
    with pytest.raises(RuntimeError, match="broken for a test"):
        batch.read(reading)
    brakes.broken = False
    assert torch.equal(logits_of(batch, [None], steps=1), before)
    batch.close()
    ids = torch.tensor([[*PROMPT, 10]])
    with torch.inference_mode():
        torch.testing.assert_close(loaded.model(ids).logits[0, -1], before[0], atol=1e-4, rtol=1e-4)


def test_the_cache_changes_how_soon_but_not_a_bit_of_what(
    loaded: LoadedModel, adapters: Adapters, loras: dict[str | None, Lora | None]
) -> None:
    prompt = tuple(torch.randint(5, 300, (200,), generator=torch.Generator().manual_seed(1)).tolist())
    remembering, forgetful = Batch(loaded, 4, prefix_bytes=1 << 20), Batch(loaded, 4, prefix_bytes=0)

    def last(batch: Batch, tokens: tuple[int, ...], name: str | None) -> tuple[torch.Tensor, int]:
        reading = batch.begin(tokens, loras[name])
        while (logits := batch.read(reading)) is None:
            pass
        return logits, reading.cached

    for name in (None, *adapters.names):
        for tokens, expected_cached in ((prompt, 0), (prompt, 192), (prompt[:192], 128), (prompt[:100] + prompt, 64)):
            logits, cached = last(remembering, tokens, name)
            assert cached == expected_cached, "each adapter must read a prompt for itself, once"
            assert torch.equal(logits, last(forgetful, tokens, name)[0])
    assert remembering._prefixes.bytes <= 1 << 20
    remembering.close()
    forgetful.close()


def ask(scheduler: Scheduler, adapter: str | None, tokens: int = 12, priority: int = 0) -> "SimpleQueue[Event]":
    events: SimpleQueue[Event] = SimpleQueue()
    scheduler.submit(GenerationRequest(PROMPT, tokens, adapter=adapter, priority=priority), events.put)
    return events


def said(events: "SimpleQueue[Event]") -> tuple[str, Outcome]:
    pieces = []
    while isinstance(event := events.get(timeout=20), str):
        pieces.append(event)
    return "".join(pieces), event


def alone(scheduler: Scheduler, digests: list[str]) -> dict[str | None, str]:
    return {digest: said(ask(scheduler, digest))[0] for digest in (None, *digests)}


def test_more_adapters_in_use_than_fit(loaded: LoadedModel, adapters: Adapters) -> None:
    """Room for the largest alone, or for some of the small ones: they come and go, and none answers for another."""
    shelf = Shelf(loaded, adapters.root, budget=1 << 30)
    sizes = [shelf.read(name, name)[1].bytes for name in adapters.names]
    scheduler = Scheduler(loaded, adapters.root, Limits(rows=3, adapter_bytes=max(sizes), prefix_bytes=0))
    scheduler.start()
    digests = [scheduler.load(name, name).card.digest for name in adapters.names]
    expected = alone(scheduler, digests)
    assert len(set(expected.values())) == 5
    everyone = [(digest, ask(scheduler, digest)) for _ in range(8) for digest in (*digests, None)]
    for digest, events in everyone:
        text, outcome = said(events)
        assert (outcome.reason, text) == ("length", expected[digest])
    scheduler.stop()


def test_an_adapter_that_is_unloaded_while_it_answers_finishes(
    loaded: LoadedModel, adapters: Adapters, brakes: Brakes
) -> None:
    scheduler = Scheduler(loaded, adapters.root, Limits(rows=4))
    scheduler.start()
    digest = scheduler.load("mine", adapters.names[0]).card.digest
    expected = said(ask(scheduler, digest, tokens=40))[0]
    brakes.seconds = 0.01
    events = ask(scheduler, digest, tokens=40)
    wait_until(lambda: not events.empty())
    assert scheduler.unload("mine")
    assert not scheduler.unload("mine")
    brakes.seconds = 0
    assert said(events)[0] == expected
    text, outcome = said(ask(scheduler, digest))
    assert (text, outcome.reason) == ("", "error")
    assert outcome.error is not None
    assert "unloaded" in outcome.error
    scheduler.stop()


def test_loading_waits_for_no_answer_and_no_answer_for_loading(
    loaded: LoadedModel, adapters: Adapters, brakes: Brakes
) -> None:
    scheduler = Scheduler(loaded, adapters.root)
    scheduler.start()
    brakes.seconds = 0.01
    long = ask(scheduler, None, tokens=200)
    wait_until(lambda: not long.empty())
    for name in adapters.names:
        scheduler.load(name, name)
    assert brakes.passes < 200, "all four must be loaded while the long answer runs"
    brakes.seconds = 0
    assert said(long)[1].reason == "length"
    scheduler.stop()


def test_people_go_before_batches(loaded: LoadedModel, tmp_path: Path, brakes: Brakes) -> None:
    scheduler = Scheduler(loaded, tmp_path, Limits(rows=4))
    scheduler.start()
    brakes.seconds = 0.01
    batches = [ask(scheduler, None, tokens=60, priority=1) for _ in range(9)]
    wait_until(lambda: not batches[0].empty())
    person = ask(scheduler, None, tokens=5)
    ended: list[str] = []

    def wait(events: "SimpleQueue[Event]", who: str) -> None:
        said(events)
        ended.append(who)

    everyone = [(person, "person"), *((events, "batch") for events in batches)]
    waiting = [threading.Thread(target=wait, args=each) for each in everyone]
    for thread in waiting:
        thread.start()
    wait_until(lambda: ended)
    assert ended[0] == "person", "a row must be kept for whoever waits in front of a screen"
    brakes.seconds = 0
    for thread in waiting:
        thread.join()
    scheduler.stop()
