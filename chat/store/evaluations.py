"""Evaluations: what was asked of which arms, what each one said, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.tables import (
    Collection,
    Document,
    DocumentVersion,
    Evaluation,
    EvaluationAnswer,
    EvaluationStatus,
    QuestionSet,
    User,
)

TASK = "evaluate"
"""Name of the job that asks the questions of an evaluation."""
STOP = "stop"
RAN = "ran"
"""Key of the settings that are known only once the questions are asked: the model and its revision."""


@dataclass(frozen=True)
class Line:
    """An evaluation in a list: of what, how far, and what came of it."""

    id: int
    collection: str
    set_name: str
    set_number: int
    arms: Sequence[str]
    status: EvaluationStatus
    stopping: bool
    done: int
    total: int
    resumed_from: int
    """How many answers there were when it last began: what was done since then tells how long the rest will take."""
    error: str | None
    verdict: str
    by: str | None
    created_at: datetime
    started_at: datetime | None

    @property
    def under_way(self) -> bool:
        return self.status in (EvaluationStatus.QUEUED, EvaluationStatus.RUNNING)


@dataclass(frozen=True)
class New:
    """An evaluation to be made."""

    question_set_id: int
    collection_id: int
    arms: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any]
    user_id: int | None


def add(session: Session, new: New) -> Evaluation:
    """A new evaluation, queued."""
    evaluation = Evaluation(
        question_set_id=new.question_set_id,
        collection_id=new.collection_id,
        arms=[dict(arm) for arm in new.arms],
        settings=dict(new.settings),
        user_id=new.user_id,
    )
    session.add(evaluation)
    session.flush()
    return evaluation


def same(session: Session, new: New) -> Evaluation | None:
    """The latest evaluation of the same questions, arms and settings, locked; None where there is none."""
    return session.scalars(
        select(Evaluation)
        .where(
            Evaluation.question_set_id == new.question_set_id,
            Evaluation.collection_id == new.collection_id,
            Evaluation.arms == sa.cast(list(new.arms), JSONB),
            Evaluation.settings.op("-")(RAN) == sa.cast(dict(new.settings), JSONB),
        )
        .order_by(Evaluation.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def missing() -> NotFoundError:
    """What is raised for an evaluation that is not there."""
    return NotFoundError("This evaluation is not there any more. The Evaluation tab lists those there are.")


def get(session: Session, collections: Sequence[int], evaluation_id: int) -> Evaluation:
    """The evaluation, in one of these collections. Raises `NotFoundError`."""
    found = session.get(Evaluation, evaluation_id)
    if found is None or found.collection_id not in collections:
        raise missing()
    return found


def lines(session: Session, collections: Sequence[int], limit: int = 50) -> list[Line]:
    """The evaluations of these collections, the newest first."""
    return [_line(row) for row in session.execute(_listed(collections).limit(limit))]


def line(session: Session, collections: Sequence[int], evaluation_id: int) -> Line:
    """One evaluation as a list shows it. Raises `NotFoundError`."""
    row = session.execute(_listed(collections).where(Evaluation.id == evaluation_id)).one_or_none()
    if row is None:
        raise missing()
    return _line(row)


def _listed(collections: Sequence[int]) -> "sa.Select[Evaluation, str, str, int, str]":
    return (
        select(Evaluation, Collection.name, QuestionSet.name, QuestionSet.number, User.name)
        .join(Collection, Collection.id == Evaluation.collection_id)
        .join(QuestionSet, QuestionSet.id == Evaluation.question_set_id)
        .outerjoin(User, User.id == Evaluation.user_id)
        .where(Evaluation.collection_id.in_(collections))
        .order_by(Evaluation.id.desc())
    )


def _line(row: "sa.Row[Evaluation, str, str, int, str]") -> Line:
    kept, collection, set_name, set_number, by = row
    return Line(
        id=kept.id,
        collection=collection,
        set_name=set_name,
        set_number=set_number,
        arms=[arm["name"] for arm in kept.arms],
        status=EvaluationStatus(kept.status),
        stopping=kept.wanted == STOP,
        done=kept.done,
        total=kept.total,
        resumed_from=kept.settings.get(RAN, {}).get("resumed_from", 0),
        error=kept.error,
        verdict=kept.result.get("verdict", ""),
        by=by,
        created_at=kept.created_at,
        started_at=kept.started_at,
    )


def begin(session: Session, evaluation_id: int, total: int, ran: Mapping[str, Any]) -> None:
    """Say that its questions are being asked now, of which model, and how many answers there will be."""
    done = session.scalars(
        select(func.count()).select_from(EvaluationAnswer).where(EvaluationAnswer.evaluation_id == evaluation_id)
    ).one()
    evaluation = session.get_one(Evaluation, evaluation_id)
    evaluation.status, evaluation.error = EvaluationStatus.RUNNING, None
    evaluation.done, evaluation.total, evaluation.started_at = done, total, func.now()
    evaluation.settings = {**evaluation.settings, RAN: {**ran, "resumed_from": done}}
    session.flush()


def requeue(session: Session, evaluation: Evaluation) -> None:
    """Let it go on where it was: what was answered stays answered."""
    evaluation.status, evaluation.wanted, evaluation.error = EvaluationStatus.QUEUED, None, None
    session.flush()


def want_stop(session: Session, evaluation: Evaluation) -> None:
    """Ask the one who runs it to stop. One that nobody runs stops at once."""
    if evaluation.status == EvaluationStatus.QUEUED or not in_queue(session, evaluation.id):
        evaluation.status, evaluation.wanted = EvaluationStatus.STOPPED, None
    elif evaluation.status == EvaluationStatus.RUNNING:
        evaluation.wanted = STOP
    session.flush()


def keep(session: Session, evaluation_id: int, answers: Sequence[Mapping[str, Any]]) -> bool:
    """Keep what arms said to questions; the first answer stands. Returns whether it shall go on.

    Each of `answers` holds the columns of `EvaluationAnswer`.
    """
    held = select(Evaluation).where(Evaluation.id == evaluation_id).with_for_update()
    evaluation = session.scalars(held.execution_options(populate_existing=True)).one_or_none()
    if evaluation is None:
        return False
    for answer in answers:
        kept = insert(EvaluationAnswer).values(evaluation_id=evaluation_id, **answer).on_conflict_do_nothing()
        new = session.execute(kept.returning(EvaluationAnswer.position)).one_or_none() is not None
        evaluation.done += int(new)
    session.flush()
    return evaluation.wanted != STOP


def shall_stop(session: Session, evaluation_id: int) -> bool:
    """Whether somebody asked it to stop, or deleted it."""
    row = session.execute(select(Evaluation.wanted).where(Evaluation.id == evaluation_id)).one_or_none()
    return row is None or row.wanted == STOP


def answers(session: Session, evaluation_id: int) -> Sequence[EvaluationAnswer]:
    """Everything that was said, by arm and place of the question."""
    return session.scalars(
        select(EvaluationAnswer)
        .where(EvaluationAnswer.evaluation_id == evaluation_id)
        .order_by(EvaluationAnswer.position, EvaluationAnswer.arm)
    ).all()


def answered(session: Session, evaluation_id: int) -> set[tuple[str, int]]:
    """The arms and places of the questions that are answered already."""
    rows = session.execute(
        select(EvaluationAnswer.arm, EvaluationAnswer.position).where(EvaluationAnswer.evaluation_id == evaluation_id)
    )
    return {(arm, position) for arm, position in rows}


def measured(session: Session, evaluation_id: int, values: Mapping[tuple[str, int], Mapping[str, float]]) -> None:
    """Keep what was measured of each answer, by its arm and the place of its question."""
    rows = [
        {"evaluation_id": evaluation_id, "arm": arm, "position": position, "measures": dict(found)}
        for (arm, position), found in values.items()
    ]
    if rows:
        session.execute(update(EvaluationAnswer), rows)


def finish(session: Session, evaluation_id: int, result: Mapping[str, Any], digest: str) -> None:
    """End it with its result."""
    _end(session, evaluation_id, EvaluationStatus.FINISHED, result=dict(result), digest=digest)


def stop(session: Session, evaluation_id: int) -> None:
    """End it for now."""
    _end(session, evaluation_id, EvaluationStatus.STOPPED, wanted=None)


def fail(session: Session, evaluation_id: int, error: str) -> None:
    """End it with what went wrong, in words. What was answered is kept."""
    _end(session, evaluation_id, EvaluationStatus.FAILED, error=error)


def _end(session: Session, evaluation_id: int, status: EvaluationStatus, **values: Any) -> None:
    ended = {"status": status, "ended_at": func.now(), **values}
    session.execute(update(Evaluation).where(Evaluation.id == evaluation_id).values(**ended))


def remove(session: Session, evaluation: Evaluation) -> None:
    """Delete an evaluation with its answers."""
    session.execute(delete(Evaluation).where(Evaluation.id == evaluation.id))


def question_set(session: Session, evaluation: Evaluation) -> QuestionSet:
    """The frozen questions that it asks."""
    return session.get_one(QuestionSet, evaluation.question_set_id)


def documents_of(session: Session, collection_id: int) -> dict[str, int]:
    """Which version of each document of the collection answers now: versions' numbers by the document's name."""
    rows = session.execute(
        select(Document.name, DocumentVersion.number)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(Document.collection_id == collection_id, DocumentVersion.live)
        .order_by(Document.name)
    )
    return {name: number for name, number in rows}  # noqa: C416 - rows are not pairs to the type checker


def in_queue(session: Session, evaluation_id: int) -> bool:
    """Whether a job is there that will run it, or runs it."""
    waiting = sa.text("""
        SELECT FROM procrastinate_jobs WHERE task_name = :task AND status IN ('todo', 'doing')
        AND args->>'evaluation_id' = cast(:id AS text) LIMIT 1
    """)
    return session.execute(waiting, {"task": TASK, "id": str(evaluation_id)}).first() is not None


def collections_of(session: Session, ids: Sequence[int]) -> list[str]:
    """Names of these collections."""
    return list(session.scalars(select(Collection.name).where(Collection.id.in_(ids)).order_by(Collection.name)))
