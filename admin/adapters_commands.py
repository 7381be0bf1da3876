"""`python -m admin adapters`: what was learned, and which of it answers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from chat.store.adapters import Line
    from chat.store.promotion_history import Decided

adapters = typer.Typer(help="What was learned, and which of it answers.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Name = Annotated[str, typer.Argument(help="Its name, as `adapters list` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Where = Annotated[str | None, typer.Option("--collection", help="Only in this one; without, wherever none of its own.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it is kept on record.")]


@adapters.command("list")
def list_adapters(as_json: AsJson = False) -> None:
    """All adapters, with where each answers."""
    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        lines = parts.adapters.listed()
    if as_json:
        print_json({"adapters": [_line(line) for line in lines]})
        return
    print_table(
        ("Adapter", "State", "Answers in", "Base", "Rank", "Digest", "Made", "From"),
        (
            (
                each.name, each.state, _where(each), each.base, each.rank, each.digest[:12],
                f"{each.created_at:%Y-%m-%d %H:%M}", f"run {each.run_id}" if each.run_id else each.origin,
            )
            for each in lines
        ),
        "There are no adapters yet. Train one, or `python -m admin adapters import FOLDER --name NAME`.",
    )  # fmt: skip


@adapters.command("show")
def show_adapter(name: Name, as_json: AsJson = False) -> None:
    """One adapter: what is on record of it, and what was decided about it."""
    from admin.commands import opened, print_json

    with opened() as parts:
        shown = parts.adapters.show(name)
    if as_json:
        decisions = [_decision(each) for each in shown.decisions]
        print_json(_line(shown.line) | {"card": dict(shown.line.card), "decisions": decisions})
        return
    for key, value in (_line(shown.line) | dict(shown.line.card)).items():
        print(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    _print_history(shown.decisions)


@adapters.command("import")
def import_adapter(
    folder: Annotated[Path, typer.Argument(help="A folder as PEFT saves it.")],
    name: Annotated[str, typer.Option(help="What to call it: small letters, digits, hyphens.")],
    as_json: AsJson = False,
) -> None:
    """Check an adapter in full, have the model say a text with it, and register it as a candidate."""
    from rich.console import Console

    from admin.commands import opened, print_json

    with opened() as parts, Console(stderr=True, quiet=as_json).status("Checking it with the model…"):
        line = parts.adapters.take_in(folder, name)
    if as_json:
        print_json(_line(line))
    else:
        print(f"{name} ({line.digest[:12]}) is there, as a candidate. `python -m admin adapters promote {name}`")


@adapters.command("export")
def export_adapter(name: Name, folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Copy an adapter to a folder, for PEFT, vLLM or another installation."""
    from admin.commands import opened

    with opened() as parts:
        parts.adapters.export(name, folder)
    print(f"{name} is in {folder}.")


@adapters.command("history")
def show_history(as_json: AsJson = False) -> None:
    """Every decision about which adapter answers: who, when, why, and whether it is as it was signed."""
    from admin.commands import opened, print_json

    with opened() as parts:
        decisions = parts.adapters.history(None)
    if as_json:
        print_json({"decisions": [_decision(each) for each in decisions]})
    else:
        _print_history(decisions)


@adapters.command("retire")
def retire_adapter(name: Name, undo: Annotated[bool, typer.Option("--undo", help="Offer it again.")] = False) -> None:
    """Offer an adapter no longer. It keeps its files, and can be brought back."""
    from admin.commands import opened

    with opened() as parts:
        parts.adapters.retire(name, undo=undo)
    print(f"{name} is a candidate again." if undo else f"{name} is retired. `adapters retire {name} --undo` undoes it.")


@adapters.command("sync")
def sync_adapters(as_json: AsJson = False) -> None:
    """Have a remote model server load what is registered and unload what is not. Exit 1 if it cannot all of it."""
    from admin.commands import opened, print_json
    from admin.serving import Serving

    with opened() as parts:
        serving = Serving(parts.database.sessions, parts.settings)
        brought = serving.bring() if serving.remote else None
    if as_json:
        print_json({"remote": serving.remote, **(asdict(brought) if brought else {})})
    elif brought is None:
        print("The engine of this machine finds its adapters by itself. There is nothing to do.")
    else:
        for name, why in brought.failed.items():
            print(f"{name}: {why}")
        print(f"Loaded: {', '.join(brought.loaded) or 'none'}. Unloaded: {', '.join(brought.unloaded) or 'none'}.")
    if brought is not None and brought.failed:
        raise typer.Exit(1)


@adapters.command("delete")
def delete_adapter(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete an adapter with its files. What was decided about it stays on record."""
    from admin.commands import confirm, opened, print_json

    with opened() as parts:
        line = parts.adapters.show(name).line
        confirm(
            f"Delete {name} ({line.digest[:12]}, {line.bytes:,} bytes) for good? Only a copy could bring it back.",
            yes=yes,
        )
        gone = parts.adapters.delete(name)
    if as_json:
        print_json(asdict(gone))
    else:
        print(f"Deleted {name} ({gone.digest[:12]}): {gone.size:,} bytes of files. Its decisions stay on record.")


def _line(line: "Line") -> dict[str, Any]:
    plain = ("name", "digest", "base", "revision", "rank", "bytes", "origin", "state", "serving", "person")
    return {
        **{name: getattr(line, name) for name in plain},
        "run": line.run_id,
        "answers": [{"collection": use.collection, "share": use.share} for use in line.uses],
        "created_at": line.created_at.isoformat(timespec="seconds"),
        "retired_at": line.retired_at and line.retired_at.isoformat(timespec="seconds"),
    }


def _where(line: "Line") -> str:
    said = ((use.collection or "everywhere", f" ({use.share:.0%})" if use.share else "") for use in line.uses)
    return ", ".join(f"{place}{share}" for place, share in said)


def _decision(decided: "Decided") -> dict[str, Any]:
    moments = ("created_at", "ended_at")
    return asdict(decided) | {
        name: when and when.isoformat(timespec="seconds") for name in moments for when in (getattr(decided, name),)
    }


def _print_history(decisions: "Sequence[Decided]") -> None:
    from admin.commands import print_table

    print_table(
        ("Id", "When", "Who", "Did", "Where", "From", "To", "Why", "Signature"),
        (
            (
                each.id, f"{each.created_at:%Y-%m-%d %H:%M}", each.person, each.kind, each.collection or "everywhere",
                each.before or "–", each.adapter or "–", each.reason, "fits" if each.fits else "DOES NOT FIT",
            )
            for each in decisions
        ),
        "Nothing was decided yet. `python -m admin adapters promote NAME` lets an adapter answer.",
    )  # fmt: skip
