"""`python -m admin snapshot`: frozen training examples, and `examples check`: what is wrong with those that are not."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from chat.store.snapshots import SnapshotLine

snapshot = typer.Typer(
    help="Frozen training examples, by content. What is trained is one of them.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Collection = Annotated[str, typer.Option("--collection", "-c", help="The collection that the examples are of.")]


@snapshot.command("create")
def create_snapshot(
    name: Annotated[str, typer.Argument(help="What to call it: small letters, digits and hyphens.")],
    collection: Collection = "default",
    validation: Annotated[float, typer.Option(help="Share that is kept aside to validate on, at most.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Another one draws another validation part.")] = 1,
    declare_leaks: Annotated[
        str, typer.Option("--declare-leaks", help="Why examples stay that give held-out questions away.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Freeze the approved examples of a collection, once nothing blocks it."""
    from admin.commands import opened, print_json
    from admin.service.snapshots import Wanted

    with opened() as parts:
        made = parts.snapshots.create(Wanted(name, collection, validation, seed, declare_leaks))
    if as_json:
        print_json(_line(made))
    else:
        print(f"{made.name}: {made.train:,} examples to train on, {made.validation:,} to validate on. {made.sha256}")


@snapshot.command("show")
def show_snapshot(name: str, as_json: AsJson = False) -> None:
    """One snapshot: its split, its hash, what the checks said of it, its examples, and the runs that used it."""
    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        line, rows = parts.snapshots.show(name)
    if as_json:
        listed = [{"id": r.key, "version": r.number, "split": r.split, "sha256": r.sha256} for r in rows]
        print_json(_line(line) | {"report": dict(line.report), "examples": listed})
        return
    print(f"{line.name} ({line.collection}), {line.train:,} train, {line.validation:,} validation, {line.sha256}")
    shown = ((r.key, r.number, r.split, r.wording.question[:80]) for r in rows)
    print_table(("Example", "Version", "Split", "Question"), shown, "")


@snapshot.command("list")
def list_snapshots(as_json: AsJson = False) -> None:
    """All snapshots, the newest first."""
    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        found = parts.snapshots.lines()
    if as_json:
        print_json({"snapshots": [_line(line) for line in found]})
        return
    print_table(
        ("Snapshot", "Collection", "Train", "Validation", "Hash", "Made", "Runs"),
        (
            (s.name, s.collection, s.train, s.validation, s.sha256[:12], f"{s.created_at:%Y-%m-%d %H:%M}", len(s.runs))
            for s in found
        ),
        "There are no snapshots yet. `python -m admin snapshot create NAME` makes one of the approved examples.",
    )


@snapshot.command("diff")
def diff_snapshots(before: str, after: str, as_json: AsJson = False) -> None:
    """What the second snapshot has that the first has not, and the other way round."""
    from admin.commands import opened, print_json

    with opened() as parts:
        found = parts.snapshots.diff(before, after)
    if as_json:
        print_json({"before": before, "after": after, **asdict(found)})
        return
    for said, keys in (
        ("+", found.added),
        ("-", found.removed),
        ("~", found.reworded),
        ("split changed:", found.moved),
    ):
        for key in keys:
            print(f"{said} {key}")
    print(f"{found.same:,} example(s) are the same in both.")


@snapshot.command("delete")
def delete_snapshot(
    name: str, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, as_json: AsJson = False
) -> None:
    """Delete a snapshot that no training run learned from. Its examples stay."""
    from admin.commands import confirm, opened, print_json

    with opened() as parts:
        line, _ = parts.snapshots.show(name)
        confirm(f"Delete the snapshot {name} of {line.rows:,} examples? The examples stay.", yes=yes)
        gone = parts.snapshots.delete(name)
    if as_json:
        print_json({"deleted": gone.name, "sha256": gone.sha256})
    else:
        print(f"Deleted {gone.name}. Its examples are kept.")


def check_examples(collection: Collection = "default", as_json: AsJson = False) -> None:
    """Look for duplicates, leaks, secrets, personal data, contradictions, and what is too long or stale."""
    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        found = parts.checks.report(collection)
    if as_json:
        print_json(found.groups())
        return
    for said in found.unchecked:
        print(f"Not checked. {said}")
    print_table(
        ("Check", "Examples", "What", "Stands"),
        ((f.check.replace("_", " "), ", ".join(f.keys), f.what, _stands(f.blocks, f.accepted)) for f in found.findings),
        f"Nothing was found in {found.examples:,} example(s) of {collection}.",
    )


def _stands(blocks: bool, accepted: Any) -> str:
    if accepted is not None:
        return f"accepted: {accepted.reason}"
    return "blocks a snapshot" if blocks else "to be looked at"


def _line(line: "SnapshotLine") -> dict[str, Any]:
    return {
        "snapshot": line.name,
        "collection": line.collection,
        "sha256": line.sha256,
        "rows": line.rows,
        "train": line.train,
        "validation": line.validation,
        "settings": dict(line.settings),
        "checks": line.report.get("counts", {}),
        "by": line.person,
        "created_at": line.created_at.isoformat(timespec="seconds"),
        "runs": [run.run for run in line.runs],
    }
