"""What can be learned from a rated answer: the question, the turns before, the passages, and the better answer."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy.orm import Session

from chat import rights
from chat.errors import InvalidInputError
from chat.rag import abstain, prompt
from chat.rag.answer import Source
from chat.rights import Person
from chat.store import rated
from chat.store.examples import Place, Wording
from chat.store.rated import RatedAnswer
from chat.store.tables import Message

SAYS_NOT = "The documents do not say."
"""How the chat's instructions have a model refuse."""
LONGEST_LABEL = 80
MARKER = re.compile(r"\s*\[(\d+)\]")


def answer_for(session: Session, person: Person, message_id: UUID) -> RatedAnswer:
    """The rated answer, for who looks after all that it was made from; one made from nothing, for who asked.

    Raises `NotFoundError` for anybody else.
    """
    answer = rated.get(session, message_id)
    homes = set(answer.homes.values())
    theirs = homes <= set(rights.curated(session, person)) if homes else answer.asker_id == person.id
    if not theirs and rights.overseen(session, person) is not None:
        raise rated.missing()
    return answer


def home_of(session: Session, person: Person, answer: RatedAnswer, collection: str | None) -> int:
    """Id of the collection that an example of the answer belongs to: the one named, or that of its passages.

    Raises `InvalidInputError` where there are several, or none, and as `rights.curated`.
    """
    homes = rights.curated(session, person, collection) if collection else list(set(answer.homes.values()))
    if len(homes) != 1:
        raise InvalidInputError("Say which collection the example belongs to: the answer does not tell.")
    return homes[0]


def note_made(session: Session, person: Person, answer: RatedAnswer, example_id: int, made: Wording) -> None:
    """Put on record with the rating which example was made of it."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    label = made.question[:LONGEST_LABEL]
    action = {"kind": "example", "id": example_id, "label": label, "by": person.name, "at": at}
    rated.note_action(session, answer, action)


def wording(answer: RatedAnswer, correction: str = "") -> Wording:
    """The example that a rated answer makes: a good one as it is, a bad one with its correction and as a preference.

    Raises `InvalidInputError` where nobody said what a bad answer should have been.
    """
    seen = passages(answer.message)
    given = _in_prompt(answer.message, seen)
    better = correction.strip() or answer.feedback.correction.strip()
    if not better and answer.feedback.rating < 0:
        raise InvalidInputError("Say what the answer should have been: a bad answer alone teaches nothing.")
    completion = better or given
    return Wording(
        prompt=[*_turns(answer.before), {"role": "user", "content": answer.before[-1].content}],
        completion=completion,
        rejected=given if better and given.strip() and given != completion else None,
        passages=[{"document": each.document, "section": each.section, "text": each.text} for each in seen],
        answerable=not abstain.is_refusal(completion),
        sources=_places(answer, seen, corrected=bool(better)),
    )


def passages(message: Message) -> list[Source]:
    """The passages that the answer saw, in the prompt's order; of one that was refused unread, those it would have."""
    if message.trace is None:
        return []
    found = [Source(**source) for source in message.trace.retrieved]
    shown = message.trace.settings.get("passages")
    if shown is None:
        return prompt.select(found)
    by_chunk = {source.chunk_id: source for source in found}
    return [by_chunk[chunk_id] for chunk_id in shown if chunk_id in by_chunk]


def _in_prompt(message: Message, seen: Sequence[Source]) -> str:
    """What was answered, citing passages by their numbers in the prompt, where the page numbers them as they come."""
    if message.refused:
        return SAYS_NOT
    numbers = {source.chunk_id: number for number, source in enumerate(seen, 1)}
    cited = {each.marker: numbers.get(each.chunk_id) for each in message.citations}

    def renumbered(match: re.Match[str]) -> str:
        number = cited.get(int(match[1]), int(match[1]))
        return "" if number is None else match[0].replace(match[1], str(number))

    return MARKER.sub(renumbered, message.content)


def _turns(before: Sequence[Message]) -> list[dict[str, str]]:
    """Questions with the answers that followed them; refusals teach nothing of how to go on."""
    return [
        {"role": message.role, "content": message.content}
        for question, answer in pairwise(before[:-1])
        if (question.role, answer.role) == ("user", "assistant") and answer.content and not answer.refused
        for message in (question, answer)
    ]


def _places(answer: RatedAnswer, seen: Sequence[Source], *, corrected: bool) -> list[Place]:
    """What was cited or, where that was wrong or there is nothing, all that the answer saw."""
    if answer.message.citations and not corrected:
        return [
            Place(each.document, each.document_id, each.version, each.start_char, each.end_char, each.quote)
            for each in answer.message.citations
        ]
    return [Place(each.document, each.document_id, each.version, each.start, each.end, each.text) for each in seen]
