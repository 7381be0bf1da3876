"""The commands about the embedder: build another one's vectors beside, compare, exchange, undo."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from admin.app import Parts
    from chat.store.embeddings import Standing

embedder = typer.Typer(help="The model that turns texts into vectors, and changing it.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
POLL_S = 0.5


@embedder.command("show")
def show(as_json: AsJson = False) -> None:
    """Whose vectors are searched, and whose stand beside them."""
    from admin.commands import opened, print_json

    with opened() as parts:
        standing = parts.changeover.standing()
        used = parts.changeover.embedder.name
    if as_json:
        print_json(as_document(standing, used))
        return
    print(f"Searched: the vectors of {used}, {standing.chunks:,} chunks.")
    if standing.beside is None:
        print("Beside: none. `python -m admin embedder build MODEL` makes those of another embedder.")
    else:
        print(f"Beside: those of {standing.beside}, {standing.built:,} of {standing.chunks:,} chunks.")


@embedder.command("build")
def build(
    model: Annotated[str, typer.Argument(help="A Hugging Face id, a folder, or `bundled`.")], as_json: AsJson = False
) -> None:
    """Make another embedder's vectors beside those that are searched. Ctrl-C leaves the rest to a worker, or next time.

    What stood beside before is given up.
    """
    from admin.commands import opened, print_json

    with opened() as parts:
        parts.changeover.queue(model)
        wait(parts)
        standing = parts.changeover.standing()
    if as_json:
        print_json(as_document(standing, standing.embedder or ""))
        return
    print(
        f"{standing.chunks:,} chunks have vectors of {standing.beside} now. Nothing is searched by them yet:\n"
        "`python -m admin embedder compare` says what they would change, `embedder cutover` makes the change."
    )


@embedder.command("compare")
def compare(as_json: AsJson = False) -> None:
    """How the labelled questions fare with the vectors that are searched, and with those beside."""
    from admin.commands import opened, print_json, print_table
    from chat import rights
    from chat.store import collections

    with opened() as parts:
        with parts.database.sessions() as session:
            names = {i: collections.name_of(session, i) for i in rights.readable(session, parts.owner)}
        compared = parts.changeover.compare(list(names))
    rows = [
        {
            "collection": names[each.collection_id],
            "questions": each.questions,
            "measure": measure,
            "searched": getattr(each.before, measure),
            "beside": getattr(each.after, measure),
            "low": difference.low,
            "high": difference.high,
        }
        for each in compared
        for measure, difference in each.differences.items()
    ]
    if as_json:
        print_json({"comparisons": rows})
        return
    print_table(
        ("Collection", "Questions", "Measure", "Searched", "Beside", "Difference, 95 %"),
        (
            (
                row["collection"], row["questions"], f"{row['measure']}@10", f"{row['searched']:.3f}",
                f"{row['beside']:.3f}", f"{row['low']:+.3f} … {row['high']:+.3f}",
            )
            for row in rows
        ),
        "There are no labelled questions whose passages are here. `python -m admin questions import FILE` adds some.",
    )  # fmt: skip


@embedder.command("cutover")
def cut_over() -> None:
    """Search by the vectors beside, from the next question on. The others are kept: `embedder back` undoes it."""
    exchange("cutover")


@embedder.command("back")
def back() -> None:
    """Search by the vectors of the embedder before again."""
    exchange("back")


@embedder.command("forget")
def forget(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Give up the vectors beside: documents are added faster, and there is no way back but to build them again."""
    from admin.commands import opened

    if not yes:
        typer.confirm("The vectors beside will be gone, and with them the way back. Give them up?", abort=True)
    with opened() as parts:
        print(f"The vectors of {parts.changeover.forget()} are gone.")


def exchange(command: str) -> None:
    from admin.commands import opened

    with opened() as parts:
        standing = parts.changeover.exchange()
    again = "back" if command == "cutover" else "cutover"
    print(
        f"Searched by the vectors of {standing.embedder} from now on. Those of {standing.beside} are kept: "
        f"`python -m admin embedder {again}` takes it back."
    )


def wait(parts: "Parts") -> None:
    """Return when the vectors beside are built, with a progress bar. Builds them itself whenever no worker is alive."""
    import time

    from rich.console import Console
    from rich.progress import Progress

    from chat.store import embeddings, jobs

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Embedding", total=None)
        while True:
            with parts.database.sessions() as session:
                alive, ready = jobs.state(session).workers, embeddings.ready(session)
            standing = parts.changeover.standing()
            bar.update(task, completed=standing.built, total=standing.chunks)
            if ready:
                return
            if alive:
                time.sleep(POLL_S)
                continue
            for at in parts.changeover.build():
                bar.update(task, completed=at.built, total=at.chunks)


def as_document(standing: "Standing", used: str) -> dict[str, Any]:
    return {"embedder": used, "beside": standing.beside, "chunks": standing.chunks, "built": standing.built}
