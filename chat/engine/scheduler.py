"""Who is answered when. One thread owns the model; nothing else calls it.

Requests wait in order of arrival in a bounded queue. Whatever becomes of a request, its outcome is delivered
once, as the last of its events.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from chat.engine.generation import Ending, FinishReason, GenerationRequest, generate
from chat.engine.loading import LoadedModel
from chat.errors import AppError

log = logging.getLogger(__name__)


class BusyError(AppError):
    """The queue is full."""

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

    def start(self) -> None:
        self._started_s = self._age()

    def emit(self, piece: str) -> None:
        if piece:
            self._first_text_s = self._first_text_s or self._age()
            self._deliver(piece)

    def end(self, ending: Ending) -> Outcome:
        outcome = Outcome(
            reason=ending.reason,
            prompt_tokens=len(self.request.prompt),
            completion_tokens=ending.tokens,
            started_s=self._started_s,
            first_text_s=self._first_text_s,
            total_s=self._age(),
        )
        self._deliver(outcome)
        return outcome

    def _age(self) -> float:
        return time.monotonic() - self._arrived


class Scheduler:
    """Answers one request after another, on a thread of its own."""

    def __init__(self, loaded: LoadedModel, queue_size: int = 64) -> None:
        self._loaded = loaded
        self._queue_size = queue_size
        self._waiting: deque[Ticket] = deque()
        self._running: Ticket | None = None
        self._stopping = False
        self._changed = threading.Condition()
        self._usual_s = 1.0
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Cancel everything and wait for the thread to end: one token, or one piece of a prompt."""
        with self._changed:
            self._stopping = True
            unfinished = [*self._waiting, *([self._running] if self._running else [])]
            self._changed.notify()
        for ticket in unfinished:
            ticket.cancel()
        self._thread.join()

    def submit(self, request: GenerationRequest, deliver: Deliver) -> Ticket:
        """Queue a request, from any thread. Raises `BusyError` where the queue is full or the engine stopping."""
        ticket = Ticket(request, deliver, self._leave_queue)
        with self._changed:
            if self._stopping or len(self._waiting) >= self._queue_size:
                raise BusyError(retry_after_s=math.ceil(self._usual_s))
            self._waiting.append(ticket)
            self._changed.notify()
        return ticket

    def _leave_queue(self, ticket: Ticket) -> None:
        with self._changed:
            if ticket not in self._waiting:
                return
            self._waiting.remove(ticket)
        ticket.end(Ending("cancelled", 0))

    def _work(self) -> None:
        while ticket := self._next():
            ticket.start()
            outcome = ticket.end(self._answer(ticket))
            self._usual_s += 0.2 * (outcome.total_s - (outcome.started_s or 0.0) - self._usual_s)

    def _next(self) -> Ticket | None:
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            if not self._stopping:
                self._running = self._waiting.popleft()
            return self._running

    def _answer(self, ticket: Ticket) -> Ending:
        """One request's failure is that request's end, not the engine's."""
        try:
            return generate(self._loaded, ticket.request, ticket.is_cancelled, ticket.emit)
        except Exception:
            log.exception("A request of %d tokens failed", len(ticket.request.prompt))
            return Ending("error", 0)
