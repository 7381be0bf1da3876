"""Labelled questions and the retrieval settings that were chosen with them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import Base


class Question(Base):
    """A question whose bearing passages a person has marked. A collection's questions are its regression suite."""

    __tablename__ = "questions"
    __table_args__ = (UniqueConstraint("collection_id", "key"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    key: Mapped[str]
    """Its id where it was imported from; unique in the collection."""
    text: Mapped[str]
    answers: Mapped[list[Any]] = mapped_column(server_default="[]")
    answerable: Mapped[bool] = mapped_column(server_default=sa.true())
    type: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str | None]
    follows: Mapped[str | None]
    """Key of the question before it, where it is a follow-up."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QuestionPassage(Base):
    """A passage marked right or wrong for a question: these words of this document, whatever its chunks are."""

    __tablename__ = "question_passages"
    __table_args__ = (Index("ix_question_passages_question_id", "question_id"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    document: Mapped[str]
    """The document's name, kept when it is gone."""
    quote: Mapped[str] = mapped_column(server_default="")
    """The words that bear the answer; empty where the whole document does."""
    relevant: Mapped[bool] = mapped_column(server_default=sa.true())


class RetrievalRevision(Base):
    """Settings that a collection's passages are found with. One is live; the others are its history."""

    __tablename__ = "retrieval_revisions"
    __table_args__ = (
        UniqueConstraint("collection_id", "number"),
        Index("uq_retrieval_revisions_live", "collection_id", unique=True, postgresql_where=sa.text("live")),
        CheckConstraint("number > 0", "number"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    number: Mapped[int]
    settings: Mapped[dict[str, Any]]
    scores: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What it reached on held-out questions when it was made, beside what was live then."""
    note: Mapped[str] = mapped_column(server_default="")
    live: Mapped[bool] = mapped_column(server_default=sa.false())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
