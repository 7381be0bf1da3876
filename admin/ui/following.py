"""Long work whose progress is shown while it goes on, and which ends soon after nobody looks any more."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

from admin.curation.steps import Progress

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """So many steps are done of so many."""

    done: int
    of: int


class Stopped(Exception):  # noqa: N818  (nothing went wrong)
    """Nobody waits for the work any more."""


def followed(work: Callable[[Progress], T]) -> Iterator[Step | T]:
    """The steps of `work` as it does them, and at last its result. Raises what it raises.

    Closing the iterator, as Gradio does with a handler whose event was cancelled, stops the work at its next step.
    """
    steps: SimpleQueue[Step | None] = SimpleQueue()
    closed = Event()

    def note(done: int, of: int) -> None:
        if closed.is_set():
            raise Stopped
        steps.put(Step(done, of))

    pool = ThreadPoolExecutor(1)
    try:
        doing = pool.submit(work, note)
        doing.add_done_callback(lambda _: steps.put(None))
        while (step := steps.get()) is not None:
            yield step
        yield doing.result()
    finally:
        closed.set()
        pool.shutdown(wait=False)
