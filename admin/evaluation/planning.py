"""What an evaluation is about, looked up once: its questions, its arms, what is held fixed, and for whom it asks."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from admin.evaluation import asked as questions
from admin.evaluation.arms import Arm
from admin.evaluation.asked import Asked, Bearing
from admin.evaluation.statistics import SEED
from chat import rights
from chat.errors import InvalidInputError
from chat.rag import prompt
from chat.rag.retriever import RetrievalSettings, in_force
from chat.rights import Person
from chat.store import collections, evaluations, installation, revisions
from chat.store.tables import Evaluation, EvaluationStatus, User

USUAL = RetrievalSettings()


@dataclass(frozen=True)
class Plan:
    """An evaluation, ready to be asked. `asked` are the questions that are, `every` all of the set."""

    id: int
    status: EvaluationStatus
    collection: str
    person: Person
    arms: Sequence[Arm]
    asked: Sequence[Asked]
    every: Sequence[Asked]
    bearing: Mapping[int, Bearing]
    settings: Mapping[str, Any]
    searched: Mapping[int, RetrievalSettings]
    """Retrieval settings by their number; 0 are those that were live when it was made."""
    set_name: str
    set_sha256: str

    def retrieval(self, arm: Arm) -> RetrievalSettings:
        """What the arm searches with."""
        return self.searched[arm.revision or 0]

    def require_same(self, model: str, revision: str | None) -> None:
        """Raise `InvalidInputError` where it was begun with another model than this one."""
        ran = self.settings.get(evaluations.RAN)
        if ran and (ran["model"], ran["revision"]) != (model, revision):
            raise InvalidInputError(
                f"It was begun with {ran['model']} ({ran['revision']}), and now {model} ({revision}) answers. Half an "
                "evaluation of each proves nothing: start a new one."
            )


def plan(session: Session, evaluation_id: int) -> Plan:
    """The plan of an evaluation. Raises `NotFoundError`, and `InvalidInputError` where its documents have changed."""
    kept = session.get(Evaluation, evaluation_id)
    if kept is None:
        raise evaluations.missing()
    chosen = evaluations.question_set(session, kept)
    asked = questions.read(chosen.questions, kept.settings["most"])
    arms = [Arm.of(arm) for arm in kept.arms]
    if kept.settings["documents"] != documents(session, kept.collection_id):
        raise InvalidInputError(
            "The documents of this collection have changed since it was made, so that its answers would not be of one "
            "kind. Start a new one."
        )
    return Plan(
        id=kept.id,
        status=EvaluationStatus(kept.status),
        collection=collections.name_of(session, kept.collection_id),
        person=_person(session, kept),
        arms=arms,
        asked=asked,
        every=questions.read(chosen.questions),
        bearing=questions.bearing(session, kept.collection_id, asked),
        settings=kept.settings,
        searched=_searched(session, kept, arms),
        set_name=f"{chosen.name} {chosen.number}",
        set_sha256=chosen.sha256,
    )


def fixed(session: Session, collection_id: int, model: str, most: int | None) -> dict[str, Any]:
    """What all arms share, as it is now: it is kept with the evaluation, and held."""
    instructions = json.dumps([prompt.INSTRUCTIONS, prompt.BASE_INSTRUCTIONS])
    return {
        "model": model,
        "prompt": hashlib.sha256(instructions.encode()).hexdigest(),
        "retrieval": in_force(session, [collection_id], USUAL).as_dict(),
        "embedder": installation.embedders(session)[0],
        "documents": documents(session, collection_id),
        "seed": SEED,
        "most": most,
    }


def documents(session: Session, collection_id: int) -> dict[str, Any]:
    """How many documents answer, and the sha256 of which version of each does."""
    live = evaluations.documents_of(session, collection_id)
    written = json.dumps(live, sort_keys=True, ensure_ascii=True)
    return {"count": len(live), "sha256": hashlib.sha256(written.encode()).hexdigest()}


def _searched(session: Session, kept: Evaluation, arms: Sequence[Arm]) -> dict[int, RetrievalSettings]:
    numbers = {arm.revision for arm in arms if arm.revision is not None}
    others = {n: USUAL.but(revisions.get(session, kept.collection_id, n).settings) for n in numbers}
    return {0: USUAL.but(kept.settings["retrieval"]), **others}


def _person(session: Session, kept: Evaluation) -> Person:
    """Who started it, and for whom it therefore asks; the owner where that person is gone."""
    user = session.get(User, kept.user_id) if kept.user_id else None
    return rights.account(session, user.name) if user else rights.owner(session)
