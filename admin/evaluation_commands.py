"""`python -m admin evaluate`: the same questions put to several ways of answering, and which one is better."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from admin.app import Parts
    from admin.evaluation.reading import Report
    from admin.evaluation.starting import Wanted
    from chat.store.evaluations import Line

USUAL = "base,rag"


def evaluate(
    questions: Annotated[
        str, typer.Option(help="A question set, NAME or NAME@NUMBER, or a file or folder: JSON lines, SQuAD, BEIR.")
    ],
    arms: Annotated[
        str,
        typer.Option(help="base, rag, adapter, rag+adapter, oracle, empty, conflict; also rag+adapter:NAME, rag@3."),
    ] = USUAL,
    adapter: Annotated[str | None, typer.Option(help="Which adapter; without, the one that serves.")] = None,
    collection: Annotated[str | None, typer.Option("--collection", "-c", help="Whose documents are asked.")] = None,
    max_questions: Annotated[int | None, typer.Option(help="Ask only so many, always the same ones.", min=1)] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Ask again what was asked before.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report to this file.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Put questions to several arms, and say which answers best and how sure that is. Goes on where it was stopped.

    In a comparison of a and b, the difference is what b has more than a.
    """
    from rich.console import Console

    from admin.commands import opened, print_json
    from admin.evaluation.report import page

    with opened() as parts:
        service = parts.evaluations
        wanted = _wanted(questions, arms, adapter, collection, max_questions, anew=anew)
        evaluation_id = service.start(wanted)
        _see_through(parts, evaluation_id, Console(stderr=True, quiet=as_json))
        report = service.report(evaluation_id)
    if html is not None:
        html.write_text(page(report), encoding="utf-8")
    if as_json:
        print_json({"evaluation": report.id, "digest": report.digest, **report.result})
    else:
        _print(report, html)


def _wanted(
    questions: str, arms: str, adapter: str | None, collection: str | None, most: int | None, *, anew: bool
) -> "Wanted":
    from admin.curation.bench import question_files
    from admin.evaluation.starting import Wanted

    path = Path(questions)
    if path.suffix or path.exists():
        return Wanted(_name(path.stem), arms.split(","), collection, adapter, most, anew, question_files.read(path))
    return Wanted(questions, arms.split(","), collection, adapter, most, anew)


def _name(stem: str) -> str:
    """A set's name, made of a file's."""
    import re

    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:63] or "questions"


def _see_through(parts: "Parts", evaluation_id: int, console: "Console") -> None:
    """Wait until all is asked, with a progress bar; ask here where no worker is alive.

    Raises `ModelError` where it failed, `InvalidInputError` where somebody stopped it.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from admin import ingest

    # Why it failed is told below, from its row: the queue's own traceback says it to nobody.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Asking", total=None)
        ingest.work_until(parts, lambda: not _shown(parts, evaluation_id, bar, task).under_way)
    _require_finished(parts.evaluations.line(evaluation_id))


def _shown(parts: "Parts", evaluation_id: int, bar: "Progress", task: "TaskID") -> "Line":
    line = parts.evaluations.line(evaluation_id)
    bar.update(task, total=line.total or None, completed=line.done)
    time.sleep(0.2)
    return line


def _require_finished(line: "Line") -> None:
    from chat.errors import InvalidInputError, ModelError
    from chat.store.tables import EvaluationStatus

    if line.status == EvaluationStatus.FAILED:
        raise ModelError(f"It failed after {line.done} of {line.total} answers, which are kept. {line.error}")
    if line.status == EvaluationStatus.STOPPED:
        raise InvalidInputError(f"It was stopped after {line.done} of {line.total}. The same command goes on with it.")


def _print(report: "Report", html: Path | None) -> None:
    from rich.console import Console

    from admin.commands import print_table
    from admin.evaluation.figures import NAMES, interval

    console = Console()
    console.print(f"\n[bold]{report.verdict}[/bold]\n", highlight=False)
    measures = [name for name in NAMES if any(name in found for found in report.findings.arms.values())]
    rows: list[tuple[Any, ...]] = [
        (NAMES[name].name, *(interval(name, report.findings.arms[arm.name].get(name)) for arm in report.arms))
        for name in measures
    ]
    print_table(("Measure (95 % interval)", *(arm.name for arm in report.arms)), rows, "Nothing was measured.")
    for each in report.advice:
        console.print(f"\n• {each.finding}\n  → {each.next}", highlight=False, markup=False)
    if html is not None:
        console.print(f"\nThe report is in {html}.", highlight=False, markup=False)
