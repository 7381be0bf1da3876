"""What goes beside the weights when the adapter is given away: its card with its evaluations, and both in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from admin.training.grounded.squad import CREDIT, DEVELOPMENT, TEST

ARMS = ("rag", "rag+adapter")
MEASURES = (
    "f1",
    "exact_match",
    "answer_contained",
    "citation_precision",
    "citation_recall",
    "refused_unanswerable",
    "refused_answerable",
    "refused_empty",
)
LICENCE = "Apache-2.0, as the model that it belongs to; what it learned from is credited."

Reports = Mapping[str, Mapping[str, Any]]
"""What `admin evaluate --json` printed, by the name of what was asked."""


def finished(exported: Mapping[str, Any], reports: Reports) -> dict[str, Any]:
    """The card of an exported adapter with its credit, its licence and its evaluations."""
    own = {key: value for key, value in exported["card"].items() if key not in ("said", "heard", "run", "by")}
    measured = {name: _measured(report) for name, report in reports.items()}
    return {**exported, "card": own | {"credit": CREDIT, "licence": LICENCE, "evaluation": measured}}


def in_words(card: Mapping[str, Any]) -> str:
    """The card as a page of Markdown."""
    own = card["card"]
    return "\n".join(
        [
            f"# {card['name']}",
            "",
            f"A LoRA of rank {card['rank']} for {card['base']} ({card['bytes'] / 1e6:.1f} MB, bfloat16). It teaches "
            "the model to answer from the passages it is shown, briefly and with their numbers, and to say so where "
            "they do not answer. It is registered and promoted at first start.",
            "",
            "    python -m admin recipe grounded --squad FILE",
            "",
            f"makes it again; docs/grounded.md says how. It learned from {CREDIT}, from the demo's examples and from "
            f"rows written for this project; {', '.join((*DEVELOPMENT, *TEST))} and a fourth of the demo's documents "
            "were held out.",
            "",
            f"Licence: {LICENCE} Digest: `{card['digest']}`.",
            "",
            *_tables(own["evaluation"]),
        ]
    )


def _measured(report: Mapping[str, Any]) -> dict[str, Any]:
    """The means of a report that tell whether it helped, and the digest of what they were counted from."""
    arms = {arm: _means(report["arms"][arm]) for arm in report["arms"] if arm in ARMS or arm.startswith("empty")}
    return {"digest": report["digest"], **arms}


def _means(measures: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(measures[name]["value"], 3) for name in MEASURES if name in measures}


def _tables(evaluations: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, measured in evaluations.items():
        arms = {arm: means for arm, means in measured.items() if arm != "digest"}
        shown = [measure for measure in MEASURES if any(measure in means for means in arms.values())]
        yield f"## {name}"
        yield ""
        yield f"| measure | {' | '.join(arms)} |"
        yield f"|---|{'---|' * len(arms)}"
        for measure in shown:
            cells = " | ".join(f"{means[measure]:.2f}" if measure in means else "" for means in arms.values())
            yield f"| {measure.replace('_', ' ')} | {cells} |"
        yield ""
