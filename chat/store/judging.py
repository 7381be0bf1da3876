"""What the gate reads: evaluations of an adapter, what it learned from, and what a collection asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store.tables import (
    Collection,
    Evaluation,
    EvaluationAnswer,
    EvaluationStatus,
    Example,
    ExampleSource,
    ExampleVersion,
    Installation,
    Question,
    SnapshotRow,
    Split,
)


@dataclass(frozen=True)
class Learned:
    """An example that a snapshot trains on. `latest_id` is the id of its latest version, which may be a later one."""

    example_id: int
    key: str
    collection_id: int
    latest_id: int
    documents: Sequence[str]


def finished(session: Session, collections: Sequence[int], digest: str, limit: int = 50) -> Sequence[Evaluation]:
    """Finished evaluations in these collections with an arm that retrieves and answers with that adapter, newest first.

    Arms that are only given passages are none of these.
    """
    arm = [{"mode": "rag+adapter", "digest": digest, "given": None}]
    return session.scalars(
        select(Evaluation)
        .where(
            Evaluation.status == EvaluationStatus.FINISHED,
            Evaluation.collection_id.in_(collections),
            Evaluation.arms.contains(arm),
        )
        .order_by(Evaluation.id.desc())
        .limit(limit)
    ).all()


def measures(session: Session, evaluation_id: int) -> dict[str, dict[int, dict[str, float]]]:
    """What was measured of each answer: by arm, then by the question's place in its set."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for arm, position, values in session.execute(
        select(EvaluationAnswer.arm, EvaluationAnswer.position, EvaluationAnswer.measures).where(
            EvaluationAnswer.evaluation_id == evaluation_id
        )
    ):
        found.setdefault(arm, {})[position] = values
    return found


def labelled(session: Session, collections: Sequence[int]) -> set[str]:
    """The texts of the labelled questions of these collections."""
    return set(session.scalars(select(Question.text).where(Question.collection_id.in_(collections))))


def learned(session: Session, snapshot_id: int) -> list[Learned]:
    """The examples that a snapshot trains on, in its order, with the documents that they were made from."""
    latest = ExampleVersion.__table__.alias("latest")
    rows = session.execute(
        select(Example.id, Example.key, Example.collection_id, latest.c.id, ExampleVersion.id)
        .join(ExampleVersion, ExampleVersion.example_id == Example.id)
        .join(SnapshotRow, SnapshotRow.example_version_id == ExampleVersion.id)
        .join(latest, (latest.c.example_id == Example.id) & (latest.c.number == Example.version))
        .where(SnapshotRow.snapshot_id == snapshot_id, SnapshotRow.split == Split.TRAIN)
        .order_by(SnapshotRow.position)
    ).all()
    documents: dict[int, list[str]] = {}
    for version_id, document in session.execute(
        select(ExampleSource.example_version_id, ExampleSource.document)
        .where(ExampleSource.example_version_id.in_([row[4] for row in rows]))
        .order_by(ExampleSource.id)
    ):
        documents.setdefault(version_id, []).append(document)
    return [
        Learned(example_id, key, collection_id, latest_id, list(dict.fromkeys(documents.get(version_id, ()))))
        for example_id, key, collection_id, latest_id, version_id in rows
    ]


def asked_for(session: Session, collection_id: int | None) -> Mapping[str, Any]:
    """What the gate of a collection or, without one, of everywhere asks for beside what it follows."""
    return _place(session, collection_id).gate


def ask_for(session: Session, collection_id: int | None, wanted: Mapping[str, Any]) -> None:
    """Set what the gate of a collection or, without one, of everywhere asks for."""
    _place(session, collection_id).gate = dict(wanted)
    session.flush()


def _place(session: Session, collection_id: int | None) -> Collection | Installation:
    if collection_id is None:
        return session.scalars(select(Installation)).one()
    return session.get_one(Collection, collection_id)
