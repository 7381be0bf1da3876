"""Jobs: put into the queue by name, in the caller's transaction, so that a job and its row exist or do not together."""

from dataclasses import dataclass

import sqlalchemy as sa
from procrastinate import App, PsycopgConnector
from sqlalchemy.orm import Session

from chat.store.session import raw_connection

QUEUE = "default"
ALIVE_S = 30
"""Seconds since its last heartbeat after which a worker counts as gone."""


@dataclass(frozen=True)
class QueueState:
    """How the queue stands: jobs by state, and workers that gave a sign of life lately."""

    waiting: int
    running: int
    workers: int


def enqueue(session: Session, task: str, *, lock: str | None = None, **arguments: int | str) -> int:
    """Queue the task called `task`; a worker sees it when the transaction commits. Returns the job's id.

    Jobs with the same `lock` run one after another.
    """
    app = App(connector=PsycopgConnector())
    deferrer = app.configure_task(task, lock=lock, queue=QUEUE, connection=raw_connection(session))
    return int(deferrer.defer(**arguments))


def state(session: Session) -> QueueState:
    row = session.execute(
        sa.text("""
            SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
                   count(*) FILTER (WHERE status = 'doing') AS running,
                   (SELECT count(*) FROM procrastinate_workers
                    WHERE last_heartbeat > now() - make_interval(secs => :alive)) AS workers
            FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
        """),
        {"alive": ALIVE_S},
    ).one()
    return QueueState(row.waiting, row.running, row.workers)
