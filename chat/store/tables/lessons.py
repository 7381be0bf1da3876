"""What adapters learn from: training examples, frozen snapshots of them, and training runs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import NAME, Base, one_of


class ExampleState(StrEnum):
    """Where an example stands in review. Only approved ones are trained on."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    NEEDS_WORK = "needs work"


class ExampleOrigin(StrEnum):
    """Where an example came from."""

    RATED = "rated"
    MANUAL = "manual"
    IMPORT = "import"
    DOCUMENT = "document"


class Split(StrEnum):
    """What an example of a snapshot is for."""

    TRAIN = "train"
    VALIDATION = "validation"


class RunStatus(StrEnum):
    """Where a training run stands. One that is `paused`, `stopped` or `failed` can be resumed."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


class Example(Base):
    """A training example. What it says is in its versions; the latest is what reviewers see."""

    __tablename__ = "examples"
    __table_args__ = (
        UniqueConstraint("collection_id", "key"),
        CheckConstraint(one_of("state", ExampleState), "state"),
        CheckConstraint(one_of("origin", ExampleOrigin), "origin"),
        Index("ix_examples_state", "collection_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    key: Mapped[str]
    """Its id where it was imported from; unique in the collection."""
    state: Mapped[str] = mapped_column(server_default=ExampleState.DRAFT)
    origin: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    """Number of the latest version."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExampleVersion(Base):
    """One wording of an example. It never changes."""

    __tablename__ = "example_versions"
    __table_args__ = (
        UniqueConstraint("example_id", "number"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", "sha256"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    example_id: Mapped[int] = mapped_column(ForeignKey("examples.id", ondelete="CASCADE"))
    number: Mapped[int]
    prompt: Mapped[list[Any]]
    """The turns before the completion, as [{"role", "content"}, …], oldest first; the last is the user's."""
    completion: Mapped[str]
    rejected: Mapped[str | None]
    """The worse completion, where the example is a preference."""
    passages: Mapped[list[Any]] = mapped_column(server_default="[]")
    """The passages that the answer saw, in the prompt's order: [{"document", "section", "text"}, …]."""
    answerable: Mapped[bool] = mapped_column(server_default=sa.true())
    """Whether the passages bear an answer; if not, the completion says so."""
    language: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What an imported row held beside that, so that an export gives it back."""
    sha256: Mapped[str]
    """Of the canonical JSON of prompt, completion, rejected, passages and answerable."""
    note: Mapped[str] = mapped_column(server_default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExampleSource(Base):
    """A place in a document version that an example's version was made from."""

    __tablename__ = "example_sources"
    __table_args__ = (Index("ix_example_sources_document_id", "document_id"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    example_version_id: Mapped[int] = mapped_column(ForeignKey("example_versions.id", ondelete="CASCADE"), index=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    document: Mapped[str]
    """The document's name, kept when it is gone."""
    version: Mapped[int | None]
    """Number of the document's version; None where only the document is known."""
    start_char: Mapped[int | None]
    end_char: Mapped[int | None]
    quote: Mapped[str] = mapped_column(server_default="")


class ExampleReview(Base):
    """What a reviewer said of a version of an example."""

    __tablename__ = "example_reviews"
    __table_args__ = (CheckConstraint(one_of("state", ExampleState), "state"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    example_version_id: Mapped[int] = mapped_column(ForeignKey("example_versions.id", ondelete="CASCADE"), index=True)
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AcceptedFinding(Base):
    """A finding of a check that a person accepted, on record: these examples, this check, this reason."""

    __tablename__ = "accepted_findings"
    __table_args__ = (UniqueConstraint("collection_id", "finding"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    check: Mapped[str]
    finding: Mapped[str]
    """sha256 of the check's name and what it found it in: changed content is a new finding."""
    reason: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Snapshot(Base):
    """A frozen list of example versions, by content. It never changes, and neither do its examples' versions."""

    __tablename__ = "snapshots"
    __table_args__ = (
        CheckConstraint(f"name ~ '{NAME}'", "name"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", "sha256"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    """Of its rows as the JSONL file that it stands for."""
    settings: Mapped[dict[str, Any]]
    """How it was split, and what was declared."""
    report: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the checks said of it when it was made."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SnapshotRow(Base):
    """One example version of a snapshot, at its place in the file."""

    __tablename__ = "snapshot_rows"
    __table_args__ = (CheckConstraint(one_of("split", Split), "split"),)

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    example_version_id: Mapped[int] = mapped_column(ForeignKey("example_versions.id"), index=True)
    """Not deleted with its example: first the snapshot has to go."""
    split: Mapped[str]


class Run(Base):
    """A training run: what goes in, how far it is, and what came out. Its files lie in HOME/runs/<id>."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(one_of("status", RunStatus), "status"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", "failed_has_error"),
        Index(
            "uq_runs_device",
            "device",
            unique=True,
            postgresql_where=sa.text("status = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshots.id", ondelete="SET NULL"))
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    preset: Mapped[str]
    base: Mapped[str]
    settings: Mapped[dict[str, Any]]
    """Every hyperparameter, as it was in effect."""
    device: Mapped[str] = mapped_column(server_default="cpu")
    """Host and device; one run at a time has it."""
    status: Mapped[str] = mapped_column(server_default=RunStatus.QUEUED)
    wanted: Mapped[str | None]
    """What a person asked of a running one: `pause` or `stop`."""
    step: Mapped[int] = mapped_column(server_default="0")
    steps: Mapped[int | None]
    error: Mapped[str | None]
    record: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the adapter's card is made from, once there is one."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
