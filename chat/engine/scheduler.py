"""Who is answered when. One thread owns the model; nothing else calls it.

Between two tokens that thread does whatever has come up: it takes in adapters, lets go who was cancelled, lets in who
waits, reads one piece of one prompt, and then gives every running row its next token. So nobody waits behind a long
answer or a long prompt. Whatever becomes of a request, its outcome is delivered once, as the last of its events.
"""

import logging
import math
import threading
from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.engine.batch import Batch, Reading
from chat.engine.errands import Errand
from chat.engine.fitting import Lora
from chat.engine.generation import Answer, Ending, GenerationRequest
from chat.engine.keyvalues import bytes_per_token
from chat.engine.limits import Limits, columns
from chat.engine.loading import LoadedModel
from chat.engine.residents import Residents
from chat.engine.shelf import Known, Shelf
from chat.engine.tickets import BusyError, Deliver, Ticket
from chat.errors import AppError

if TYPE_CHECKING:
    import torch

PATIENCE_S = 2.0
"""How long others may overtake a request whose adapter finds no room in memory."""
FAILED = "The model failed on this request; the engine's log says why."

log = logging.getLogger(__name__)


@dataclass
class Row:
    """A request that is being answered: first its prompt is read, then it runs in the batch."""

    ticket: Ticket
    reading: Reading
    answer: Answer


