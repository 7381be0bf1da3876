"""What is known of how well the arms answer: frozen question sets, evaluations, blind votes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import NAME, Base, one_of


class EvaluationStatus(StrEnum):
    """Where an evaluation stands. One that was stopped goes on where it was."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


class QuestionSet(Base):
    """Questions held out from training, frozen under a name and number. A change makes the next number."""

    __tablename__ = "question_sets"
    __table_args__ = (
        UniqueConstraint("collection_id", "name", "number"),
        CheckConstraint(f"name ~ '{NAME}'", "name"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", "sha256"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str]
    number: Mapped[int]
    sha256: Mapped[str]
    """Of the canonical JSON of its questions."""
    questions: Mapped[list[Any]]
    """As DESIGN's question files have them: [{"id", "question", "answers", "answerable", "passages", "type", …}, …]."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Evaluation(Base):
    """The same questions put to several arms, everything else held fixed and on record."""

    __tablename__ = "evaluations"
    __table_args__ = (
        CheckConstraint(one_of("status", EvaluationStatus), "status"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", "failed_has_error"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    question_set_id: Mapped[int] = mapped_column(ForeignKey("question_sets.id", ondelete="CASCADE"))
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    arms: Mapped[list[Any]]
    """What each arm is: [{"name", "mode", "adapter", "digest", …}, …]."""
    settings: Mapped[dict[str, Any]]
    """What all arms share: model and revision, retrieval settings, seed."""
    status: Mapped[str] = mapped_column(server_default=EvaluationStatus.QUEUED)
    wanted: Mapped[str | None]
    """`stop`, where a person asked for that."""
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    result: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Measures, comparisons and verdict, once it is finished."""
    digest: Mapped[str | None]
    """sha256 of the result, by which a promotion names it."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class EvaluationAnswer(Base):
    """What one arm said to one question, and how that was measured."""

    __tablename__ = "evaluation_answers"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Place of the question in its set."""
    answer: Mapped[str]
    refused: Mapped[bool]
    citations: Mapped[list[Any]] = mapped_column(server_default="[]")
    retrieved: Mapped[list[Any]] = mapped_column(server_default="[]")
    measures: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    timings_ms: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    receipt: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class Vote(Base):
    """A person's choice between two answers to one question, seen without knowing whose they were."""

    __tablename__ = "votes"
    __table_args__ = (CheckConstraint("winner IN ('first', 'second', 'tie', 'neither')", "winner"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    question: Mapped[str]
    first: Mapped[dict[str, Any]]
    """Whose answer stood first: {"mode", "adapter", "digest", "answer"}."""
    second: Mapped[dict[str, Any]]
    winner: Mapped[str]
    blind: Mapped[bool] = mapped_column(server_default=sa.true())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
