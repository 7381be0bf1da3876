"""What a diagnosis rests on, gathered from the database."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy.orm import Session

from admin.curation.bench.trace import find
from admin.triage.passages import Evidence, searched
from chat import rights
from chat.rag.retriever import RetrievalSettings, in_force
from chat.rights import Person
from chat.store import bearing, questions, revisions
from chat.store.bearing import Held
from chat.store.questions import Label
from chat.store.rated import RatedAnswer
from chat.store.triage import Reach

CANDIDATES = 12
"""Passages that may bear an answer which are looked at."""
DEPTH = 100
"""How deep a search of today looks for them."""


def reach(session: Session, person: Person) -> Reach:
    """Whose bad answers the person may know of: who owns the installation, all."""
    return Reach(person.id, rights.curated(session, person), rights.overseen(session, person) is None)


def gather(session: Session, person: Person, answer: RatedAnswer, vector: np.ndarray | None) -> Evidence:
    """The evidence on an answer; `vector` is that of what was searched, None where nothing was."""
    scope, words = rights.curated(session, person), searched(answer.message)
    labels = questions.labels_of(session, scope, words)
    looked_for = answer.feedback.correction.strip() or words
    held = _held(session, scope, looked_for, labels)
    within = [each for each in set(answer.homes.values()) if each in scope] or scope
    settings = replace(in_force(session, within, RetrievalSettings()), k=DEPTH)
    today = find(session, within, words, vector, settings) if vector is not None else []
    return Evidence(answer, looked_for, held, labels, today, _revision(session, answer))


def _held(session: Session, scope: Sequence[int], words: str, labels: Sequence[Label]) -> list[Held]:
    """What has the words, and what a person marked right, whatever its words."""
    held = bearing.holding(session, scope, words, CANDIDATES)
    for quote in (each.quote for each in labels if each.relevant):
        known = {each.chunk_id for each in held}
        held += [each for each in bearing.holding(session, scope, quote, 1) if each.chunk_id not in known]
    return held


def _revision(session: Session, answer: RatedAnswer) -> int | None:
    """Number of the retrieval settings that were live when it was answered, where one collection had its own."""
    homes = set(answer.homes.values())
    if len(homes) != 1:
        return None
    at = answer.message.created_at
    return next((each.number for each in revisions.history(session, homes.pop()) if each.created_at <= at), None)