class Scheduler:
    """Answers many requests at once, on a thread of its own, with the base model and the adapters of its shelf."""

    def __init__(self, loaded: LoadedModel, adapters: Path, limits: Limits | None = None) -> None:
        self._loaded = loaded
        self._limits = limits or Limits.of(loaded)
        self.shelf = Shelf(loaded, adapters, self._limits.adapter_bytes)
        self._batch = Batch(loaded, self._limits.rows, self._limits.prefix_bytes)
        self._residents = Residents(loaded, self.shelf, self._batch, self._limits.adapter_bytes)
        self._token_bytes = bytes_per_token(loaded)
        self._waiting: deque[Ticket] = deque()
        self._reading: deque[Row] = deque()
        self._running: list[Row] = []
        self._errands: deque[Errand[Any]] = deque()
        self._stopping = False
        self._woken = False
        self._changed = threading.Condition()
        self._usual_s = 1.0
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Cancel everything and wait for the thread to end: one token, and one piece of a prompt."""
        with self._changed:
            self._stopping = True
            self._wake()
        self._thread.join()
        self._residents.close()
        self._batch.close()

    def submit(self, request: GenerationRequest, deliver: Deliver) -> Ticket:
        """Queue a request, from any thread. Raises `BusyError` where the queue is full or the engine stopping."""
        ticket = Ticket(request, deliver, self._leave_queue)
        with self._changed:
            if self._stopping or len(self._waiting) >= self._limits.queue:
                turns = (len(self._waiting) + 1) / self._limits.rows
                raise BusyError(retry_after_s=max(1, math.ceil(self._usual_s * turns)))
            self._waiting.append(ticket)
            self._wake()
        return ticket

    def people(self) -> int:
        """How many requests are queued or running that a person waits for, whom a trainer lets go first; any thread."""
        tickets = [*self._queued(), *(row.ticket for row in [*self._running, *self._reading])]
        return sum(ticket.request.priority == 0 for ticket in tickets)

    def load(self, name: str, path: str) -> Known:
        """Read, check and take in the adapter at `path`, to be asked for as `name`; returns when it can answer.

        May be called from any thread but the model's. Raises `AdapterError`, or `BusyError` where the engine stops.
        """
        known, lora = self.shelf.read(name, path)
        earlier = self.shelf.get(lora.digest)
        expected = known.fingerprint or (earlier.fingerprint if earlier else None)
        errand = Errand(lambda: self._residents.take_in(lora, expected, self._in_use()))
        self._leave_errand(errand)
        try:
            measured = errand.done.result()
        except CancelledError as error:
            raise BusyError(retry_after_s=1) from error
        self.shelf.add(name, known)
        self.shelf.answers_as(lora.digest, measured)
        return self.shelf.get(lora.digest) or known

    def unload(self, name: str) -> bool:
        """Let an adapter no longer be asked for by `name`; whether it could be. What is being said is finished."""
        known = self.shelf.find(name)
        removed = self.shelf.remove(name)
        if known and self.shelf.get(known.card.digest) is None:
            self._leave_errand(Errand(partial(self._residents.drop, known.card.digest)))
        return removed

    def _wake(self) -> None:
        self._woken = True
        self._changed.notify()

    def _leave_errand(self, errand: Errand[Any]) -> None:
        with self._changed:
            if self._stopping:
                errand.done.cancel()
            else:
                self._errands.append(errand)
                self._wake()

    def _leave_queue(self, ticket: Ticket) -> None:
        if self._take_from_queue(ticket):
            self._tell(ticket, Ending("cancelled", 0))

    def _take_from_queue(self, ticket: Ticket) -> bool:
        """Whether the ticket was still in the queue: whoever takes it out is the one to see to its outcome."""
        with self._changed:
            if ticket not in self._waiting:
                return False
            self._waiting.remove(ticket)
            return True

    def _queued(self) -> list[Ticket]:
        with self._changed:
            return list(self._waiting)

    def _work(self) -> None:
        import torch

        with torch.inference_mode():
            while self._wait():
                self._run_errands()
                self._let_go_cancelled()
                self._admit()
                self._read()
                self._step()
            self._end_all()

    def _wait(self) -> bool:
        """Sleep until there is something to do; False when that is to stop."""
        with self._changed:
            if not self._running and not self._reading:
                self._changed.wait_for(lambda: self._woken)
            self._woken = False
            return not self._stopping

    def _run_errands(self) -> None:
        while self._errands:
            self._errands.popleft().run()

    def _let_go_cancelled(self) -> None:
        for row in [row for row in (*self._running, *self._reading) if row.ticket.is_cancelled()]:
            self._end(row, Ending("cancelled", row.answer.tokens))

    def _admit(self) -> None:
        """Give free rows to who waits: a person before a batch, and then in order of arrival."""
        if not self._waiting:
            return
        for ticket in sorted(self._queued(), key=lambda ticket: ticket.request.priority):
            if not self._has_place(ticket.request):
                return
            digest = ticket.request.adapter
            lora = self._residents.get(digest) if digest else None
            if digest and lora is None:
                self._fetch(digest)
                if ticket.age() > PATIENCE_S and self._residents.loading is None:
                    return
            elif self._take_from_queue(ticket):
                self._begin(ticket, lora)

    def _has_place(self, request: GenerationRequest) -> bool:
        active = [columns(row.ticket.request) for row in (*self._running, *self._reading)]
        return self._limits.admit(active, columns(request), self._token_bytes, batch=request.priority > 0)

    def _begin(self, ticket: Ticket, lora: Lora | None) -> None:
        ticket.start()
        answer = Answer(ticket.request, self._loaded, ticket.emit)
        self._reading.append(Row(ticket, self._batch.begin(ticket.request.prompt, lora), answer))

    def _read(self) -> None:
        """Read a piece of a prompt: people's before a batch's, and of these each in its turn."""
        if not self._reading:
            return
        row = min(self._reading, key=lambda row: row.ticket.request.priority)
        try:
            logits = self._batch.read(row.reading)
        except Exception:
            log.exception("Failed to read a prompt of %d tokens", len(row.ticket.request.prompt))
            self._fail([row])
            return
        self._reading.remove(row)
        self._reading.append(row)
        if logits is None or self._continue(row, logits):
            return
        self._reading.remove(row)
        self._batch.join(row.reading)
        self._running.append(row)

    def _step(self) -> None:
        """Give every running row its next token."""
        if not self._running:
            return
        try:
            logits = self._batch.step([row.answer.last for row in self._running])
        except Exception:
            log.exception("Failed to give %d rows their next token", len(self._running))
            self._fail(list(self._running))
            return
        for row, its_logits in zip(list(self._running), logits, strict=True):
            self._continue(row, its_logits)

    def _continue(self, row: Row, logits: "torch.Tensor") -> bool:
        """Let a row take its next token; whether that was its last. Its failure is its own end and nobody else's."""
        try:
            ending = row.answer.take(logits)
        except Exception:
            log.exception("Failed to take token %d of an answer", row.answer.tokens)
            self._fail([row])
            return True
        if ending is not None:
            self._end(row, ending)
        return ending is not None

    def _fail(self, rows: list[Row]) -> None:
        for row in rows:
            self._end(row, Ending("error", row.answer.tokens, FAILED))

    def _end(self, row: Row, ending: Ending) -> None:
        if row in self._reading:
            self._reading.remove(row)
        else:
            number = self._running.index(row)
            self._batch.leave(number)
            self._running[number] = self._running[-1]
            self._running.pop()
        self._woken = True
        self._tell(row.ticket, ending, row.reading.cached)

    def _tell(self, ticket: Ticket, ending: Ending, cached: int = 0) -> None:
        try:
            outcome = ticket.end(ending, cached)
        except Exception:
            log.exception("A request's end could not be told")
        else:
            if outcome.started_s is not None:
                self._usual_s += 0.2 * (outcome.total_s - outcome.started_s - self._usual_s)

    def _end_all(self) -> None:
        for row in [*self._running, *self._reading]:
            self._end(row, Ending("cancelled", row.answer.tokens))
        for ticket in self._queued():
            self._leave_queue(ticket)
        for errand in self._errands:
            errand.done.cancel()

    def _fetch(self, digest: str) -> None:
        loading = self._residents.fetch(digest, self._in_use())
        if loading is not None:
            loading.add_done_callback(lambda done: self._leave_errand(Errand(partial(self._arrive, digest, done))))

    def _arrive(self, digest: str, loading: "Future[Lora]") -> None:
        """Take in what was fetched, or tell those who wait for it why it cannot answer."""
        self._residents.loading = None
        known = self.shelf.get(digest)
        try:
            self._residents.take_in(loading.result(), known.fingerprint if known else None, self._in_use())
        except Exception as error:
            log.exception("The adapter %s is not served", digest)
            told = str(error) if isinstance(error, AppError) else FAILED
            for ticket in self._queued():
                if ticket.request.adapter == digest and self._take_from_queue(ticket):
                    self._tell(ticket, Ending("error", 0, told))

    def _in_use(self) -> set[str]:
        return {row.ticket.request.adapter for row in (*self._running, *self._reading) if row.ticket.request.adapter}
