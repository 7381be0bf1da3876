"""`python -m admin jobs`: what is being worked on, and what can be done about it."""

from typing import Annotated

import typer

jobs = typer.Typer(help="The jobs: what waits, runs or failed.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
JobId = Annotated[int, typer.Argument(help="Its id, as `jobs list` shows it.")]


@jobs.command("list")
def list_jobs(
    state: Annotated[list[str] | None, typer.Option(help="waiting, running, failed or cancelled; all without.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many of each state.", min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """Workers that are alive, and the jobs. One that succeeded is no longer there: its document is."""
    from dataclasses import asdict

    from admin.commands import opened, print_json, print_table
    from admin.service.jobs import Jobs
    from chat.store.jobs import ORDERS

    with opened() as parts:
        service = Jobs(parts.database.sessions, person=parts.owner)
        found = service.listed(state or tuple(ORDERS), limit)
        workers = service.workload().workers
    if as_json:
        listed = [asdict(job) | {"since": job.since and job.since.isoformat(timespec="seconds")} for job in found]
        alive = [asdict(worker) | {"since": worker.since.isoformat(timespec="seconds")} for worker in workers]
        print_json({"workers": alive, "jobs": listed})
        return
    print_table(
        ("Worker", "Host", "Process", "Since", "Jobs in hand"),
        ((w.id, w.host, w.pid, f"{w.since.astimezone():%Y-%m-%d %H:%M}", w.jobs) for w in workers),
        "No worker is running. `python -m admin worker` starts one.",
    )
    print_table(
        ("Job", "Task", "State", "Document", "Done", "Error"),
        ((j.id, j.task, j.state, j.document or "", done(j.state, j.progress), j.error or "") for j in found),
        "There are no jobs.",
    )


def done(state: str, progress: float | None) -> str:
    """How far a running job is, where that is known."""
    return f"{progress:.0%}" if state == "running" and progress is not None else ""


@jobs.command("retry")
def retry(job: JobId, as_json: AsJson = False) -> None:
    """Try a job that failed or was cancelled once more."""
    from admin.commands import opened, print_json
    from admin.service.jobs import Jobs

    with opened() as parts:
        Jobs(parts.database.sessions, person=parts.owner).retry(job)
    if as_json:
        print_json({"job": job, "retried": True})
    else:
        print(f"Job {job} is tried once more.")


@jobs.command("cancel")
def cancel(job: JobId, as_json: AsJson = False) -> None:
    """End a job that waits or runs. What it reads fails, as cancelled; what answered before goes on answering."""
    from admin.commands import opened, print_json
    from admin.service.jobs import Jobs

    with opened() as parts:
        cancelled = Jobs(parts.database.sessions, person=parts.owner).cancel(job)
    if as_json:
        print_json({"job": job, "cancelled": cancelled})
    else:
        print(f"Job {job} is cancelled." if cancelled else f"Job {job} had ended already.")
