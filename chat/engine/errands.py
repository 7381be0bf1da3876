"""Work that other threads hand to the model's thread, to be done between two tokens."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Errand(Generic[Result]):
    """Something to do, and a `Future` for whoever waits for it."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self.done: Future[Result] = Future()

    def run(self) -> None:
        """Do it; whoever waits gets the result, or the exception."""
        try:
            result = self._work()
        except Exception as error:  # noqa: BLE001  # it is raised again where it is waited for
            self.done.set_exception(error)
        else:
            self.done.set_result(result)
