"""Adapters that may answer, and which of them does."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import NAME, Base, one_of

EVERYWHERE = "coalesce(collection_id, 0)"
"""The place of a promotion in its unique indexes: a collection, or all that have none of their own."""


class Stage(StrEnum):
    """Where a promotion stands: it answers, it answers a share of the conversations beside what does, or it is over."""

    LIVE = "live"
    CANARY = "canary"
    ENDED = "ended"


class Adapter(Base):
    """A LoRA adapter that was checked in full. Its bytes lie in HOME/adapters under their digest and never change."""

    __tablename__ = "adapters"
    __table_args__ = (
        CheckConstraint(f"name ~ '{NAME}' AND name NOT IN ('base', 'rag')", "name"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", "digest"),
        CheckConstraint("origin IN ('import', 'training', 'bundled')", "origin"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(unique=True)
    base: Mapped[str]
    """Name of the model that it was trained on."""
    revision: Mapped[str | None]
    rank: Mapped[int]
    bytes: Mapped[int]
    origin: Mapped[str]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    """The training run that made it."""
    card: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What is on record of how it was made."""
    fingerprint: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """The log-probabilities it gave when it was registered, and in which number format."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None]


class Promotion(Base):
    """One decision about which adapter answers. Never deleted: together they are the history, and rollback's way back.

    At most one is live, and one a canary, for each collection and for all that have none of their own.
    """

    __tablename__ = "promotions"
    __table_args__ = (
        Index("uq_promotions_live", sa.text(EVERYWHERE), unique=True, postgresql_where=sa.text("stage = 'live'")),
        Index("uq_promotions_canary", sa.text(EVERYWHERE), unique=True, postgresql_where=sa.text("stage = 'canary'")),
        CheckConstraint(one_of("stage", Stage), "stage"),
        CheckConstraint("stage <> 'canary' OR coalesce(share > 0 AND share < 1, false)", "canary_has_share"),
        CheckConstraint("(adapter_id IS NULL) OR (digest IS NOT NULL)", "adapter_has_digest"),
        CheckConstraint("stage = 'ended' OR digest IS NULL OR adapter_id IS NOT NULL", "what_answers_exists"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    """Where it answers; None is everywhere that has no promotion of its own."""
    adapter_id: Mapped[int | None] = mapped_column(ForeignKey("adapters.id", ondelete="SET NULL"))
    adapter: Mapped[str | None]
    """Its name, kept when it is gone; None where the model answers without one."""
    digest: Mapped[str | None]
    stage: Mapped[str]
    share: Mapped[float | None]
    """The part of the conversations that a canary answers."""
    before_id: Mapped[int | None] = mapped_column(ForeignKey("promotions.id"))
    """What answered there before."""
    kind: Mapped[str]
    """`promote`, `rollback`, `canary` or `return`, the automatic end of a canary that fell behind."""
    reason: Mapped[str] = mapped_column(server_default="")
    overridden: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether a person decided against the gate."""
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """The gate's rules with what each was judged by, and the digest of the evaluation."""
    person: Mapped[str] = mapped_column(server_default="")
    """Who decided: their name, kept when they are gone."""
    signature: Mapped[str]
    """Keyed hash of who, when, where, why, from, to and the evidence: a row changed by hand no longer fits it."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
