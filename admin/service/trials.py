"""Trials of adapters and blind votes, as people see them. No Gradio, no SQL."""

from dataclasses import dataclass

from admin.promotion import strengths, watching
from admin.promotion.strengths import Strength
from admin.promotion.watching import Watched
from chat import rights
from chat.rights import Personal
from chat.store import trials, votes


@dataclass(frozen=True)
class Trials(Personal):
    """The trials, and the blind votes, in the collections that a person may read."""

    def watched(self) -> list[Watched]:
        """Each trial with its live numbers."""
        with self.sessions() as session:
            seen = rights.overseen(session, self.person)
            return [
                watching.watched(session, each)
                for each in trials.running(session)
                if seen is None or each.collection_id is None or each.collection_id in seen
            ]

    def strengths(self) -> list[Strength]:
        """How each way of answering does in the blind votes about what this person may read."""
        with self.sessions() as session:
            return strengths.strengths(votes.duels(session, rights.overseen(session, self.person)))
