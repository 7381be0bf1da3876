"""What was done about a bad answer: put on record with it and in the log, and taken back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from admin.triage.passages import searched
from chat import rights
from chat.errors import InvalidInputError, NotFoundError
from chat.rights import Person
from chat.store import audit, chunks, examples, questions, rated, triage
from chat.store.questions import Label
from chat.store.rated import RatedAnswer
from chat.store.tables import ExampleState, MemberRole, TriageState

LONGEST_LABEL = 80


class Deed(StrEnum):
    """What a person can have done about a bad answer."""

    LABEL = "label"
    EXAMPLE = "example"
    DOCUMENT = "document"
    DISMISS = "dismiss"


def record(
    session: Session,
    person: Person,
    answer: RatedAnswer,
    deed: Deed,
    subject_id: int,
    label: str,
    **more: str,
) -> None:
    """Put on record what was done, which settles the answer. `subject_id` is that of the document, or 0."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    action = {"kind": deed, "id": subject_id, "label": label, "by": person.name, "at": at}
    rated.note_action(session, answer, action | more)
    triage.decide(session, answer.feedback, TriageState.DISMISSED if deed is Deed.DISMISS else TriageState.DONE)
    log(session, person, "triage feedback", answer.message.id, kind=deed, id=subject_id, label=label)


def label(session: Session, person: Person, answer: RatedAnswer, chunk_id: int) -> None:
    """Mark a passage right for what was searched. Raises `NotFoundError`, `InvalidInputError`, `NotAllowedError`."""
    words = searched(answer.message)
    if not words:
        raise InvalidInputError("Nothing was searched for this answer, so no passage can be marked for it.")
    found = chunks.sources(session, rights.curated(session, person), [chunk_id])
    if not found:
        raise NotFoundError("This passage does not answer any more. Reload the page to see what does.")
    place = rights.document(session, person, found[0].document_id, MemberRole.CURATOR)
    marked = Label(place.name, found[0].text, True, place.id)
    questions.mark(session, place.collection_id, words, marked, person.id)
    record(session, person, answer, Deed.LABEL, place.id, found[0].document[:LONGEST_LABEL], quote=marked.quote)


def take_back(session: Session, person: Person, answer: RatedAnswer) -> str:
    """Take back the last thing that was done, and open the answer again. Returns of which kind that was, if any.

    A label goes; an example goes while it is a draft, and stays once somebody decided about it; a document stays as
    it is now.
    """
    last = triage.forget_action(session, answer.feedback) or {"kind": ""}
    match last["kind"]:
        case Deed.LABEL:
            _unlabel(session, person, answer, last)
        case Deed.EXAMPLE:
            made = examples.those(session, rights.curated(session, person), [int(last["id"])])
            examples.remove(session, [each for each in made if each.state is ExampleState.DRAFT])
    triage.decide(session, answer.feedback, TriageState.OPEN)
    log(session, person, "reopen feedback", answer.message.id, undone=last["kind"])
    return str(last["kind"])


def _unlabel(session: Session, person: Person, answer: RatedAnswer, action: Mapping[str, Any]) -> None:
    for document_id in rights.removable(session, person, int(action["id"])):
        place = rights.document(session, person, document_id, MemberRole.CURATOR)
        marked = Label(place.name, str(action["quote"]), True, place.id)
        questions.mark(session, place.collection_id, searched(answer.message), marked, person.id, keep=False)


def log(session: Session, person: Person, action: str, message_id: UUID, **after: Any) -> None:
    """Keep it in the log of what people did."""
    audit.note(session, person.id, person.name, action, str(message_id), after=after)
