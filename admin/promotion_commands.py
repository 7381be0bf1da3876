"""`python -m admin adapters promote|rollback|rules|canary`: which adapter answers, and what it has to show before."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from admin.promotion.thresholds import Thresholds
    from admin.promotion.watching import Watched
    from admin.service.adapters import Adapters
    from admin.service.promoting import Outcome

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Where = Annotated[str | None, typer.Option("--collection", help="Only in this one; without, wherever none of its own.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it is kept on record.")]


def promote_adapter(
    name: Annotated[str, typer.Argument(help="Its name; `base` is the model alone.")],
    collection: Where = None,
    reason: Why = "",
    override: Annotated[bool, typer.Option("--override", help="Decide against the rules; takes a --reason.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let an adapter answer from the next question on, if the rules allow it. Exit 1 if they do not."""
    from admin.commands import opened, print_json

    with opened() as parts:
        outcome = parts.adapters.promote(name, collection, reason, overridden=override)
    if as_json:
        print_json({"promoted": outcome.done, "rules": list(outcome.rules), **_done(outcome)})
    else:
        print_rules(outcome.rules)
        print(_sentence(outcome, collection) if outcome.done else _refused(name, outcome))
    if not outcome.done:
        raise typer.Exit(1)


def roll_back(
    collection: Where = None,
    to: Annotated[
        int | None, typer.Option(help="Number of the decision to return to; without, the one before.")
    ] = None,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Let answer again what answered before, from the next question on."""
    from admin.commands import opened, print_json

    with opened() as parts:
        outcome = parts.adapters.rollback(collection, to, reason)
    if as_json:
        print_json({"rolled_back": outcome.done, **_done(outcome)})
    else:
        print(_sentence(outcome, collection))


def show_rules(
    name: Annotated[
        str | None, typer.Argument(help="Judge this adapter; without, show what the rules ask for.")
    ] = None,
    collection: Where = None,
    change: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, such as most_lost=0.05.")] = None,
    as_json: AsJson = False,
) -> None:
    """What an adapter has to show before it answers or, with its name, what it shows. Nothing is promoted."""
    from admin.commands import opened, print_json

    with opened() as parts:
        asked = _changed(parts.adapters, collection, change or [])
        found = [rule.as_dict() for rule in parts.adapters.judged(name, collection).rules] if name else []
    if as_json:
        print_json({"thresholds": asdict(asked), "rules": found})
    elif name:
        print_rules(found)
    else:
        from admin.promotion.thresholds import WORDS

        for key, value in asdict(asked).items():
            print(f"{key} = {value}: {WORDS[key]}")


def _changed(service: "Adapters", collection: str | None, written: list[str]) -> "Thresholds":
    """What the gate asks for, after these changes to it."""
    if not written:
        return service.thresholds(collection)
    pairs = [each.partition("=") for each in written]
    return service.set_thresholds(collection, {key.strip(): value.strip() for key, _, value in pairs})


def try_adapter(
    name: Annotated[str | None, typer.Argument(help="Which to try; without, show what is being tried.")] = None,
    share: Annotated[float, typer.Option(help="Share of the conversations that it answers.")] = 0.1,
    collection: Where = None,
    reason: Why = "",
    end: Annotated[bool, typer.Option("--end", help="End the trial: what answered beside it answers all.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try an adapter on a share of the conversations. If it does worse, it is taken back by itself."""
    from admin.commands import opened, print_json

    with opened() as parts:
        if end:
            parts.adapters.end_trial(collection, reason)
        elif name is not None:
            parts.adapters.try_out(name, share, collection, reason)
        watched = parts.adapters.watched()
    if as_json:
        print_json({"trials": [asdict(each) for each in watched]})
    else:
        _print_trials(watched)


def _print_trials(watched: "list[Watched]") -> None:
    from admin.commands import print_table

    print_table(
        ("Where", "On trial", "Share", "Measure", "On trial", "Beside it", "p"),
        (
            (
                each.collection or "everywhere", each.adapter, f"{each.share:.0%}", found.words,
                f"{found.trial.rate:.0%} of {found.trial.of}", f"{found.present.rate:.0%} of {found.present.of}",
                f"{found.p:.3f}",
            )
            for each in watched
            for found in each.signals
        ),
        "No adapter is being tried. `python -m admin adapters canary NAME --share 0.1` tries one.",
    )  # fmt: skip


def print_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    """Each rule with its evidence: passed, not passed, or not applicable."""
    signs = {True: "✓", False: "✗", None: "–"}
    for rule in rules:
        print(f"{signs[rule['passed']]} {rule['rule']}: {rule['evidence']}")


def _done(outcome: "Outcome") -> dict[str, Any]:
    return {"decision": outcome.decision, "before": outcome.before, "after": outcome.after}


def _sentence(outcome: "Outcome", collection: str | None) -> str:
    now = f"{outcome.after} answers" if outcome.after else "The model answers without an adapter of its own"
    before = f", in place of {outcome.before}" if outcome.before else ""
    return f"{now} {_in(collection)} from the next question on{before} (decision {outcome.decision})."


def _refused(name: str, outcome: "Outcome") -> str:
    if outcome.waits:
        return (
            f"{name} was not promoted yet: to decide against the rules takes a second person here. What you asked for "
            "is on record; it is done when somebody else who decides here asks for the same within a week."
        )
    return (
        f"{name} was not promoted. Nothing was changed. Do what the rules say, or decide against them, on record: "
        "--override --reason WHY."
    )


def _in(collection: str | None) -> str:
    return f"in {collection}" if collection else "everywhere"
