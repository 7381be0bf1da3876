"""Handing in files and seeing them through: by the workers there are or, where none is alive, by this process."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, track

from admin import worker
from admin.app import Parts
from admin.curation.documents.files import look_through
from admin.curation.documents.found import FoundFile, PassedOver
from admin.curation.documents.ingesting import submit
from admin.promotion import watching
from admin.service.library import Library, Reread
from chat.errors import AppError
from chat.store import jobs, versions
from chat.store.versions import VersionState

POLL_S = 0.2
WEB = ("http://", "https://")


@dataclass(frozen=True)
class Outcome:
    """What became of one file or web page."""

    path: Path | str
    document_id: int | None = None
    version_id: int | None = None
    version: int | None = None
    status: str = "failed"
    chunks: int = 0
    error: str | None = None
    unchanged: bool = False


def ingest(parts: Parts, paths: Sequence[str | Path], collection: str, console: Console) -> list[Outcome]:
    """Hand in files and web pages, and wait until each is ready or failed, with a progress bar on `console`."""
    pages = [path for path in paths if str(path).startswith(WEB)]
    outcomes, passed_over = [fetch(parts, str(page), collection) for page in pages], Counter[str]()
    for found in look_through(Path(path) for path in paths if path not in pages):
        if isinstance(found, PassedOver):
            passed_over[found.reason] += 1
        else:
            outcomes.append(hand_in(parts, found, collection))
    for reason, count in passed_over.items():
        console.print(f"Passed over {count:,}: {reason}.")
    return see_through(parts, outcomes, console)


def reindex(parts: Parts, document_ids: Sequence[int], console: Console) -> list[Outcome]:
    """Have documents' kept bytes read again, and wait until each is ready or failed, with a progress bar."""
    library = Library(parts.database.sessions, parts.settings.home, person=parts.owner)
    rereads = track(library.reread(document_ids), "Queueing", len(document_ids), console=console, transient=True)
    return see_through(parts, [outcome for reread in rereads for outcome in reread_outcomes(reread)], console)


def reread_outcomes(reread: Reread) -> list[Outcome]:
    """What became of a document that was to be read again: an outcome for each of its versions that is."""
    if reread.problem is not None:
        return [Outcome(reread.title, reread.document_id, error=reread.problem)]
    if not reread.submissions:
        return [Outcome(reread.title, reread.document_id, error="It is being read just now. Wait for that.")]
    return [
        Outcome(reread.title, reread.document_id, done.version_id, done.version, "queued")
        for done in reread.submissions
    ]


def see_through(parts: Parts, outcomes: Sequence[Outcome], console: Console) -> list[Outcome]:
    """Wait until each version is ready or failed, with a progress bar on `console`. Returns the outcomes then."""
    waiting = [outcome.version_id for outcome in outcomes if outcome.version_id is not None]
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Reading and embedding", total=max(len(waiting), 1))
        wait(parts, waiting, lambda states: bar.update(task, completed=sum(state.progress for state in states)))
    with parts.database.sessions() as session:
        states = {state.version_id: state for state in versions.states(session, waiting)}
    return [finished(outcome, states) for outcome in outcomes]


def fetch(parts: Parts, url: str, collection: str) -> Outcome:
    """Fetch a web page and submit it."""
    upload = parts.sources.add_page(url, collection)
    done = upload.submission
    if done is None:
        return Outcome(url, error=upload.problem)
    return Outcome(url, done.document_id, done.version_id, done.version, "queued", unchanged=not done.new)


def hand_in(parts: Parts, found: FoundFile, collection: str) -> Outcome:
    """Submit one file; what is wrong with it is its outcome, not an end to the others."""
    path, source = Path(found.source or found.path), found.source or str(found.path.absolute())
    if found.problem is not None:
        return Outcome(path, error=found.problem)
    try:
        with parts.database.sessions.begin() as session:
            done = submit(session, parts.settings.home, found.path, collection, name=found.name, source=source)
    except AppError as error:
        return Outcome(path, error=str(error))
    return Outcome(path, done.document_id, done.version_id, done.version, "queued", unchanged=not done.new)


def wait(parts: Parts, version_ids: Sequence[int], report: Callable[[Sequence[VersionState]], None]) -> None:
    """Return when each version is ready or failed. Works on them itself whenever no worker is alive."""

    def finished() -> bool:
        with parts.database.sessions() as session:
            states = versions.states(session, version_ids)
        report(states)
        return all(state.done for state in states)

    work_until(parts, finished)


def work_until(parts: Parts, finished: Callable[[], bool]) -> None:
    """Return when what waits for a job is finished. Does the work itself whenever no worker is alive."""

    async def until() -> bool:
        return await asyncio.to_thread(finished)

    while not finished():
        with parts.database.sessions() as session:
            workers = jobs.state(session).workers
        if workers:
            time.sleep(POLL_S)
        else:
            asyncio.run(worker.run(work_of(parts), until))


def work_of(parts: Parts) -> worker.Work:
    """Everything that a worker can do."""
    others = (
        worker.syncs(parts.sources.syncing),
        worker.rebuilds(parts.changeover),
        worker.evaluates(parts.evaluating),
        worker.drafts(parts.drafting),
        worker.trains(parts.trainer),
    )
    work = worker.make_app(parts.database.conninfo, parts.ingestion, *others)
    return replace(work, chores=[partial(watching.watch, parts.database.sessions, parts.settings.home)])


def finished(outcome: Outcome, states: Mapping[int, VersionState]) -> Outcome:
    """The outcome, with what became of its version."""
    state = states.get(outcome.version_id or 0)
    if state is None:
        return outcome
    return replace(outcome, status=state.status, chunks=state.chunks, error=state.error)


def as_document(outcome: Outcome) -> dict[str, Any]:
    """An outcome as `ingest --json` prints it."""
    fields = asdict(outcome) | {"path": str(outcome.path)}
    del fields["version_id"]
    return fields
