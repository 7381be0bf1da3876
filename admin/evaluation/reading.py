"""A finished evaluation, read back whole: its findings, its advice, and what each arm said to each question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from admin.evaluation import asked as questions
from admin.evaluation.arms import Arm
from admin.evaluation.asked import Asked
from admin.evaluation.results import Findings
from admin.evaluation.verdict import Advice
from chat.store import evaluations
from chat.store.tables import Evaluation


@dataclass(frozen=True)
class Reply:
    """What an arm said to a question, what it cites, and how that was measured."""

    text: str
    refused: bool
    draft: str
    citations: Sequence[Mapping[str, Any]]
    measures: Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """A finished evaluation. `replies` are by arm and place of the question."""

    id: int
    verdict: str
    best: str | None
    rival: str | None
    leading: str
    findings: Findings
    advice: Sequence[Advice]
    arms: Sequence[Arm]
    asked: Sequence[Asked]
    replies: Mapping[tuple[str, int], Reply]
    methods: Mapping[str, Any]
    model: str
    revision: str | None
    digest: str
    ended_at: datetime | None
    result: Mapping[str, Any]
    """As `evaluate --json` prints it."""

    def reply(self, arm: str, asked: Asked) -> Reply | None:
        """What the arm said, where it was asked."""
        return self.replies.get((arm, asked.position))


def read(session: Session, evaluation: Evaluation) -> Report:
    """The report of an evaluation that is finished."""
    kept, ran = evaluation.result, evaluation.settings.get(evaluations.RAN, {})
    chosen = evaluations.question_set(session, evaluation)
    # The database keeps no order of names; people gave the arms one.
    kept = {**kept, "arms": {arm["name"]: kept["arms"][arm["name"]] for arm in evaluation.arms}}
    return Report(
        id=evaluation.id,
        verdict=kept["verdict"],
        best=kept["best"],
        rival=kept["rival"],
        leading=kept["leading"],
        findings=Findings.of(kept),
        advice=[Advice(each["finding"], each["next"]) for each in kept["advice"]],
        arms=[Arm.of(arm) for arm in evaluation.arms],
        asked=questions.read(chosen.questions, evaluation.settings["most"]),
        replies={
            (row.arm, row.position): Reply(
                row.answer, row.refused, row.receipt.get("draft", ""), row.citations, row.measures
            )
            for row in evaluations.answers(session, evaluation.id)
        },
        methods=kept["methods"],
        model=ran.get("model", ""),
        revision=ran.get("revision"),
        digest=evaluation.digest or "",
        ended_at=evaluation.ended_at,
        result=kept,
    )
