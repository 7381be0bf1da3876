"""What curators can do about question sets: freeze, list, delete, and see what an adapter learned of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin.curation.bench import question_files
from admin.training import overlap as overlapping
from admin.training.overlap import Overlaps
from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.store import audit, question_rows, question_sets, snapshots
from chat.store.question_sets import SetLine
from chat.store.questions import NewQuestion
from chat.store.tables import QuestionSet

CONTROL = "general"
"""Name of the control set that comes with the program."""


@dataclass(frozen=True)
class QuestionSets(Personal):
    """The question sets of the collections that a person looks after."""

    def read(self, collection: str, name: str, path: Path) -> tuple[SetLine, bool]:
        """Freeze the questions of a file or folder under a name: JSON lines, SQuAD, BEIR.

        Returns the set, and whether it is new: the same content is the same set. Raises `InvalidInputError` naming the
        row that cannot be used, `NotFoundError`, `NotAllowedError`.
        """
        return self._freeze(collection, name, question_files.read(path))

    def freeze(self, collection: str, name: str) -> tuple[SetLine, bool]:
        """Freeze the collection's labelled questions under a name. Raises as `read` does."""
        with self.sessions() as session:
            [collection_id] = rights.curated(session, self.person, collection)
            rows = question_rows.labelled(session, collection_id)
        return self._put(collection, name, rows)

    def control(self, collection: str) -> tuple[SetLine, bool]:
        """Freeze the questions of general ability that come with the program. Raises as `read` does."""
        return self._freeze(collection, CONTROL, question_files.general())

    def lines(self, collection: str | None = None) -> list[SetLine]:
        """The sets of a collection, or of all that this person looks after, the newest first."""
        with self.sessions() as session:
            return question_sets.listing(session, rights.curated(session, self.person, collection))

    def show(self, set_id: int) -> Sequence[dict[str, Any]]:
        """The questions of a set. Raises `NotFoundError`."""
        with self.sessions() as session:
            return list(question_sets.get(session, rights.curated(session, self.person), set_id).questions)

    def overlap(self, set_id: int, snapshot: str) -> Overlaps:
        """What a set has in common with a snapshot. Raises `NotFoundError`."""
        with self.sessions() as session:
            scope = rights.curated(session, self.person)
            found = question_sets.get(session, scope, set_id)
            return overlapping.overlap(session, found, snapshots.named(session, scope, snapshot))

    def delete(self, set_id: int) -> None:
        """Delete a set. Raises `NotFoundError`, and `InvalidInputError` where an evaluation asked its questions."""
        with self.sessions.begin() as session:
            found = question_sets.get(session, rights.curated(session, self.person), set_id)
            self._note(session, "delete question set", found)
            question_sets.remove(session, found)

    def _freeze(self, collection: str, name: str, questions: Sequence[NewQuestion]) -> tuple[SetLine, bool]:
        return self._put(collection, name, [question_rows.as_row(question) for question in questions])

    def _put(self, collection: str, name: str, rows: Sequence[dict[str, Any]]) -> tuple[SetLine, bool]:
        if not rows:
            raise InvalidInputError(f"{collection} has no labelled questions yet. Label some in the Retrieval tab.")
        with self.sessions.begin() as session:
            [collection_id] = rights.curated(session, self.person, collection)
            made, new = question_sets.put(session, collection_id, name, rows, self.person.id)
            if new:
                self._note(session, "freeze questions", made)
            lines = question_sets.listing(session, [collection_id])
        return next(line for line in lines if line.id == made.id), new

    def _note(self, session: Any, action: str, question_set: QuestionSet) -> None:
        after = {"questions": len(question_set.questions), "sha256": question_set.sha256}
        subject = f"question set {question_set.name} {question_set.number}"
        audit.note(session, self.person.id, self.person.name, action, subject, after=after)
