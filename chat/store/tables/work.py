"""What procrastinate's own tables do not say about workers and jobs: who a worker is, why a job failed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import Base

procrastinate_workers = sa.Table(
    "procrastinate_workers", Base.metadata, sa.Column("id", sa.BigInteger, primary_key=True)
)
procrastinate_jobs = sa.Table("procrastinate_jobs", Base.metadata, sa.Column("id", sa.BigInteger, primary_key=True))


class Worker(Base):
    """Where a worker runs. Its row goes with procrastinate's, which is removed when it ends or is found dead."""

    __tablename__ = "workers"

    id: Mapped[int] = mapped_column(
        ForeignKey("procrastinate_workers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())


class JobFailure(Base):
    """Why the last of the tries at a job that failed did so, in words."""

    __tablename__ = "job_failures"

    job_id: Mapped[int] = mapped_column(
        ForeignKey("procrastinate_jobs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    error: Mapped[str]
    tries: Mapped[int] = mapped_column(server_default="1")
    failed_at: Mapped[datetime] = mapped_column(server_default=func.now())
