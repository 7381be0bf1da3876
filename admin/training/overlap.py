"""Whether questions were learned: a question set against what a snapshot, or an adapter trained from it, has seen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from admin.training import leakage
from admin.training.leakage import Leak, Overlap
from chat.store import question_sets, snapshots
from chat.store.tables import Adapter, QuestionSet, Snapshot

LEARNED = frozenset({Leak.QUESTION, Leak.NEAR_QUESTION, Leak.PASSAGE})
"""How a question was learned, rather than only the document that it is about."""


@dataclass(frozen=True)
class Overlaps:
    """What a question set and a snapshot have in common. `questions` says of each question how, by its key."""

    snapshot: str
    total: int
    """Questions of the set."""
    questions: Mapping[str, Leak]
    """The worst way in which each question is given away; those that are not are left out."""
    pairs: Sequence[Overlap] = ()
    declared: str = ""
    """Why the snapshot has examples that leak all the same, as was said when it was made."""

    @property
    def learned(self) -> list[str]:
        """Keys of the questions whose wording or passage was learned: what is measured on them proves nothing."""
        return [key for key, leak in self.questions.items() if leak in LEARNED]

    @property
    def counts(self) -> dict[str, int]:
        """How many questions are given away in each way."""
        counted = Counter(self.questions.values())
        return {leak.value: counted[leak] for leak in Leak if counted[leak]}

    def __bool__(self) -> bool:
        return bool(self.questions)

    def __str__(self) -> str:
        if not self:
            return f"None of the {self.total} questions has anything in common with snapshot {self.snapshot}."
        said = ", ".join(f"{count} by the {leak}" for leak, count in self.counts.items())
        return f"{len(self.questions)} of the {self.total} questions are in snapshot {self.snapshot}: {said}."


def overlap(session: Session, question_set: QuestionSet, snapshot: Snapshot) -> Overlaps:
    """What the set and the snapshot have in common. Reads both from the database."""
    questions = question_sets.of_set(question_set)
    pairs = leakage.overlaps(snapshots.frozen(session, snapshot.id), questions)
    order = list(Leak)
    worst: dict[str, Leak] = {}
    for pair in sorted(pairs, key=lambda pair: order.index(pair.leak)):
        worst.setdefault(pair.question.key, pair.leak)
    found = {question.key: worst[question.key] for question in questions if question.key in worst}
    return Overlaps(snapshot.name, len(questions), found, pairs, str(snapshot.settings.get("declared", "")))


def of_adapter(session: Session, question_set: QuestionSet, adapter: Adapter) -> Overlaps | None:
    """What the set has in common with what an adapter learned from; None where that is not known."""
    snapshot = snapshots.of_run(session, adapter.run_id)
    return None if snapshot is None else overlap(session, question_set, snapshot)
