"""`python -m admin train`: from a snapshot to a candidate adapter, by a worker or, where none is alive, here."""

import logging
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from admin.app import Parts
    from admin.service.training import Shown, Tried, Wanted


def train(
    snapshot: Annotated[str | None, typer.Option(help="Which snapshot's examples to learn from.")] = None,
    preset: Annotated[str, typer.Option(help="answer, style, wording, preference or distil.")] = "answer",
    base: Annotated[str | None, typer.Option(help="The model to train; without, the one that answers.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the adapter.")] = None,
    collection: Annotated[str | None, typer.Option("--collection", "-c", help="Whose snapshot it is.")] = None,
    max_rows: Annotated[int | None, typer.Option(help="Learn from the first so many examples.", min=1)] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting: rank=8. `--set help` lists them.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Take two steps, and say what the run would take.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run; without its number, the latest unfinished.")
    ] = False,
    run: Annotated[int | None, typer.Argument(help="The run to resume.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Train an adapter, and wait until it is a candidate. Exit 1 if it failed or was stopped."""
    from rich.console import Console

    from admin.commands import opened
    from admin.service.training import Wanted

    if settings == ["help"]:
        _list_settings(preset)
        return
    if (snapshot is None) == (not resume) or (run is not None and not resume):
        raise typer.BadParameter("Name a snapshot with --snapshot, or go on with a run: --resume [RUN].")
    console = Console(stderr=True, quiet=as_json)
    with opened() as parts:
        wanted = Wanted(snapshot or "", preset, _changes(settings or [], max_rows), base, name, collection)
        if dry_run:
            _dry_run(parts, wanted, console, as_json=as_json)
            return
        run_id = parts.training.resume(run) if resume else parts.training.start(wanted)
        shown = _see_through(parts, run_id, console)
    _tell(shown, as_json=as_json)


def _changes(settings: list[str], max_rows: int | None) -> dict[str, Any]:
    """Settings as they were typed. Raises `InvalidInputError` for one without a value."""
    from chat.errors import InvalidInputError

    pairs = [each.partition("=") for each in settings]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise InvalidInputError(f"--set {wrong[0]}: say what to set it to, as in --set rank=8.")
    changes: dict[str, Any] = {name: value for name, _, value in pairs}
    return changes if max_rows is None else changes | {"max_rows": max_rows}


def _list_settings(preset: str) -> None:
    from admin.commands import print_table
    from admin.training import presets

    rows = ((each.name, each.default, each.help) for each in presets.fields(preset))
    print_table(("Setting", f"In {preset}", "What it does"), rows, "")


def _see_through(parts: "Parts", run_id: int, console: "Console") -> "Shown":
    """Wait until the run is over, with a progress bar; train here where no worker is alive."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from admin import ingest

    # Why it failed is told below, from its row: the queue's own traceback says it to nobody.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    console.print(f"Run {run_id}. Ctrl-C lets it rest; `python -m admin train --resume {run_id}` goes on.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Training", total=None)
        ingest.work_until(parts, lambda: not _shown(parts, run_id, bar, task).line.under_way)
    return parts.training.show(run_id)


def _shown(parts: "Parts", run_id: int, bar: "Progress", task: "TaskID") -> "Shown":
    shown = parts.training.show(run_id)
    line = shown.line
    waits = f"Waiting for run {line.behind}" if line.behind else "Training"
    bar.update(task, description=waits, total=line.steps, completed=line.step)
    time.sleep(0.2)
    return shown


def _tell(shown: "Shown", *, as_json: bool) -> None:
    """Say what came of the run. Exit 1 unless it is finished."""
    from admin.commands import print_json
    from chat.store.tables import RunStatus

    line, result = shown.line, shown.card.get("result", {})
    adapter = line.adapter or line.record.get("adapter")
    if as_json:
        told = {"step": line.step, "steps": line.steps, "error": line.error, "loss": result.get("loss")}
        print_json({"run": line.id, "status": line.status, "adapter": adapter, **told})
    elif line.status == RunStatus.FINISHED:
        loss = result["loss"]
        held_out = f" Loss on what was held out: {loss['base']:.3f} → {loss['best']:.3f}." if loss["base"] else ""
        print(f"Run {line.id} made the adapter {adapter} in {line.step} steps, {result['seconds']:.0f} s.{held_out}")
    else:
        why = f": {line.error}" if line.error else ""
        print(f"Run {line.id} is {line.status} at step {line.step} of {line.steps or '?'}{why}")
    if line.status != RunStatus.FINISHED:
        raise typer.Exit(1)


def _dry_run(parts: "Parts", wanted: "Wanted", console: "Console", *, as_json: bool) -> None:
    from dataclasses import asdict

    from admin.commands import print_json
    from admin.service.training import Tried

    with console.status("Beginning") as status:
        for said in parts.training.dry_run(wanted):
            if isinstance(said, Tried):
                tried = said
            else:
                status.update(said)
    if as_json:
        told = asdict(tried.estimate) | {"fits": tried.estimate.fits}
        print_json({"run": None, "status": "tried", "adapter": None, "estimate": told, "answer": tried.answer})
    else:
        print(_sentence(tried))


def _sentence(tried: "Tried") -> str:
    found, report = tried.estimate, tried.report
    once = f", {found.computed:,} are computed: what examples share, once" if found.computed < report.tokens else ""
    lines = [
        f"{found.steps} steps over {report.train} examples: about {found.seconds / 60:.0f} min, "
        f"{found.memory / 2**20:,.0f} MB of memory, {found.disk / 2**20:,.0f} MB of disk ({found.dtype}).",
        f"{report.learned:,} of {report.tokens:,} tokens carry the loss{once}; "
        f"the longest example has {report.longest:,}.",
        *report.warnings,
        *([f"After two steps the engine answers with it: {tried.answer!r}"] if tried.answer else []),
    ]
    return "\n".join(lines)
