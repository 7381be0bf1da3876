"""`python -m admin questions`: the labelled questions of a collection."""

from pathlib import Path
from typing import Annotated

import typer

questions = typer.Typer(help="Labelled questions: what a collection should find.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Collection = Annotated[str, typer.Option("--collection", "-c", help="The collection that they are asked of.")]


@questions.command("import")
def import_questions(
    file: Annotated[Path, typer.Argument(help="One JSON object a line, as demo/questions.jsonl has them.")],
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Keep the questions of a file; those whose id is known already are replaced."""
    from admin.commands import opened, print_json
    from admin.curation.labelled import read

    new = read(file)
    with opened() as parts:
        added, replaced = parts.bench.put(collection, new)
    if as_json:
        print_json({"collection": collection, "added": added, "replaced": replaced})
    else:
        print(f"{collection}: {added} question(s) added, {replaced} replaced.")


@questions.command("list")
def list_questions(collection: Collection = "default", as_json: AsJson = False) -> None:
    """The questions of a collection, with the passages that are marked for them."""
    from dataclasses import asdict

    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        known = parts.bench.standing(collection).questions
    if as_json:
        print_json({"questions": [asdict(each) for each in known]})
        return
    print_table(
        ("Id", "Question", "Answer", "Right passages"),
        ((each.key, each.text, "yes" if each.answerable else "none", len(each.right)) for each in known),
        f"There are no labelled questions in {collection} yet. `python -m admin questions import FILE` adds some.",
    )
