"""What the commands of `python -m admin` do."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from admin import ingest as ingesting
from admin import worker
from admin.app import Parts, assemble, build
from admin.service.editing import Editing
from admin.service.library import Library, Receipt
from chat.door import opening
from chat.settings import load_settings
from chat.store import documents, jobs, versions


@contextmanager
def opened() -> Iterator[Parts]:
    """The parts of admin, given back at the end."""
    parts = assemble(load_settings())
    try:
        yield parts
    finally:
        parts.close()


def web() -> None:
    """Run the admin app until interrupted."""
    import uvicorn

    # uvicorn sends itself the signal again when it has ended; unhandled, that would leave the parts open.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with opened() as parts:
        opening.prepare(parts.database.sessions, parts.settings)
        host, port = parts.settings.host, parts.settings.admin_port
        config = uvicorn.Config(build(parts), host, port, log_level="warning")
        print(f"Admin: http://{host}:{port}", flush=True)
        uvicorn.Server(config).run()


def work() -> None:
    """Run jobs until SIGTERM or Ctrl-C; the one in hand is finished first or, if it is a long one, put back."""
    with opened() as parts:
        asyncio.run(work_until_signal(parts))


def check_worker() -> None:
    """Exit 1 unless some worker gave a sign of life lately."""
    with opened() as parts, parts.database.sessions() as session:
        alive = jobs.state(session).workers
    print(f"{alive} alive")
    raise typer.Exit(0 if alive else 1)


async def work_until_signal(parts: Parts) -> None:
    running = asyncio.ensure_future(worker.run(ingesting.work_of(parts)))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    print("Worker: ready for jobs", flush=True)
    try:
        await running
    except asyncio.CancelledError:
        print("Worker: stopped", flush=True)


def ingest(paths: Sequence[str], collection: str, *, as_json: bool) -> None:
    """Add documents; exit 1 if any failed."""
    with opened() as parts:
        outcomes = ingesting.ingest(parts, paths, collection, Console(stderr=True, quiet=as_json))
    if not outcomes:
        typer.echo("There is nothing to read there.", err=True)
    report(outcomes, as_json=as_json)


def report(outcomes: Sequence[ingesting.Outcome], *, as_json: bool) -> None:
    """Print what became of each; exit 1 if any failed."""
    if as_json:
        print_json({"documents": [ingesting.as_document(outcome) for outcome in outcomes]})
    for outcome in [] if as_json else outcomes:
        print(f"{outcome.path}: {sentence(outcome)}")
    if any(outcome.status != "ready" for outcome in outcomes):
        raise typer.Exit(1)


def sentence(outcome: ingesting.Outcome) -> str:
    if outcome.error is not None:
        return f"failed. {outcome.error}"
    if outcome.unchanged:
        return f"unchanged, nothing to do (document {outcome.document_id}, version {outcome.version})"
    return f"ready, {outcome.chunks} chunks (document {outcome.document_id}, version {outcome.version})"


def list_documents(collection: str | None, *, as_json: bool) -> None:
    with opened() as parts, parts.database.sessions() as session:
        found = documents.summaries(session, collection)
    if as_json:
        print_json({"documents": [asdict(summary) for summary in found]})
        return
    columns = ("Id", "Document", "Collection", "Status", "Version", "Chunks", "Error")
    print_table(
        columns,
        ((d.document_id, d.document, d.collection, d.status, d.version, d.chunks, d.error or "") for d in found),
        "There are no documents yet. `python -m admin ingest FOLDER` adds some.",
    )


def show_document(document_id: int, *, as_json: bool) -> None:
    with opened() as parts, parts.database.sessions() as session:
        summary = next((d for d in documents.summaries(session) if d.document_id == document_id), None)
        rows = [
            {name: getattr(version, name) for name in ("number", "status", "live", "sha256", "size", "error")}
            | {"created_at": version.created_at.isoformat(timespec="seconds")}
            for version in versions.of_document(session, document_id)
        ]
    assert summary is not None
    if as_json:
        print_json(asdict(summary) | {"versions": rows})
        return
    print(f"{summary.document} ({summary.collection}), from {summary.source}")
    print_table(
        ("Version", "Status", "Answers", "Added", "Bytes", "Error"),
        (
            (
                row["number"],
                row["status"],
                "yes" if row["live"] else "",
                row["created_at"],
                row["size"],
                row["error"] or "",
            )
            for row in rows
        ),
        "",
    )


def roll_back(document_id: int, number: int) -> None:
    with opened() as parts, parts.database.sessions.begin() as session:
        versions.make_live(session, document_id, number)
    print(f"Version {number} of document {document_id} answers now.")


def reindex(document_ids: Sequence[int], collection: str | None, *, every: bool, as_json: bool) -> None:
    """Read kept bytes again; exit 1 if any failed."""
    with opened() as parts:
        library = Library(parts.database.sessions, parts.settings.home, person=parts.owner)
        chosen = library.curated(collection) if collection or every else document_ids
        outcomes = ingesting.reindex(parts, chosen, Console(stderr=True, quiet=as_json))
    report(outcomes, as_json=as_json)


def publish_document(document_id: int) -> None:
    with opened() as parts:
        number = Editing(parts.database.sessions, parts.settings.home, person=parts.owner).publish(document_id)
    print(f"Version {number} of document {document_id} answers now.")


def delete_document(document_id: int, *, yes: bool) -> None:
    with opened() as parts:
        library = Library(parts.database.sessions, parts.settings.home, person=parts.owner)
        opened_document = library.document(document_id)
        confirm(f"Delete {opened_document.line.title} with its {len(opened_document.versions)} version(s)?", yes=yes)
        receipt = library.delete([document_id])
    print(f"Deleted {opened_document.line.title}: {sentence_of(receipt)}. It answers no more.")


def sentence_of(receipt: Receipt) -> str:
    return (
        f"{receipt.documents} document(s), {receipt.versions} version(s), {receipt.chunks} chunks, "
        f"{receipt.size:,} bytes of files"
    )


def list_collections(*, as_json: bool) -> None:
    with opened() as parts:
        found = Library(parts.database.sessions, parts.settings.home, person=parts.owner).collections()
    if as_json:
        print_json({"collections": [asdict(summary) for summary in found]})
        return
    print_table(("Collection", "Documents"), ((c.name, c.documents) for c in found), "There are no collections yet.")


def create_collection(name: str) -> None:
    with opened() as parts:
        Library(parts.database.sessions, parts.settings.home, person=parts.owner).create_collection(name)
    print(f"There is a collection {name} now.")


def delete_collection(name: str, *, yes: bool) -> None:
    with opened() as parts:
        confirm(f"Delete the collection {name} with all its documents?", yes=yes)
        receipt = Library(parts.database.sessions, parts.settings.home, person=parts.owner).delete_collection(name)
    print(f"Deleted {name}: {sentence_of(receipt)}.")


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless told not to. Ends the program where the answer is no."""
    if not yes and not typer.confirm(question):
        raise typer.Exit(1)


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table on stdout, or the sentence `empty` where there is no row."""
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table if table.row_count else empty, markup=False)
