"""`python -m benchmarks`: run them all or those named, and print what they found."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import (
    demo,
    engine,
    evaluating,
    filters,
    fitting,
    gate,
    ingest,
    keyword,
    latency,
    reranking,
    retrieval,
    training,
    writing,
)
from benchmarks.report import Table, markdown, moment, show
from benchmarks.workbench import Workbench, workbench
from chat import program

BENCHMARKS: dict[str, Callable[[Workbench], list[Table]]] = {
    "retrieval": retrieval.run,
    "fitting": fitting.run,
    "keyword": keyword.run,
    "reranking": reranking.run,
    "latency": latency.run,
    "filters": filters.run,
    "writing": writing.run,
    "ingest": ingest.run,
    "demo": demo.run,
    "engine": engine.run,
    "gate": gate.run,
    "evaluating": evaluating.run,
    "training": training.run,
}
DATA = Path(__file__).parents[2] / "shared" / "data"

cli = typer.Typer(pretty_exceptions_enable=False)


@cli.command()
def measure(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(BENCHMARKS)}; all without.")] = None,
    data: Annotated[Path, typer.Option(help="Folder of the test sets.", show_default="../shared/data")] = DATA,
    markdown_file: Annotated[Path | None, typer.Option("--markdown", help="Write the tables there too.")] = None,
    peer: Annotated[bool, typer.Option("--peer/--no-peer", help="Measure beside langchain-postgres.")] = True,
) -> None:
    """Measure retrieval and writing beside bare parts and beside LangChain's own store."""
    unknown = set(names or ()) - BENCHMARKS.keys()
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}.")
    screen, tables, began = Console(), list[Table](), moment()
    with workbench(data, Console(stderr=True), with_peer=peer) as shared:
        for name in names or BENCHMARKS:
            for table in BENCHMARKS[name](shared):
                show(table, screen)
                tables.append(table)
        if markdown_file is not None:
            markdown_file.write_text(markdown(tables, began, shared.versions), encoding="utf-8")


def main() -> None:
    """Run the command line."""
    program.run(cli, "benchmarks")


if __name__ == "__main__":
    main()
