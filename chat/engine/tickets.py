"""What a caller holds of a request: its events, and the way to call it off."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from chat.engine.generation import Ending, FinishReason, GenerationRequest
from chat.errors import AppError


class BusyError(AppError):
    """The queue is full, or the engine is stopping."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"The model is busy and its queue is full. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Outcome:
    """How a request ended. Times are in seconds, counted from its arrival; None for what never came."""

    reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    started_s: float | None
    first_text_s: float | None
    total_s: float
    cached_tokens: int = 0
    """Tokens of the prompt that were remembered from earlier ones."""
    error: str | None = None
    """What a person may be told, where the reason is `error`."""


Event = str | Outcome
Deliver = Callable[[Event], None]
"""Takes a request's events on the model's thread: pieces of text, then one `Outcome`. Must not block."""


class Ticket:
    """A submitted request."""

    def __init__(self, request: GenerationRequest, deliver: Deliver, leave_queue: Callable[["Ticket"], None]) -> None:
        self.request = request
        self._deliver = deliver
        self._leave_queue = leave_queue
        self._cancelled = threading.Event()
        self._arrived = time.monotonic()
        self._started_s: float | None = None
        self._first_text_s: float | None = None

    def cancel(self) -> None:
        """Leave the queue at once, or the model at its next token. Does nothing to a request that has ended."""
        self._cancelled.set()
        self._leave_queue(self)

    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def age(self) -> float:
        """Seconds since it arrived."""
        return time.monotonic() - self._arrived

    def start(self) -> None:
        self._started_s = self.age()

    def emit(self, piece: str) -> None:
        if piece:
            self._first_text_s = self._first_text_s or self.age()
            self._deliver(piece)

    def end(self, ending: Ending, cached_tokens: int = 0) -> Outcome:
        outcome = Outcome(
            reason=ending.reason,
            prompt_tokens=len(self.request.prompt),
            completion_tokens=ending.tokens,
            started_s=self._started_s,
            first_text_s=self._first_text_s,
            total_s=self.age(),
            cached_tokens=cached_tokens,
            error=ending.error,
        )
        self._deliver(outcome)
        return outcome
