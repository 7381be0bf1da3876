"""What curators can do about evaluations: start, stop, resume, read and delete them. No Gradio, no SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.evaluation import reading, starting
from admin.evaluation.reading import Report
from admin.evaluation.starting import Wanted
from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.store import adapters, evaluations, question_rows, question_sets
from chat.store.evaluations import Line
from chat.store.question_sets import SetLine
from chat.store.tables import EvaluationStatus


@dataclass(frozen=True)
class Choices:
    """What an evaluation of a collection can be made of."""

    sets: Sequence[SetLine]
    adapters: Sequence[str]
    serving: str | None
    labelled: int
    """How many labelled questions there are, which a set can be frozen from."""


@dataclass(frozen=True)
class Evaluations(Personal):
    """Evaluations of the collections that a person looks after. `model` is what the settings say answers."""

    model: str

    def collections(self) -> Sequence[str]:
        """Names of the collections that this person may evaluate."""
        with self.sessions() as session:
            return evaluations.collections_of(session, rights.curated(session, self.person))

    def choices(self, collection: str) -> Choices:
        """What there is to choose from. Raises `NotFoundError`, `NotAllowedError`."""
        with self.sessions() as session:
            scope = rights.curated(session, self.person, collection)
            live = adapters.serving(session, scope[0])
            known = adapters.listed(session, rights.overseen(session, self.person))
            offered = [line.name for line in known if line.retired_at is None]
            labelled = len(question_rows.labelled(session, scope[0]))
            return Choices(question_sets.listing(session, scope), offered, live.name if live else None, labelled)

    def start(self, wanted: Wanted) -> int:
        """Have it run by a worker, unless it was. Returns its id.

        Raises `NotFoundError`, `NotAllowedError`, and `InvalidInputError` for what cannot be asked.
        """
        with self.sessions.begin() as session:
            return starting.start(session, self.person, wanted, self.model).id

    def stop(self, evaluation_id: int) -> None:
        """Stop it; what was answered is kept. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            evaluation = evaluations.get(session, rights.curated(session, self.person), evaluation_id)
            if evaluation.status not in starting.UNDER_WAY:
                return
            evaluations.want_stop(session, evaluation)
            before = {"done": evaluation.done, "total": evaluation.total}
            starting.note(session, self.person, "stop evaluation", f"evaluation {evaluation_id}", before=before)

    def resume(self, evaluation_id: int) -> None:
        """Let it go on where it was. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            evaluation = evaluations.get(session, rights.curated(session, self.person), evaluation_id)
            starting.see_to(session, evaluation)
            starting.note(session, self.person, "resume evaluation", f"evaluation {evaluation_id}")

    def remove(self, evaluation_id: int) -> None:
        """Delete it with its answers. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            evaluation = evaluations.get(session, rights.curated(session, self.person), evaluation_id)
            before = {"digest": evaluation.digest, "result": evaluation.result.get("verdict", "")}
            starting.note(session, self.person, "delete evaluation", f"evaluation {evaluation_id}", before=before)
            evaluations.remove(session, evaluation)

    def lines(self) -> Sequence[Line]:
        """The evaluations of the collections that this person looks after, the newest first."""
        with self.sessions() as session:
            return evaluations.lines(session, rights.curated(session, self.person))

    def line(self, evaluation_id: int) -> Line:
        """How one stands. Raises `NotFoundError`."""
        with self.sessions() as session:
            return evaluations.line(session, rights.curated(session, self.person), evaluation_id)

    def report(self, evaluation_id: int) -> Report:
        """What came of it, with every answer. Raises `NotFoundError`, `InvalidInputError` where it is not finished."""
        with self.sessions() as session:
            evaluation = evaluations.get(session, rights.curated(session, self.person), evaluation_id)
            if evaluation.status != EvaluationStatus.FINISHED:
                raise InvalidInputError(f"It is {evaluation.status}: there is a report once all questions are asked.")
            return reading.read(session, evaluation)
