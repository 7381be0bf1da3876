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
    from admin.curation.bench.labelled import read

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


@questions.command("freeze")
def freeze_questions(
    name: Annotated[str, typer.Argument(help="What to call the set; a change makes its next number.")],
    file: Annotated[
        Path | None, typer.Argument(help="JSON lines, SQuAD or a BEIR folder; without, the labelled questions.")
    ] = None,
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Hold questions out from training, as a set that never changes. The same content is the same set."""
    from admin.commands import opened, print_json

    with opened() as parts:
        sets = parts.question_sets
        line, new = sets.read(collection, name, file) if file else sets.freeze(collection, name)
    if as_json:
        print_json({"set": line.name, "number": line.number, "questions": line.questions, "sha256": line.sha256})
    else:
        said = "is frozen" if new else "was frozen before, with the same content"
        print(f"{line.name} {line.number}: {line.questions:,} question(s). It {said}. {line.sha256}")


@questions.command("sets")
def list_sets(collection: Collection = "default", as_json: AsJson = False) -> None:
    """The question sets of a collection, the newest first."""
    from dataclasses import asdict

    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        found = parts.question_sets.lines(collection)
    if as_json:
        lines = [asdict(line) | {"created_at": line.created_at.isoformat(timespec="seconds")} for line in found]
        print_json({"sets": lines})
        return
    print_table(
        ("Set", "Number", "Questions", "Hash", "Made"),
        ((s.name, s.number, s.questions, s.sha256[:12], f"{s.created_at:%Y-%m-%d %H:%M}") for s in found),
        f"There are no question sets in {collection} yet. `python -m admin questions freeze NAME FILE` makes one.",
    )
