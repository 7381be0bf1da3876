"""What can be done about bad answers, by who looks after the documents they came from. No Gradio, no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from admin.curation.bench import arms
from admin.service.examples import Examples
from admin.training import rated
from admin.triage import cures, gathering
from admin.triage.cures import Deed
from admin.triage.passages import searched
from admin.triage.way import Way, diagnose
from chat import rights
from chat.errors import InvalidInputError
from chat.models.embedder import Embedder
from chat.rag.retriever import LONGEST_QUESTION
from chat.rights import Personal
from chat.store import collections
from chat.store import triage as answers
from chat.store.installation import hold_embedder
from chat.store.rated import RatedAnswer
from chat.store.tables import MemberRole, TriageState
from chat.store.triage import Line, Refused, View

LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Overview:
    """The bad answers that `view` lets through, how many there are in each state, and the questions refused."""

    view: View
    lines: Sequence[Line]
    counts: Mapping[TriageState, int]
    collections: Sequence[str]
    refused: Refused


@dataclass(frozen=True)
class Case:
    """A bad answer with all that a person needs to decide. `homes` names the collections that it came from."""

    answer: RatedAnswer
    homes: Sequence[str]
    way: Way


@dataclass(frozen=True)
class Triage(Personal):
    """Bad answers that came from documents which a person looks after; for others there are none."""

    embedder: Embedder

    def overview(self, view: View) -> Overview:
        """What `view` shows; a collection that this person does not look after counts as none."""
        with self.sessions() as session:
            reach = gathering.reach(session, self.person)
            names = {collections.name_of(session, each): each for each in reach.curated}
            view = view if view.collection in names else replace(view, collection=None)
            chosen = names.get(view.collection or "")
            lines = answers.bad(session, reach, chosen, view.reason)
            counts = {state: sum(line.state is state for line in lines) for state in TriageState}
            shown = [line for line in lines if line.state is view.state][: answers.MOST]
            return Overview(view, shown, counts, list(names), answers.refused(session, reach, chosen))

    def case(self, message_id: UUID) -> Case:
        """A bad answer, and where its way broke off. Raises `NotFoundError`."""
        return arms.once_more(lambda: self._case(message_id))

    def label(self, message_id: UUID, chunk_id: int) -> None:
        """Say that this passage answers the question. Raises `NotFoundError`, `InvalidInputError`."""
        with self.sessions.begin() as session:
            cures.label(session, self.person, rated.answer_for(session, self.person, message_id), chunk_id)

    def write_example(self, message_id: UUID, correction: str, collection: str | None = None) -> int:
        """Make a training example of it, a draft to be reviewed. Returns its id. Raises as `Examples.from_message`."""
        made = Examples(self.sessions, person=self.person).from_message(message_id, correction, collection)
        with self.sessions.begin() as session:
            answer = rated.answer_for(session, self.person, message_id)
            answers.decide(session, answer.feedback, TriageState.DONE)
        return made

    def fixed(self, message_id: UUID, document_id: int) -> None:
        """Say that a document was mended for it. Raises `NotFoundError`, `NotAllowedError`."""
        with self.sessions.begin() as session:
            answer = rated.answer_for(session, self.person, message_id)
            mended = rights.document(session, self.person, document_id, MemberRole.CURATOR)
            cures.record(session, self.person, answer, Deed.DOCUMENT, mended.id, mended.name)

    def dismiss(self, message_id: UUID, reason: str) -> None:
        """Say why nothing is done. Raises `NotFoundError`, `InvalidInputError` without a reason."""
        reason = " ".join(reason.replace("\x00", "").encode(errors="replace").decode().split())[:LONGEST_REASON]
        if not reason:
            raise InvalidInputError("Say why nothing needs to be done, in a few words.")
        with self.sessions.begin() as session:
            answer = rated.answer_for(session, self.person, message_id)
            cures.record(session, self.person, answer, Deed.DISMISS, 0, reason)

    def undo(self, message_id: UUID) -> str:
        """Take back the last thing that was done, and open the answer again. Returns its kind. As `cures.take_back`."""
        with self.sessions.begin() as session:
            return cures.take_back(session, self.person, rated.answer_for(session, self.person, message_id))

    def _case(self, message_id: UUID) -> Case:
        embedder = self.embedder.in_use()
        with self.sessions() as session:
            words = searched(rated.answer_for(session, self.person, message_id).message)
        vector = embedder.encode([words[:LONGEST_QUESTION]])[0] if words else None
        with self.sessions() as session:
            hold_embedder(session, embedder.name)
            answer = rated.answer_for(session, self.person, message_id)
            homes = [collections.name_of(session, each) for each in sorted(set(answer.homes.values()))]
            return Case(answer, homes, diagnose(gathering.gather(session, self.person, answer, vector)))
