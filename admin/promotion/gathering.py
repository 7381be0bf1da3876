"""The evidence about one adapter in one place, read from what is on record: nothing is measured here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from admin.evaluation import metrics, planning, power, statistics
from admin.evaluation.arms import Arm, Given
from admin.evaluation.metrics import Values
from admin.evaluation.statistics import Difference
from admin.promotion.evidence import Lessons, Measured, Probe, Scores
from admin.promotion.rules import NAMES
from chat.rag.answer import Mode
from chat.store import collections, evaluations, judging, snapshots, staleness
from chat.store.adapters import Named
from chat.store.tables import Adapter, Evaluation

GENERAL = "general"
"""The type of the questions that ask for what every model can."""
PROBES = {Given.EMPTY: metrics.RECITED, Given.CONFLICT: metrics.FOLLOWED_WEIGHTS}
HELD = {"model": "the model", "prompt": "the instructions", "retrieval": "the retrieval", "embedder": "the embedder"}
"""What has to be as it was when it was evaluated, in words."""

Answers = Mapping[str, Mapping[int, Values]]


@dataclass(frozen=True)
class Pair:
    """The two arms of an evaluation that a decision is about."""

    evaluation: Evaluation
    candidate: Arm
    present: Arm


def measured(
    session: Session, scope: Sequence[int], candidate: Named, present: Named | None, model: str, measure: str
) -> Measured | None:
    """What the latest evaluation in these collections says of both; None where none has both in it.

    Of evaluations that cover a labelled question and those that do not, the former go first.
    """
    labelled = judging.labelled(session, scope)
    pairs = list(_pairs(session, scope, candidate, present))
    covering = (pair for pair in pairs if labelled & {each["question"] for each in _questions(session, pair)})
    chosen = next(covering, next(iter(pairs), None))
    return None if chosen is None else _measured(session, chosen, labelled, model, measure)


def scores(session: Session, scope: Sequence[int], digest: str) -> Scores | None:
    """The means of the latest evaluation of an adapter in these collections; None where there is none."""
    latest = next(iter(judging.finished(session, scope, digest, 1)), None)
    if latest is None:
        return None
    chosen = evaluations.question_set(session, latest)
    means = {
        arm.name: {
            name: each["value"] for name, each in latest.result["arms"].get(arm.name, {}).items() if name in NAMES
        }
        for arm in map(Arm.of, latest.arms)
        if not arm.probes
    }
    return Scores(latest.id, f"{chosen.name} {chosen.number}", latest.result["questions"], means)


def lessons(session: Session, adapter: Adapter) -> Lessons | None:
    """What an adapter learned from; None where that is not known here."""
    snapshot = snapshots.of_run(session, adapter.run_id)
    if snapshot is None:
        return None
    learned = judging.learned(session, snapshot.id)
    stale = staleness.stale(session, [snapshot.collection_id])
    return Lessons(
        snapshot.name,
        len(learned),
        sorted({document for each in learned for document in each.documents}),
        {each.key: _why(stale[each.latest_id]) for each in learned if each.latest_id in stale},
    )


def command(candidate: Named, questions: str = "NAME", collection: str | None = None) -> str:
    """The command that makes the evaluation which the gate asks for."""
    arms = "rag,rag+adapter,empty,empty+adapter,conflict,conflict+adapter"
    where = f" --collection {collection}" if collection else ""
    return f"`python -m admin evaluate --questions {questions} --arms {arms} --adapter {candidate.name}{where}`"


def _why(reasons: Sequence[staleness.Stale]) -> str:
    return ", ".join(f"{each.document} {each.reason}" for each in reasons)


def _pairs(session: Session, scope: Sequence[int], candidate: Named, present: Named | None) -> Iterator[Pair]:
    for evaluation in judging.finished(session, scope, candidate.digest):
        arms = [Arm.of(arm) for arm in evaluation.arms]
        first = _whole(arms, candidate, None)
        other = _whole(arms, present, first.revision if first else None)
        if first and other:
            yield Pair(evaluation, first, other)


def _whole(arms: Sequence[Arm], adapter: Named | None, revision: int | None) -> Arm | None:
    """The arm that answers as the chat would: with what it retrieves, and that adapter or none."""
    mode = Mode.RAG_ADAPTER if adapter else Mode.RAG
    return next((arm for arm in arms if _is(arm, adapter, None) and (arm.mode, arm.revision) == (mode, revision)), None)


def _is(arm: Arm, adapter: Named | None, given: Given | None) -> bool:
    return arm.given is given and (arm.adapter and arm.adapter.digest) == (adapter and adapter.digest)


def _questions(session: Session, pair: Pair) -> Sequence[Mapping[str, str]]:
    return evaluations.question_set(session, pair.evaluation).questions


def _measured(session: Session, pair: Pair, labelled: set[str], model: str, measure: str) -> Measured:
    evaluation, chosen = pair.evaluation, evaluations.question_set(session, pair.evaluation)
    answers = judging.measures(session, evaluation.id)
    first, other = answers.get(pair.candidate.name, {}), answers.get(pair.present.name, {})
    asked = [(place, row) for place, row in enumerate(chosen.questions) if place in first and place in other]
    known = [place for place, row in asked if row["question"] in labelled]
    ordinary = [place for place, row in asked if row.get("type") == GENERAL]
    arms = [Arm.of(arm) for arm in evaluation.arms]
    leaks = [each["said"] for each in evaluation.result.get("leaked", ()) if each["digest"] == _digest(pair.candidate)]
    now = planning.fixed(session, evaluation.collection_id, model, evaluation.settings["most"])
    differences = dict(_differences(first, other))
    leading = differences.get(measure)
    return Measured(
        evaluation=evaluation.id,
        digest=evaluation.digest or "",
        set=f"{chosen.name} {chosen.number}",
        collection=collections.name_of(session, evaluation.collection_id),
        candidate=pair.candidate.name,
        present=pair.present.name,
        differences=differences,
        detectable=power.detectable(leading) if leading else None,
        needed=power.needed(leading) if leading else None,
        labelled=_right(first, other, known),
        general=_right(first, other, ordinary),
        probes=dict(_probes(arms, answers, pair)),
        probed=frozenset(arm.given for arm in arms if arm.given and _is(arm, pair.candidate.adapter, arm.given)),
        leaked=" ".join(leaks),
        outdated=[said for key, said in HELD.items() if evaluation.settings.get(key) != now[key]],
        documents_changed=evaluation.settings["documents"] != now["documents"],
    )


def _digest(arm: Arm) -> str | None:
    return arm.adapter.digest if arm.adapter else None


def _differences(first: Mapping[int, Values], other: Mapping[int, Values]) -> Iterator[tuple[str, Difference]]:
    """Candidate minus present, of every measure that a rule may ask for, on the questions where both have it."""
    for measure in NAMES:
        both = [at for at in first if at in other and measure in first[at] and measure in other[at]]
        found = statistics.difference([other[at][measure] for at in both], [first[at][measure] for at in both])
        if found is not None:
            yield measure, found


def _right(first: Mapping[int, Values], other: Mapping[int, Values], places: Sequence[int]) -> Difference | None:
    """Candidate minus present, of what is right: the accepted answer said or, where there is none, refused."""
    pairs = [(_score(other[at]), _score(first[at])) for at in places]
    known = [(before, after) for before, after in pairs if before is not None and after is not None]
    return statistics.difference([before for before, _ in known], [after for _, after in known])


def _score(values: Values) -> float | None:
    return values.get(metrics.CONTAINED, values.get(metrics.REFUSED_UNANSWERABLE))


def _probes(arms: Sequence[Arm], answers: Answers, pair: Pair) -> Iterator[tuple[str, Probe]]:
    """What the candidate said from memory where it was given nothing, or something else."""
    for given, measure in PROBES.items():
        mine, now = (_share(arms, answers, each.adapter, given, measure) for each in (pair.candidate, pair.present))
        if mine is not None:
            yield measure, Probe(mine[0], mine[1], now[0] if now else None)


def _share(
    arms: Sequence[Arm], answers: Answers, adapter: Named | None, given: Given, measure: str
) -> tuple[float, int] | None:
    """The mean of a probe's measure and over how many questions; None where it was not asked."""
    for arm in arms:
        if _is(arm, adapter, given):
            values = [each[measure] for each in answers.get(arm.name, {}).values() if measure in each]
            if values:
                return sum(values) / len(values), len(values)
    return None
