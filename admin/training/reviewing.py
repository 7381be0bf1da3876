"""Decisions about training examples, and whatever else is done with them, on record in the transaction that does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chat.rights import Person
from chat.store import audit, examples
from chat.store.examples import Kept
from chat.store.tables import ExampleState

TAKEN_BACK = "taken back"


@dataclass(frozen=True)
class Decision:
    """A reviewer's decision about some examples, with the states that they were in, so that it can be taken back."""

    state: ExampleState
    before: Sequence[tuple[int, ExampleState]] = ()


def decide(session: Session, person: Person, chosen: Sequence[Kept], state: ExampleState, reason: str = "") -> Decision:
    """Put these examples into that state; those that are in it already are left alone."""
    moved = [each for each in chosen if each.state != state]
    if moved:
        examples.review(session, moved, state, reason=reason, user_id=person.id)
        before = {each.key: str(each.state) for each in moved}
        own = [each.key for each in moved if each.user_id == person.id]
        note(session, person, "review examples", moved, before=before, state=str(state), reason=reason, own=own)
    return Decision(state, [(each.id, each.state) for each in moved])


def undo(session: Session, person: Person, collections: Sequence[int], decision: Decision) -> int:
    """Put the examples of a decision back to where they were, unless somebody decided otherwise since.

    Returns how many it put back.
    """
    was = dict(decision.before)
    found = examples.those(session, collections, list(was))
    still = [each for each in found if each.state == decision.state]
    for state in sorted({was[each.id] for each in still}):
        decide(session, person, [each for each in still if was[each.id] == state], state, TAKEN_BACK)
    return len(still)


def note(
    session: Session,
    person: Person,
    action: str,
    chosen: Sequence[Kept] | str,
    *,
    before: dict[str, Any] | None = None,
    **after: Any,
) -> None:
    """Put on record what a person did with these examples."""
    subject = chosen if isinstance(chosen, str) else _subject(chosen)
    audit.note(session, person.id, person.name, action, subject, before=before, after=after)


def _subject(chosen: Sequence[Kept]) -> str:
    return chosen[0].key if len(chosen) == 1 else f"{len(chosen):,} examples"
