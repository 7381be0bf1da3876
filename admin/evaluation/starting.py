"""What it takes to begin an evaluation, or to go on with one: frozen questions, arms looked up, a job queued."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from admin.evaluation import arms, planning
from admin.evaluation.arms import Arm, Written
from chat import rights
from chat.errors import InvalidInputError, NotFoundError
from chat.rights import Person
from chat.store import adapters, audit, evaluations, jobs, question_rows, question_sets, questions, revisions
from chat.store.adapters import Named
from chat.store.evaluations import TASK, New
from chat.store.questions import NewQuestion
from chat.store.tables import Evaluation, EvaluationStatus, QuestionSet

MOST_ARMS = 12
ENDED = (EvaluationStatus.STOPPED, EvaluationStatus.FAILED)
UNDER_WAY = (EvaluationStatus.QUEUED, EvaluationStatus.RUNNING)


@dataclass(frozen=True)
class Wanted:
    """An evaluation as a person asks for it. `questions` names a set; with `file`, those are the set of that name.

    Without a collection it is the one that has the set or, of a file, the one that has most of the documents it names.
    `most` is how many of its questions are asked, chosen the same way every time; None asks all. `anew` asks again
    what was asked before.
    """

    questions: str
    arms: Sequence[str]
    collection: str | None
    adapter: str | None = None
    most: int | None = None
    anew: bool = False
    file: Sequence[NewQuestion] = field(default=())


def start(session: Session, person: Person, wanted: Wanted, model: str) -> Evaluation:
    """The evaluation that is wanted, with a job that runs it: a new one, or the same one that there is already.

    The same questions, arms, settings and documents are the same evaluation: one that is finished stays so, and one
    that was stopped goes on where it was. Raises `NotFoundError`, `NotAllowedError`, `InvalidInputError`.
    """
    written = _checked(wanted)
    collection_id = _place(session, person, wanted)
    chosen = _set(session, person, collection_id, wanted)
    made = [_arm(session, person, collection_id, each, wanted.adapter) for each in written]
    fixed = planning.fixed(session, collection_id, model, wanted.most)
    new = New(chosen.id, collection_id, [arm.as_dict() for arm in made], fixed, person.id)
    known = None if wanted.anew else evaluations.same(session, new)
    evaluation = known or evaluations.add(session, new)
    if known is None:
        after = {"set": f"{chosen.name} {chosen.number}", "arms": [arm.name for arm in made]}
        note(session, person, "start evaluation", f"evaluation {evaluation.id}", after=after)
    see_to(session, evaluation)
    return evaluation


def see_to(session: Session, evaluation: Evaluation) -> None:
    """See to it that a job is there for an evaluation that is not finished."""
    if evaluation.status == EvaluationStatus.FINISHED:
        return
    if evaluation.status in ENDED:
        evaluations.requeue(session, evaluation)
    if not evaluations.in_queue(session, evaluation.id):
        lock = f"evaluation {evaluation.id}"
        jobs.enqueue(session, TASK, queue=jobs.LONG, lock=lock, evaluation_id=evaluation.id)


def freeze(
    session: Session, person: Person, collection_id: int, name: str, rows: Sequence[dict[str, Any]]
) -> QuestionSet:
    """The set of that name with just these questions. Raises `InvalidInputError` where there are none."""
    if not rows:
        raise InvalidInputError("There is no question to ask. Label some in the Retrieval tab, or import a file.")
    made, new = question_sets.put(session, collection_id, name, rows, person.id)
    if new:
        after = {"questions": len(rows), "sha256": made.sha256}
        note(session, person, "freeze questions", f"question set {made.name} {made.number}", after=after)
    return made


def note(
    session: Session,
    person: Person,
    action: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Put on record what the person did."""
    audit.note(session, person.id, person.name, action, subject, before=before, after=after)


def _checked(wanted: Wanted) -> list[Written]:
    written = arms.read(wanted.arms)
    if len(written) > MOST_ARMS:
        raise InvalidInputError(f"At most {MOST_ARMS} arms can be compared at once.")
    if wanted.most is not None and wanted.most < 1:
        raise InvalidInputError("Ask at least one question.")
    return written


def _place(session: Session, person: Person, wanted: Wanted) -> int:
    """The collection that is asked. Raises `NotFoundError` where nothing says which."""
    there = rights.curated(session, person, wanted.collection)
    if wanted.collection is not None or len(there) == 1:
        return there[0]
    if wanted.file:
        names = sorted({label.document for question in wanted.file for label in question.labels})
        known = {each: len(questions.named(session, each, names)) for each in there}
    else:
        name = wanted.questions.partition("@")[0]
        known = {each: any(one.name == name for one in question_sets.listing(session, [each])) for each in there}
    if not any(known.values()):
        raise NotFoundError("Say which collection is meant with --collection: none has what these questions ask about.")
    return max(known, key=lambda each: (known[each], -each))


def _set(session: Session, person: Person, collection_id: int, wanted: Wanted) -> QuestionSet:
    """The question set that is meant: `NAME`, `NAME@NUMBER`, or that of a file."""
    if wanted.file:
        rows = [question_rows.as_row(question) for question in wanted.file]
        return freeze(session, person, collection_id, wanted.questions, rows)
    name, _, number = wanted.questions.partition("@")
    return question_sets.named(session, collection_id, name, int(number) if number.isdecimal() else None)


def _arm(session: Session, person: Person, collection_id: int, written: Written, adapter: str | None) -> Arm:
    """The arm, with its adapter: the one it names, else the one that was chosen, else the one that serves."""
    if written.revision is not None:
        revisions.get(session, collection_id, written.revision)
    if not written.adapts:
        return arms.made(written, None)
    name = written.adapter or adapter
    if name is not None:
        known = rights.adapter(session, person, name)
        return arms.made(written, Named(known.name, known.digest))
    serving = adapters.serving(session, collection_id)
    if serving is None:
        raise InvalidInputError(
            f"The arm {written.name} takes an adapter, and none answers in this collection. Name one with --adapter; "
            "`python -m admin adapters list` shows those there are, `python -m admin train` makes one."
        )
    return arms.made(written, serving)
