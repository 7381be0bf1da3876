"""An answer as it is written down while it grows, and sealed at its end with all that it rests on."""

import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from chat.errors import AppError
from chat.rag.answer import Answer, Citation, Event, Retrieved, Token
from chat.rag.chain import Events
from chat.store import cited, conversations, tables
from chat.store.session import Sessions, once_more
from chat.store.tables import AnswerStatus

SAVE_EVERY_S = 0.5
"""How often, at most, a growing answer is written down."""


@dataclass
class Record:
    """The row of an answer while it grows. It is sealed once: what comes after that changes nothing.

    One thread writes; any may seal it, and so stop the answer, or look at what was said.
    """

    sessions: Sessions
    message_id: UUID
    question: str
    said: str = ""
    found: bool = False
    """Whether the documents were searched already."""
    sealed: bool = False
    saved_at: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def written(self, events: Events) -> Events:
        """The events, each written down before it is passed on, as far as the answer is not sealed by somebody else.

        Closing this closes `events`, and seals what was said as stopped; what fails is sealed as that, with the reason.
        """
        try:
            with closing(events):
                for event in events:
                    if not self.add(event):
                        return
                    yield event
        except GeneratorExit:
            self.seal(AnswerStatus.STOPPED)
            raise
        except AppError as error:
            self.seal(AnswerStatus.FAILED, problem=str(error))
            raise
        finally:
            self.seal(AnswerStatus.FAILED)

    def add(self, event: Event) -> bool:
        """Take in an event; write down what was said if that is due. False where the answer was ended before."""
        with self.lock:
            if self.sealed:
                return False
            match event:
                case Token(text):
                    self.said += text
                    self.sealed = not self._saved()
                case Answer():
                    self.said = event.text
                    self._seal(AnswerStatus.COMPLETE, event)
                    return True
                case Retrieved():
                    self.found = True
            return not self.sealed

    def seal(self, status: AnswerStatus, problem: str = "") -> None:
        """End the answer with what was said; `problem` says in words why it could not go on, where it could not."""
        with self.lock:
            if not self.sealed:
                self._seal(status, problem=problem)

    def _saved(self) -> bool:
        """Write down what was said, if that is due. False where somebody else sealed or deleted the answer."""
        if time.monotonic() - self.saved_at < SAVE_EVERY_S:
            return True
        kept = once_more(self._grow)
        self.saved_at = time.monotonic()
        return kept

    def _grow(self) -> bool:
        with self.sessions.begin() as session:
            return conversations.grow(session, self.message_id, self.said)

    def _seal(self, status: AnswerStatus, answer: Answer | None = None, problem: str = "") -> None:
        once_more(lambda: self._write_down(status, answer, problem))
        # Only now: whoever finds it sealed reads the row.
        self.sealed = True

    def _write_down(self, status: AnswerStatus, answer: Answer | None, problem: str) -> None:
        found = {source.document_id for source in answer.retrieved} if answer else set[int]()
        with self.sessions.begin() as session:
            homes = cited.collections_of(session, found)
            conversations.seal(
                session,
                self.message_id,
                content=self.said,
                status=status,
                refused=answer.refused if answer else False,
                receipt=_kept_receipt(answer, homes) if answer else None,
                problem=problem,
                citations=[_kept_citation(self.message_id, citation) for citation in answer.citations]
                if answer
                else (),
                trace=trace_of(self.question, answer, self.message_id) if answer else None,
            )


@dataclass(frozen=True)
class Begun:
    """An answer that was begun: its record, and the events that it grows by."""

    conversation_id: UUID
    record: Record
    events: Events


def trace_of(question: str, answer: Answer, message_id: UUID | None = None) -> tables.Trace:
    return tables.Trace(
        message_id=message_id,
        question=question,
        searched=answer.searched,
        settings=answer.receipt,
        retrieved=[asdict(source) for source in answer.retrieved],
        timings_ms=answer.timings_ms,
    )


def _kept_receipt(answer: Answer, homes: Mapping[int, int]) -> dict[str, Any]:
    """The receipt, with the documents' collections: what is deleted later is still shown to nobody but its readers."""
    return answer.receipt | {"quoted": answer.quoted, "collections": {str(key): home for key, home in homes.items()}}


def _kept_citation(message_id: UUID, citation: Citation) -> tables.Citation:
    fields = asdict(citation)
    start, end = fields.pop("start"), fields.pop("end")
    return tables.Citation(message_id=message_id, start_char=start, end_char=end, **fields)
