"""Several answers to one question, written at the same time."""

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue

from chat.errors import AppError
from chat.rag.answer import Answer, Event, Mode
from chat.rag.chain import Events
from chat.store.votes import Contender

Beside = Generator[tuple[int, Event | AppError], None, None]
"""Events, each with the place of its answer; the failure of one is an event too, since the others go on."""
Left = SimpleQueue[tuple[int, Event | AppError] | Future[None]]
"""Where the threads leave their events; one that is done leaves its future."""


def beside(answers: Sequence[Events]) -> Beside:
    """The events of all answers as they come. Closing this ends them all, each at its next token."""
    left: Left = SimpleQueue()
    gone = threading.Event()
    with ThreadPoolExecutor(len(answers), "answer") as pool:
        for place, answer in enumerate(answers):
            pool.submit(_write, place, answer, left, gone).add_done_callback(left.put)
        try:
            yield from _read(left, len(answers))
        finally:
            gone.set()


def contender(answer: Answer) -> Contender:
    """Whose answer it was: where the adapter was missed, that of the documents alone."""
    adapter, mode = answer.adapter, Mode.RAG if answer.missed else answer.mode
    name, digest = (adapter.name, adapter.digest) if adapter else (None, None)
    return Contender(mode, name, digest, answer.text)


def _write(place: int, answer: Events, left: Left, gone: threading.Event) -> None:
    try:
        with closing(answer):
            for event in answer:
                if gone.is_set():
                    return
                left.put((place, event))
    except AppError as error:
        left.put((place, error))


def _read(left: Left, writing: int) -> Beside:
    while writing:
        event = left.get()
        if isinstance(event, Future):
            event.result()
            writing -= 1
        else:
            yield event
