"""The end of an evaluation: what was kept is measured, compared and judged, and the result put on record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from admin.evaluation import metrics, results, statistics, verdict
from admin.evaluation.metrics import Said, Values
from admin.evaluation.planning import Plan, documents
from admin.training import overlap
from chat.rag.answer import Source
from chat.store import adapters, collections, evaluations
from chat.store.session import Sessions
from chat.store.tables import Evaluation, EvaluationAnswer


@dataclass(frozen=True)
class Leak:
    """An adapter that learned questions of the set, so that its numbers prove nothing. `said` is how, in words."""

    adapter: str
    digest: str
    snapshot: str
    questions: Sequence[str]
    said: str


def conclude(sessions: Sessions, made: Plan, memory: int | None = None) -> dict[str, Any]:
    """Measure every answer, and finish the evaluation with what follows. Returns the result.

    `memory` is the most bytes that the engine of this machine held meanwhile.
    """
    with sessions() as session:
        rows = evaluations.answers(session, made.id)
        collection_id = collections.get(session, made.collection).id
        changed = documents(session, collection_id) != made.settings["documents"]
        leaked = leaks(session, made)
    values = measured(made, rows)
    result = as_result(made, values, leaked, changed=changed)
    result["methods"]["memory_bytes"] = memory
    with sessions.begin() as session:
        evaluations.measured(session, made.id, values)
        evaluations.finish(session, made.id, result, results.digest(result))
    return result


def leaks(session: Session, made: Plan) -> list[Leak]:
    """The adapters among the arms that were trained on questions that they are asked here, or on their passages."""
    known = {arm.adapter.digest: arm.adapter for arm in made.arms if arm.adapter}
    asked = {each.id for each in made.asked}
    chosen = evaluations.question_set(session, session.get_one(Evaluation, made.id))
    found = []
    for digest, named in known.items():
        adapter = adapters.by_digest(session, digest)
        common = overlap.of_adapter(session, chosen, adapter) if adapter else None
        learned = [key for key in common.learned if key in asked] if common else []
        if common and learned:
            found.append(Leak(named.name, digest, common.snapshot, learned, str(common)))
    return found


def measured(made: Plan, rows: Sequence[EvaluationAnswer]) -> dict[tuple[str, int], Values]:
    """Every measure of every answer, by its arm and the place of its question."""
    arms = {arm.name: arm for arm in made.arms}
    asked = {each.position: each for each in made.asked}
    return {
        (row.arm, row.position): metrics.measure(
            arms[row.arm], asked[row.position], made.bearing[row.position], said(row)
        )
        for row in rows
    }


def said(row: EvaluationAnswer) -> Said:
    """An answer as it was kept. Without a draft of its own, what was said is what the model wrote."""
    receipt = row.receipt
    alone = "passages" not in receipt and "abstain" not in receipt
    return Said(
        text=row.answer,
        refused=row.refused,
        draft=receipt.get("draft", row.answer if alone else ""),
        searched=receipt.get("searched", ""),
        citations=row.citations,
        retrieved=[Source(**source) for source in row.retrieved],
        in_prompt=receipt.get("passages", ()),
        timings_ms=row.timings_ms,
        tokens=receipt.get("tokens"),
        price=receipt.get("price"),
        planted=receipt.get("planted"),
    )


def as_result(
    made: Plan, values: Mapping[tuple[str, int], Values], leaked: Sequence[Leak], *, changed: bool
) -> dict[str, Any]:
    """The result as it is kept, and as `evaluate --json` prints it."""
    answered: dict[str, dict[int, Values]] = {arm.name: {} for arm in made.arms}
    for (arm, position), found in values.items():
        answered[arm][position] = found
    findings = results.findings(made.arms, made.asked, answered)
    judged = verdict.verdict(findings, made.arms)
    pair = findings.between(judged.best, judged.rival, judged.measure) if judged.best and judged.rival else None
    told = verdict.advice(findings, made.arms, [leak.adapter for leak in leaked])
    return findings.as_dict() | {
        "detectable": pair.detectable if pair else None,
        "verdict": judged.sentence,
        "best": judged.best,
        "rival": judged.rival,
        "leading": judged.measure,
        "leaked": [asdict(leak) for leak in leaked],
        "advice": [{"finding": each.finding, "next": each.next} for each in told],
        "methods": _methods(made, changed=changed),
    }


def _methods(made: Plan, *, changed: bool) -> dict[str, Any]:
    """What was held fixed, and how it was counted."""
    return {
        "set": made.set_name,
        "set_sha256": made.set_sha256,
        "collection": made.collection,
        "arms": [arm.as_dict() for arm in made.arms],
        "fixed": {name: value for name, value in made.settings.items() if name != evaluations.RAN},
        "documents_changed": changed,
        "resamples": statistics.RESAMPLES,
        "confidence": statistics.CONFIDENCE,
    }
