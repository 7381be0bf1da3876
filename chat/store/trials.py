"""What people got from an adapter that is being tried, beside what answers the other conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.store import adapters, promotions
from chat.store.tables import AnswerStatus, Citation, Feedback, Message, Promotion, Stage


@dataclass(frozen=True)
class Answers:
    """Counts of the answers of one side of a trial. `up` and `down` are those that somebody rated."""

    answers: int = 0
    refused: int = 0
    supported: int = 0
    """Answers that are no refusals and cite at least one passage."""
    up: int = 0
    down: int = 0


def running(session: Session) -> Sequence[Promotion]:
    """The trials that there are, by where they are."""
    return session.scalars(
        select(Promotion).where(Promotion.stage == Stage.CANARY).order_by(Promotion.collection_id.nulls_first())
    ).all()


def sides(session: Session, canary: Promotion) -> tuple[Answers, Answers]:
    """What the adapter on trial answered since it is, and what answered the other conversations meanwhile.

    In a collection, the answers that found passages in it and in no other count.
    """
    live = promotions.live(session, canary.collection_id)
    present = live.digest if live else None
    if live is None and canary.collection_id is not None:
        serving = adapters.serving(session, None)
        present = serving.digest if serving else None
    rows = session.execute(_answers(canary, present)).all()
    mine = [row for row in rows if row.adapter == canary.digest and adapters.tries(canary, row.conversation_id)]
    others = [row for row in rows if row.adapter == present and not adapters.tries(canary, row.conversation_id)]
    return _counted(mine), _counted(others)


def _answers(canary: Promotion, present: str | None) -> "sa.Select[str | None, UUID, bool, bool, int]":
    cited = select(Citation.marker).where(Citation.message_id == Message.id).exists()
    homes = func.jsonb_path_query_array(Message.receipt, "$.collections.*")
    here = homes.op("<@")(func.jsonb_build_array(canary.collection_id)) if canary.collection_id else sa.true()
    found = func.jsonb_array_length(homes) > 0 if canary.collection_id else sa.true()
    retrieving = ("rag", "rag+adapter")
    return (
        select(Message.adapter, Message.conversation_id, Message.refused, cited.label("cited"), Feedback.rating)
        .outerjoin(Feedback, Feedback.message_id == Message.id)
        .where(
            Message.role == "assistant",
            Message.status == AnswerStatus.COMPLETE,
            Message.created_at >= canary.created_at,
            Message.receipt["copy_of"].is_(None),
            Message.mode.in_(retrieving),
            sa.or_(Message.adapter == canary.digest, Message.adapter.is_not_distinct_from(present)),
            here,
            found,
        )
    )


def _counted(rows: Sequence["sa.Row[str | None, UUID, bool, bool, int]"]) -> Answers:
    return Answers(
        answers=len(rows),
        refused=sum(row.refused for row in rows),
        supported=sum(row.cited and not row.refused for row in rows),
        up=sum(row.rating == 1 for row in rows),
        down=sum(row.rating == -1 for row in rows),
    )
