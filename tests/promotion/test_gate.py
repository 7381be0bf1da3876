"""The gate from an evaluation that is on record to a promotion, and who may override it."""

from collections.abc import Callable
from typing import Any

import pytest

from admin.service.adapters import Adapters
from chat.models.chat import answering
from chat.rights import Person
from chat.store import collections, evaluations, question_sets
from chat.store.tables import EvaluationAnswer, EvaluationStatus, UserRole

Somebody = Callable[[UserRole], Person]
QUESTIONS = 60
ARMS = ("rag", "rag+adapter", "empty+adapter", "conflict+adapter")


def evaluate(registry: Adapters, name: str, right: int, recited: float = 0.0) -> int:
    """An evaluation on record in which the adapter answers so many more of the questions right than rag alone."""
    from admin.evaluation import arms, planning, results
    from chat.store.adapters import named

    asked: list[dict[str, Any]] = [
        {"id": f"q{n}", "question": f"Question {n}?", "answers": ["a"], "answerable": n < QUESTIONS, "type": "fact"}
        for n in range(QUESTIONS + 20)
    ]
    with registry.sessions.begin() as session:
        place = collections.ensure(session, "harbour").id
        chosen, _ = question_sets.put(session, place, "set", asked)
        made = [arms.made(each, named(session, name)) for each in arms.read(ARMS)]
        fixed = planning.fixed(session, place, answering(registry.settings), None)
        new = evaluations.New(chosen.id, place, [arm.as_dict() for arm in made], fixed, 1)
        kept = evaluations.add(session, new)
        for arm in made:
            for n in range(QUESTIONS + 20):
                session.add(
                    EvaluationAnswer(
                        evaluation_id=kept.id, arm=arm.name, position=n, answer="a", refused=False,
                        measures=measures(arm.name, n, right, recited),
                    )
                )  # fmt: skip
        result = {"leaked": [], "arms": {}, "questions": len(asked)}
        evaluations.finish(session, kept.id, result, results.digest(result))
        assert kept.status in (EvaluationStatus.FINISHED, EvaluationStatus.QUEUED)
        return kept.id


def measures(arm: str, n: int, right: int, recited: float) -> dict[str, float]:
    if n >= QUESTIONS:
        return {"refused_unanswerable": 1.0}
    if arm == "empty+adapter":
        return {"recited": float(n < recited * QUESTIONS)}
    if arm == "conflict+adapter":
        return {"followed_weights": 0.0}
    return {"answer_contained": float(n < 20 + (right if arm == "rag+adapter" else 0)), "refused_answerable": 0.0}


def test_one_that_is_better_is_promoted_with_its_evidence(three: Adapters) -> None:
    evaluation = evaluate(three, "one", 15)
    verdict = three.judged("one", "harbour")
    judged = {rule.name: rule for rule in verdict.rules}
    assert judged["better"].evidence.startswith("+25 points (95 % interval +1")
    assert f"Evaluation {evaluation} of set 1 in harbour" in judged["evaluated"].evidence
    assert judged["second person"].passed is None
    done = three.promote("one", "harbour", "it is better")
    assert (done.done, done.after) == (True, "one")
    decided = three.history()[0]
    assert (decided.fits, decided.overridden) == (True, False)
    assert decided.evidence["evaluation"] == verdict.evaluation != ""
    assert not three.judged("two", "harbour").allows


@pytest.mark.parametrize(("right", "recited", "rule"), [(0, 0.0, "better"), (15, 0.5, "empty")])
def test_one_that_is_not_is_stopped_by_the_rule_that_says_so(
    three: Adapters,
    right: int,
    recited: float,
    rule: str,
) -> None:
    evaluate(three, "one", right, recited)
    outcome = three.promote("one", "harbour")
    assert not outcome.done
    assert [each["rule"] for each in outcome.rules if each["passed"] is False] == [rule]
    assert three.history() == []


def test_where_two_decide_nobody_approves_their_own_and_overriding_takes_both(
    three: Adapters,
    somebody: Somebody,
) -> None:
    second = three.for_person(somebody(UserRole.APPROVER))
    evaluate(three, "one", 15)
    assert [rule.name for rule in three.judged("one", "harbour").rules if rule.passed is False] == ["second person"]
    waits = three.promote("one", "harbour", "I am sure", overridden=True)
    assert (waits.done, waits.waits) == (False, True)
    assert three.promote("one", "harbour", "still sure", overridden=True).waits
    assert second.promote("one", "harbour", "measured").done
    assert not second.history()[0].overridden

    assert second.promote("two", "harbour", "a demonstration", overridden=True).waits
    assert three.promote("two", "harbour", "seen", overridden=True).done
    assert three.history()[0].overridden


def test_the_candidates_must_beat_what_serves_now_and_not_what_served_then(three: Adapters) -> None:
    evaluate(three, "one", 15)
    three.enact("two", "harbour")
    [found] = [rule for rule in three.judged("one", "harbour").rules if rule.name == "evaluated"]
    assert found.passed is False
    assert "--adapter one --collection harbour" in found.evidence
