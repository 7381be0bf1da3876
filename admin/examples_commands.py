"""`python -m admin examples`: what adapters learn from."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from admin.service.examples import ImportReceipt
    from chat.store.examples import Kept
    from chat.store.tables import ExampleState

examples = typer.Typer(help="Training examples: what adapters learn from.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Within = Annotated[str | None, typer.Option("--collection", "-c", help="Only this collection; without, all.")]
State = Annotated[str | None, typer.Option(help="Only those in this state: draft, approved, rejected, needs work.")]
SHOWN_CHARACTERS = 70


@examples.command("import")
def import_examples(
    file: Annotated[Path, typer.Argument(help="JSON lines, CSV or Parquet: prompts and completions, messages, pairs.")],
    collection: Annotated[str, typer.Option("--collection", "-c", help="Made if it does not exist.")] = "default",
    approve: Annotated[bool, typer.Option("--approve", help="Approve those that are new or changed.")] = False,
    good_rows: Annotated[bool, typer.Option("--good-rows", help="Import the good rows and leave out the bad.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the examples of a file under their ids; the same file again changes nothing."""
    from admin.commands import opened, print_json

    with opened() as parts:
        receipt = parts.examples.import_file(file, collection, approve=approve, good_rows=good_rows)
    if as_json:
        print_json({"collection": collection, **asdict(receipt)})
        return
    print(f"{collection}: {_sentence(receipt)}")


@examples.command("export")
def export_examples(
    file: Annotated[Path, typer.Argument(help="Its ending says in which format: .jsonl, .csv or .parquet.")],
    collection: Within = None,
    state: State = None,
    shape: Annotated[
        str, typer.Option(help="prompt-completion, messages, preference, openai or openai-preference.")
    ] = "prompt-completion",
    as_json: AsJson = False,
) -> None:
    """Write examples to a file that `examples import` reads again."""
    from admin.commands import opened, print_json
    from admin.training.shapes import Shape
    from chat.errors import InvalidInputError

    if shape not in list(Shape):
        raise InvalidInputError(f"There is no shape {shape!r}. There are: {', '.join(Shape)}.")
    with opened() as parts:
        chosen = parts.examples.listed(collection, *_states(state))
        written = parts.examples.export_file(file, chosen, Shape(shape))
    if as_json:
        print_json({"file": str(file), "examples": written, "left_out": len(chosen) - written})
        return
    left = f"; {len(chosen) - written} hold no pair and were left out" if written < len(chosen) else ""
    print(f"{file}: {written} example(s){left}.")


@examples.command("list")
def list_examples(collection: Within = None, state: State = None, as_json: AsJson = False) -> None:
    """The examples, with where each stands."""
    from admin.commands import opened, print_json, print_table

    with opened() as parts:
        found = parts.examples.listed(collection, *_states(state))
    if as_json:
        print_json({"examples": [_line(each) for each in found]})
        return
    print_table(
        ("Id", "State", "From", "Version", "Question", "Answer"),
        (
            (
                each.key,
                each.state,
                each.origin,
                each.number,
                _short(each.wording.question),
                _short(each.wording.completion),
            )
            for each in found
        ),
        "There are no examples yet. `python -m admin examples import FILE` adds some.",
    )


def _states(state: str | None) -> "list[ExampleState]":
    from chat.errors import InvalidInputError
    from chat.store.tables import ExampleState

    if state is not None and state not in list(ExampleState):
        raise InvalidInputError(f"No example is {state!r}. States: {', '.join(ExampleState)}.")
    return [] if state is None else [ExampleState(state)]


def _line(each: "Kept") -> dict[str, Any]:
    wording = each.wording
    return {
        "id": each.key,
        "state": each.state,
        "origin": each.origin,
        "version": each.number,
        "prompt": list(wording.prompt),
        "completion": wording.completion,
        "rejected": wording.rejected,
        "answerable": wording.answerable,
        "passages": len(wording.passages),
        "documents": [place.document for place in wording.sources],
        "sha256": each.sha256,
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _sentence(receipt: "ImportReceipt") -> str:
    said = [
        f"{receipt.added} example(s) added",
        f"{receipt.revised} changed",
        f"{receipt.unchanged} unchanged",
        *([f"{receipt.approved} approved"] if receipt.approved else []),
        *([f"{receipt.passed_over} bad row(s) left out"] if receipt.passed_over else []),
    ]
    system = (
        f" {receipt.systems} came with a system message, which is kept; trained on is the chat's own."
        if receipt.systems
        else ""
    )
    return f"{', '.join(said)}.{system}"
