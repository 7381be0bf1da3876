"""Bad answers as those look through them who look after the documents; and the questions that were refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.store.tables import Feedback, TriageState

MOST = 200
"""Bad answers in the list: nobody looks through more at once."""
WEEKS = 8
"""How far back refused questions are counted."""
SHOWN = 10
"""Refused questions that are named."""

HOMES = """
    SELECT messages.id AS message_id, array_agg(DISTINCT coalesce(documents.collection_id, cast(kept.value AS bigint)))
           FILTER (WHERE kept.key IS NOT NULL) AS collections
    FROM messages
    LEFT JOIN LATERAL jsonb_each_text(messages.receipt->'collections') AS kept ON true
    LEFT JOIN documents ON documents.id = cast(kept.key AS bigint)
    WHERE messages.role = 'assistant' AND {which}
    GROUP BY messages.id
"""
"""The collections of the passages that were found for an answer; of deleted documents, those they were in."""
MAY_KNOW = """
    (:everything OR homes.collections <@ cast(:curated AS bigint[])
     OR (homes.collections IS NULL AND conversations.user_id = :person))
"""
ASKED = """
    (SELECT asked.content FROM messages AS asked WHERE asked.id = answers.parent_id)
"""
RATED_BAD = "messages.id IN (SELECT message_id FROM feedback WHERE rating < 0)"
REFUSED_LATELY = """
    messages.refused AND messages.receipt->'copy_of' IS NULL
    AND messages.created_at > now() - make_interval(weeks => cast(:weeks AS int))
"""
BAD = sa.text(f"""
    WITH homes AS MATERIALIZED ({HOMES.format(which=RATED_BAD)})
    SELECT answers.id, feedback.state, feedback.reasons, {ASKED} AS question, answers.content AS answer,
           feedback.comment, feedback.correction, feedback.actions, feedback.updated_at AS said_at,
           ARRAY(SELECT name FROM collections WHERE id = ANY(homes.collections) ORDER BY name) AS collections
    FROM feedback
    JOIN messages AS answers ON answers.id = feedback.message_id
    JOIN conversations ON conversations.id = answers.conversation_id
    JOIN homes ON homes.message_id = answers.id
    WHERE feedback.rating < 0 AND {MAY_KNOW}
      AND (cast(:collection AS bigint) IS NULL OR :collection = ANY(homes.collections))
      AND (cast(:reason AS text) IS NULL OR :reason = ANY(feedback.reasons))
    ORDER BY feedback.updated_at DESC, answers.id
""")  # noqa: S608  (of constants)
REFUSED = sa.text(f"""
    WITH homes AS MATERIALIZED (
        {HOMES.format(which=REFUSED_LATELY)}
    )
    SELECT {ASKED} AS question, answers.created_at
    FROM messages AS answers
    JOIN conversations ON conversations.id = answers.conversation_id
    JOIN homes ON homes.message_id = answers.id
    WHERE {MAY_KNOW} AND (cast(:collection AS bigint) IS NULL OR :collection = ANY(homes.collections))
""")  # noqa: S608


@dataclass(frozen=True)
class Reach:
    """Whose answers may be known: those from these collections alone, and one's own; or `everything`."""

    person_id: int
    curated: Sequence[int]
    everything: bool

    def as_dict(self) -> dict[str, Any]:
        return {"person": self.person_id, "curated": list(self.curated), "everything": self.everything}


@dataclass(frozen=True)
class View:
    """Which bad answers are looked at."""

    state: TriageState = TriageState.OPEN
    collection: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Line:
    """A bad answer in the list."""

    id: UUID
    state: TriageState
    reasons: Sequence[str]
    question: str
    answer: str
    comment: str
    correction: str
    actions: Sequence[Mapping[str, Any]]
    said_at: datetime
    collections: Sequence[str]


@dataclass(frozen=True)
class Often:
    """A question that was refused, how many times, and when last."""

    question: str
    times: int
    last: datetime


@dataclass(frozen=True)
class Refused:
    """Questions that were refused in the last `WEEKS` weeks: how many in each, the oldest first, and the most frequent.

    A week is named by its first day.
    """

    weeks: Sequence[tuple[date, int]]
    often: Sequence[Often]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.weeks)


def bad(session: Session, reach: Reach, collection_id: int | None, reason: str | None) -> list[Line]:
    """The bad answers within reach, in whichever state, what was said last first."""
    rows = session.execute(BAD, reach.as_dict() | {"collection": collection_id, "reason": reason})
    return [_line(row._asdict()) for row in rows]


def _line(row: dict[str, Any]) -> Line:
    return Line(**row | {"state": TriageState(row["state"]), "question": row["question"] or ""})


def refused(session: Session, reach: Reach, collection_id: int | None) -> Refused:
    """The questions within reach that were refused; those that differ in case and white space are one."""
    rows = session.execute(REFUSED, reach.as_dict() | {"collection": collection_id, "weeks": WEEKS}).all()
    today = session.scalars(select(sa.cast(func.now(), sa.Date))).one()
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=ago) for ago in range(WEEKS - 1, -1, -1)]
    counted = [(start, sum(_in_week(start, row.created_at) for row in rows)) for start in starts]
    return Refused(counted, _often([(row.question or "", row.created_at) for row in rows])[:SHOWN])


def _in_week(monday: date, when: datetime) -> bool:
    return 0 <= (when.date() - monday).days < 7


def _often(asked: Sequence[tuple[str, datetime]]) -> list[Often]:
    """Each question with how often it was asked, the most frequent and then the latest first."""
    found: dict[str, Often] = {}
    for question, when in sorted(asked, key=lambda each: each[1]):
        key = " ".join(question.casefold().split()).rstrip("?!. ")
        found[key] = Often(question, found[key].times + 1 if key in found else 1, when)
    return sorted(found.values(), key=lambda each: (each.times, each.last), reverse=True)


def decide(session: Session, feedback: Feedback, state: TriageState) -> None:
    """Say what became of a bad answer."""
    feedback.state = state
    session.flush()


def forget_action(session: Session, feedback: Feedback) -> Mapping[str, Any] | None:
    """Take the last thing that was done about it off the record of the answer. Returns it; None where nothing was."""
    if not feedback.actions:
        return None
    *before, last = feedback.actions
    feedback.actions = before
    session.flush()
    return dict(last)
