"""An answer as it is written down while it grows, and sealed at its end with all that it rests on."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from chat.rag.answer import Answer, Citation, Event, Retrieved, Token
from chat.store import cited, conversations, tables
from chat.store.session import Sessions
from chat.store.tables import AnswerStatus

SAVE_EVERY_S = 0.5
"""How often, at most, a growing answer is written down."""


@dataclass
class Record:
    """The row of an answer while it grows. It is sealed once: what comes after that changes nothing."""

    sessions: Sessions
    message_id: UUID
    said: str = ""
    saved_at: float = field(default_factory=time.monotonic)
    sealed: bool = False

    def add(self, event: Event, question: str) -> None:
        """Take in an event; write down what was said if that is due."""
        match event:
            case Token(text):
                self.said += text
                if time.monotonic() - self.saved_at >= SAVE_EVERY_S:
                    with self.sessions.begin() as session:
                        conversations.grow(session, self.message_id, self.said)
                    self.saved_at = time.monotonic()
            case Answer():
                self.said = event.text
                self.seal(AnswerStatus.COMPLETE, question, event)
            case Retrieved():
                pass

    def seal(self, status: AnswerStatus, question: str = "", answer: Answer | None = None) -> None:
        """End the answer with what was said, and with the evidence where it came to its end."""
        if self.sealed:
            return
        self.sealed = True
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
                citations=[_kept_citation(self.message_id, citation) for citation in answer.citations]
                if answer
                else (),
                trace=trace_of(question, answer, self.message_id) if answer else None,
            )


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
