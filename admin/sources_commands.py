"""`python -m admin sources`: the places that documents are kept up to date from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from admin.app import Parts
    from admin.curation.sources.plan import Plan
    from chat.store.sources import SourceLine, Sync
    from chat.store.tables import SourceKind

sources = typer.Typer(
    help="Folders, web pages and sitemaps that documents are kept up to date from.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
SourceId = Annotated[int, typer.Argument(help="Its id, as `sources list` shows it.")]


@sources.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """All sources, with what their last sync did."""
    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        found = parts.sources.lines()
    if as_json:
        print_json({"sources": [_line(line) for line in found]})
        return
    print_table(
        ("Id", "Source", "Kind", "Where", "Collection", "Documents", "Synced", "Did"),
        (
            (s.source_id, s.name, s.kind, s.places[0], s.collection, s.documents, s.synced_at, _did(s.sync))
            for s in found
        ),
        "There are no sources yet. `python -m admin sources add NAME FOLDER` adds one.",
    )


@sources.command("add")
def add_source(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    places: Annotated[list[str], typer.Argument(help="A folder, addresses of web pages, or a sitemap's address.")],
    collection: Annotated[str, typer.Option(help="Where its documents go; made if it does not exist.")] = "default",
    kind: Annotated[str | None, typer.Option(help="folder, urls or sitemap; else what the place looks like.")] = None,
    every: Annotated[int | None, typer.Option(help="Minutes between syncs; without, only when asked.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Add a source. A worker syncs it at once, or `sources sync` does."""
    from admin.commands import opened, print_json
    from admin.service.sources import NewSource

    chosen = _kind(kind, places)
    if chosen == "folder":
        places = [str(Path(place).expanduser().absolute()) for place in places]
    with opened() as parts:
        source_id = parts.sources.add(NewSource(name, chosen, "\n".join(places), collection, every))
    if as_json:
        print_json({"source": source_id})
    else:
        print(f"Source {source_id} is there. `python -m admin sources sync {source_id}` syncs it now.")


@sources.command("sync")
def sync_source(
    source: SourceId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")] = False,
    remove_anyway: Annotated[
        bool, typer.Option("--remove-anyway", help="Remove what vanished, even if that is more than half.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the documents what the source has, and wait until they are read. Exit 1 if it failed."""
    from admin.commands import opened

    with opened() as parts:
        failed = _preview(parts, source, as_json) if dry_run else _sync(parts, source, remove_anyway, as_json)
    if failed:
        raise typer.Exit(1)


@sources.command("remove")
def remove_source(
    source: SourceId,
    delete_documents: Annotated[
        bool, typer.Option("--delete-documents", help="Delete the documents that it made, too. Without, they stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a source. Its documents stay, unless told otherwise."""
    from admin.commands import confirm, opened, sentence_of

    with opened() as parts:
        line = next((line for line in parts.sources.lines() if line.source_id == source), None)
        if line is not None:
            fate = f"delete its {line.documents} document(s)" if delete_documents else "keep its documents"
            confirm(f"Remove the source {line.name} and {fate}?", yes=yes)
        receipt = parts.sources.remove(source, with_documents=delete_documents)
    print(f"Removed. {sentence_of(receipt)} deleted." if delete_documents else "Removed. Its documents are kept.")


def _preview(parts: "Parts", source_id: int, as_json: bool) -> bool:
    from admin.commands import print_json, print_table

    plan: Plan
    *_, plan = parts.sources.preview(source_id)
    shown = [finding for finding in plan.findings if finding.change != "unchanged"]
    if as_json:
        items = [{"place": f.place, "change": f.change.value, "reason": f.reason} for f in plan.findings]
        print_json({"source": source_id, **plan.counts, "held_back": plan.held_back, "items": items})
        return False
    print_table(("Change", "Place", "Why"), ((f.change, f.place, f.reason) for f in shown), "Nothing would change.")
    if plan.held_back:
        print(plan.held_back)
    return False


def _sync(parts: "Parts", source_id: int, removing: bool, as_json: bool) -> bool:
    """Sync with a progress bar, then see the documents through. Returns whether it failed."""
    from rich.console import Console
    from rich.progress import Progress

    from admin import ingest
    from admin.commands import print_json

    with Progress(console=Console(stderr=True, quiet=as_json), transient=True) as bar:
        task = bar.add_task("Looking", total=None)
        done = parts.sources.sync_now(
            source_id,
            lambda sync: bar.update(task, total=sync.total or None, completed=sync.done),
            removing=removing,
        )
    if done is None:
        print("Another process syncs it now. `python -m admin sources list` shows how it goes.")
        return False
    ingest.wait(parts, parts.sources.in_work(source_id), lambda _: None)
    if as_json:
        print_json({"source": source_id, **_result(done)})
    else:
        print(f"{done.error or _did(done)}. {done.held_back}".strip())
        for place, reason in done.problems:
            print(f"  {place}: {reason}")
    return done.state == "failed"


def _kind(kind: str | None, places: list[str]) -> "SourceKind":
    from chat.errors import InvalidInputError
    from chat.store.tables import SourceKind

    if kind is not None:
        if kind not in list(SourceKind):
            raise InvalidInputError(f"A source is one of: {', '.join(SourceKind)}.")
        return SourceKind(kind)
    if "://" not in places[0]:
        return SourceKind.FOLDER
    listed = len(places) == 1 and places[0].endswith((".xml", ".xml.gz"))
    return SourceKind.SITEMAP if listed else SourceKind.URLS


def _row(line: "SourceLine") -> tuple[object, ...]:
    synced = f"{line.synced_at:%Y-%m-%d %H:%M}" if line.synced_at else "never"
    did = _did(line.sync)
    return line.source_id, line.name, line.kind, line.places[0], line.collection, line.documents, synced, did


def _did(sync: "Sync") -> str:
    return ", ".join(f"{number:,} {change}" for change, number in sync.counts.items() if number) or sync.state


def _result(sync: "Sync") -> dict[str, Any]:
    from admin.curation.sources.survey import Change

    return {
        "status": sync.state,
        **{change.value: sync.counts.get(change, 0) for change in Change},
        "problems": [{"place": place, "reason": reason} for place, reason in sync.problems],
        "held_back": sync.held_back,
        "error": sync.error or None,
    }


def _line(line: "SourceLine") -> dict[str, Any]:
    moments = {"synced_at": line.synced_at, "next_sync_at": line.next_sync_at}
    return {
        "source": line.source_id,
        "name": line.name,
        "kind": line.kind,
        "places": list(line.places),
        "collection": line.collection,
        "every_minutes": line.every_minutes,
        "documents": line.documents,
        **{name: moment and moment.isoformat(timespec="seconds") for name, moment in moments.items()},
        "last": _result(line.sync),
    }
