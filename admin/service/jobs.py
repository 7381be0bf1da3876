"""What is being worked on, and what can be done about it. No Gradio, no SQL."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from admin.curation.documents.ingesting import TASK, submit_again
from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.store import catalogue, collections, jobs, runs, versions
from chat.store.catalogue import Line, Stage, View
from chat.store.jobs import AliveWorker, Job
from chat.store.tables import MemberRole


@dataclass(frozen=True)
class Workload:
    """The workers that are alive, the jobs that run, the first of those that wait, and what failed.

    `counts` says how many jobs there are by state and task. `unread` are documents whose newest version failed;
    `failed` are the jobs that failed at anything else.
    """

    workers: Sequence[AliveWorker]
    counts: Mapping[tuple[str, str], int]
    running: Sequence[Job]
    waiting: Sequence[Job]
    failed: Sequence[Job]
    unread: Sequence[Line]
    curated: Set[str]
    """Names of the collections whose jobs this person may end and try again."""

    def count(self, state: str) -> int:
        """How many jobs are in that state."""
        return sum(number for (known, _), number in self.counts.items() if known == state)


@dataclass(frozen=True)
class Jobs(Personal):
    """The jobs that a person may know of: those of documents they may read; an installation's owner knows of all."""

    def workload(self) -> Workload:
        """How things stand now."""
        with self.sessions() as session:
            seen = rights.overseen(session, self.person)
            failed = jobs.listed(session, seen, "failed")
            return Workload(
                jobs.workers(session),
                jobs.counts(session, seen),
                jobs.listed(session, seen, "running"),
                jobs.listed(session, seen, "waiting"),
                [job for job in failed if job.document_id is None],
                catalogue.listing(session, rights.readable(session, self.person), View(stage=Stage.FAILED)).lines,
                {collections.name_of(session, each) for each in rights.curated(session, self.person)},
            )

    def listed(self, states: Sequence[str] = tuple(jobs.ORDERS), limit: int | None = jobs.SHOWN) -> list[Job]:
        """The jobs in these states, at most `limit` of each. Raises `InvalidInputError` for an unknown one."""
        if unknown := set(states) - jobs.ORDERS.keys():
            raise InvalidInputError(f"No job is {', '.join(sorted(unknown))}. States: {', '.join(jobs.ORDERS)}.")
        with self.sessions() as session:
            seen = rights.overseen(session, self.person)
            return [job for state in states for job in jobs.listed(session, seen, state, limit)]

    def cancel(self, job_id: int) -> bool:
        """End a job that waits or runs; what it reads fails, as cancelled. False where it had ended by itself.

        Raises `NotFoundError` and `NotAllowedError`.
        """
        with self.sessions.begin() as session:
            job = jobs.get(session, rights.overseen(session, self.person), job_id)
            if job.document_id is not None:
                rights.document(session, self.person, job.document_id, MemberRole.CURATOR)
            if job.task == TASK and job.document_id is not None:
                versions.cancel(session, job.document_id)
            if job.task == runs.TASK:
                runs.want(session, runs.get(session, None, job.arguments["run_id"]), runs.STOP)
                return True
            return jobs.cancel(session, job_id)

    def retry(self, job_id: int) -> None:
        """Try a job that failed or was cancelled once more. Raises `NotFoundError` and `NotAllowedError`."""
        with self.sessions.begin() as session:
            job = jobs.get(session, rights.overseen(session, self.person), job_id)
            if job.document_id is not None:
                rights.document(session, self.person, job.document_id, MemberRole.CURATOR)
            if job.state not in ("failed", "cancelled"):
                raise InvalidInputError(
                    f"Job {job_id} is {job.state}: only one that failed or was cancelled is retried."
                )
            if job.task == TASK and job.document_id is not None:
                submit_again(session, job.document_id)
                jobs.forget(session, job_id)
            elif job.task == runs.TASK:
                jobs.forget(session, job_id)
                runs.resume(session, runs.get(session, None, job.arguments["run_id"]))
            else:
                jobs.retry(session, job_id)
