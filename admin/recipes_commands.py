"""`python -m admin recipe`: makes again what comes with the program, by the program's own means."""

from pathlib import Path
from typing import Annotated

import typer

recipe = typer.Typer(help="Recipes: how the adapters that come with the program are made.", no_args_is_help=True)


@recipe.command("grounded")
def grounded(
    squad: Annotated[
        Path | None,
        typer.Option(help="The questions of SQuAD 2.0 as one file; without, a smaller set of our own rows."),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the adapter.")] = "grounded",
    settings: Annotated[list[str] | None, typer.Option("--set", help="A setting of the training: epochs=2.")] = None,
    rows_only: Annotated[bool, typer.Option("--rows-only", help="Make and freeze the rows, and stop there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Make the rows of `grounded`, freeze them and train it. Made again here, unchanged, they are the same rows."""
    from dataclasses import asdict

    from rich.console import Console

    from admin import recipes, training_commands
    from admin.commands import opened, print_json
    from admin.training.grounded.recipe import SETTINGS

    console = Console(stderr=True, quiet=as_json)
    with opened() as parts:
        made = recipes.make(parts, squad, console)
    console.print(
        f"{made.rows}: {made.train:,} questions to learn from, {made.validation:,} to validate on, "
        f"{made.unanswerable:,} of them without an answer. Snapshot {made.snapshot}."
    )
    if rows_only:
        if as_json:
            print_json(asdict(made) | {"rows": str(made.rows)})
        return
    chosen = [f"{key}={value}" for key, value in SETTINGS.items()] + (settings or [])
    training_commands.train(snapshot=made.snapshot, name=name, settings=chosen, as_json=as_json)


@recipe.command("pack")
def pack(
    folder: Annotated[Path, typer.Argument(help="A new folder, such as demo/adapters/grounded.")],
    adapter: Annotated[str, typer.Option(help="Which adapter.")] = "grounded",
    reports: Annotated[
        list[Path] | None,
        typer.Option("--report", help="What `evaluate --json` printed; its name says what was asked."),
    ] = None,
) -> None:
    """Export an adapter as the project carries it, with its card and its evaluations."""
    from admin import recipes
    from admin.commands import opened

    with opened() as parts:
        recipes.pack(parts, adapter, folder, reports or [])
    print(f"{folder}: {adapter}, with {len(reports or [])} evaluation(s) in its card.")
