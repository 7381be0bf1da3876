"""Rated answers, with all that an example can be made from: question, turns before, passages, and what was thought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store import branches, cited, conversations
from chat.store.tables import Conversation, Feedback, Message


@dataclass(frozen=True)
class RatedAnswer:
    """An answer that somebody rated, and the messages before it, the question last."""

    message: Message
    before: Sequence[Message]
    feedback: Feedback
    asker_id: int
    homes: Mapping[int, int]
    """The collection of each document whose passages were found for it; as it was then, where that is gone."""


def get(session: Session, message_id: UUID) -> RatedAnswer:
    """The answer, its feedback locked. Raises `NotFoundError` where there is none, or nobody rated it."""
    feedback = session.get(Feedback, message_id, with_for_update=True)
    message = session.get(Message, message_id)
    if feedback is None or message is None:
        raise missing()
    conversation = session.get_one(Conversation, message.conversation_id)
    *before, answer = branches.path(session, message_id)
    return RatedAnswer(answer, before, feedback, conversation.user_id, _homes(session, answer))


def missing() -> NotFoundError:
    """What is said of an answer that is not there, or that the person may not know of."""
    return NotFoundError("This answer is not there any more, or its rating was taken back. Reload the page.")


def note_action(session: Session, answer: RatedAnswer, action: Mapping[str, Any]) -> None:
    """Put on record, with the feedback, what was done about it."""
    answer.feedback.actions = [*answer.feedback.actions, dict(action)]
    session.flush()


def made_from(session: Session, message_id: UUID, kind: str) -> Sequence[int]:
    """Ids of what was made of that answer, of that kind, such as `example`."""
    actions = session.scalars(select(Feedback.actions).where(Feedback.message_id == message_id)).first() or []
    return [int(action["id"]) for action in actions if action.get("kind") == kind]


def _homes(session: Session, message: Message) -> dict[int, int]:
    then = {int(key): home for key, home in (message.receipt or {}).get("collections", {}).items()}
    return then | cited.collections_of(session, conversations.quoted([message]))
