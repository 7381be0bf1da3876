"""Who is answered when, and that nothing is left without an outcome."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from chat.engine.generation import GenerationRequest
from chat.engine.limits import Limits
from chat.engine.loading import LoadedModel
from chat.engine.scheduler import Scheduler
from chat.engine.tickets import BusyError, Event, Outcome, Ticket
from tests.engine.conftest import Brakes, wait_until

SHORT = GenerationRequest((5, 6, 7), max_tokens=4)
LONG = GenerationRequest((5, 6, 7), max_tokens=200)


@pytest.fixture
def scheduler(loaded: LoadedModel, tmp_path: Path) -> Iterator[Scheduler]:
    """One that answers one after another, and lets two wait."""
    made = Scheduler(loaded, tmp_path, Limits(rows=1, queue=2))
    made.start()
    yield made
    made.stop()


def ask(scheduler: Scheduler, request: GenerationRequest) -> tuple[Ticket, "SimpleQueue[Event]"]:
    events: SimpleQueue[Event] = SimpleQueue()
    return scheduler.submit(request, events.put), events


def outcome(events: "SimpleQueue[Event]") -> Outcome:
    while isinstance(event := events.get(timeout=10), str):
        pass
    assert events.empty(), "the outcome must be the last event"
    return event


def test_an_answer_comes_with_what_it_took(scheduler: Scheduler) -> None:
    _, events = ask(scheduler, SHORT)
    ended = outcome(events)
    assert (ended.reason, ended.prompt_tokens, ended.completion_tokens) == ("length", 3, 4)
    assert ended.started_s is not None
    assert 0 <= ended.started_s <= ended.total_s


def test_cancelling_frees_the_model_at_the_next_token(scheduler: Scheduler, brakes: Brakes) -> None:
    brakes.seconds = 0.05
    ticket, events = ask(scheduler, LONG)
    wait_until(lambda: brakes.passes >= 3)
    ticket.cancel()
    at_cancel = brakes.passes
    ended = outcome(events)
    assert ended.reason == "cancelled"
    assert brakes.passes <= at_cancel + 1
    ticket.cancel()
    _, after = ask(scheduler, SHORT)
    assert outcome(after).reason == "length"


def test_a_full_queue_says_when_to_come_back(scheduler: Scheduler, brakes: Brakes) -> None:
    brakes.seconds = 0.02
    running, _ = ask(scheduler, LONG)
    wait_until(lambda: brakes.passes)
    first, first_events = ask(scheduler, SHORT)
    _, second_events = ask(scheduler, SHORT)
    with pytest.raises(BusyError) as busy:
        ask(scheduler, SHORT)
    assert busy.value.retry_after_s >= 1
    first.cancel()
    wait_until(lambda: not first_events.empty(), seconds=0.5)
    assert outcome(first_events).reason == "cancelled"
    _, third_events = ask(scheduler, SHORT)
    running.cancel()
    assert outcome(second_events).reason == outcome(third_events).reason == "length"


def test_a_failure_ends_its_own_request_only(
    scheduler: Scheduler, brakes: Brakes, caplog: pytest.LogCaptureFixture
) -> None:
    brakes.broken = True
    _, events = ask(scheduler, SHORT)
    assert outcome(events).reason == "error"
    assert "the model is broken for a test" in caplog.text
    brakes.broken = False
    _, events = ask(scheduler, SHORT)
    assert outcome(events).reason == "length"


def test_stopping_ends_the_running_and_the_waiting(loaded: LoadedModel, tmp_path: Path, brakes: Brakes) -> None:
    brakes.seconds = 0.02
    scheduler = Scheduler(loaded, tmp_path, Limits(rows=2))
    scheduler.start()
    everyone = [ask(scheduler, LONG)[1] for _ in range(3)]
    wait_until(lambda: brakes.passes)
    scheduler.stop()
    assert [outcome(events).reason for events in everyone] == ["cancelled"] * 3
    with pytest.raises(BusyError):
        ask(scheduler, SHORT)
