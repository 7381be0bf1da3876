"""What curators can do about finding: try questions, label them, fit settings to them, and make settings live.

No Gradio, no SQL.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from admin.curation import arms, fitting, labels, regression
from admin.curation.bench import Probe, find, judged
from admin.curation.comparing import Comparison, compare
from admin.curation.fitting import Fit
from admin.curation.regression import BrokenQuestion
from chat import rights
from chat.errors import NotFoundError
from chat.models.embedder import Embedder
from chat.models.verifier import Verifier
from chat.rag import abstain
from chat.rag.answer import Source
from chat.rag.chain import checked
from chat.rag.retriever import LONGEST_QUESTION, RetrievalSettings, in_force
from chat.rights import Personal
from chat.store import chunks, collections, questions, revisions
from chat.store.questions import NO_CHANGE, Change, Label, LabelledQuestion, NewQuestion
from chat.store.revisions import Revision
from chat.store.tables import MemberRole

USUAL = RetrievalSettings()


Progress = Callable[[int, int], object]
"""Hears how many questions are done, and of how many."""


def silent(_done: int, _of: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Checked:
    """A labelled question and what is found for it: the rank of its right passage, None where it is not found."""

    question: LabelledQuestion
    rank: int | None
    passage_there: bool
    """Whether some words that are marked right stand in a document that answers."""


@dataclass(frozen=True)
class Standing:
    """How a collection is searched: what is live, what was before, and what there is to fit to."""

    collection: str
    settings: RetrievalSettings
    usual: bool
    history: Sequence[Revision]
    questions: Sequence[LabelledQuestion]


@dataclass(frozen=True)
class Bench(Personal):
    """Tries questions out as chat would, for one person. No model writes."""

    embedder: Embedder
    verifier: Verifier

    def probe(
        self,
        question: str,
        collection: str | None,
        k: int,
        *,
        draft: int | None = None,
        settings: RetrievalSettings | None = None,
    ) -> Probe:
        """The `k` best passages for a question, and what chat would do with what it finds.

        With `draft`, the id of a version, as if that were published; with `settings`, as if those were live. Raises
        `InvalidInputError` for a question that is empty or too long, `NotFoundError` for an unknown collection.
        """
        words, change = checked(question), Change([draft]) if draft else NO_CHANGE
        started = time.perf_counter()
        vector = self.embedder.encode([words[:LONGEST_QUESTION]])[0]
        embedded = time.perf_counter()
        with self.sessions() as session:
            scope = rights.readable(session, self.person, collection)
            chosen = settings or in_force(session, scope, USUAL)
            found = find(session, scope, words, vector, replace(chosen, k=max(k, USUAL.k)), change)
        times = {"embed": 1000 * (embedded - started), "search": 1000 * (time.perf_counter() - embedded)}
        probe = judged(words, found, chosen, self.verifier, k)
        return replace(probe, timings_ms=times | probe.timings_ms, marks=self._marks(words, scope, change))

    def _marks(self, words: str, scope: Sequence[int], change: Change) -> dict[int, bool]:
        """Chunk ids marked right or wrong for the question of these words."""
        with self.sessions() as session:
            known = questions.labels_of(session, scope, words)
            texts = questions.texts(session, [label.document_id for label in known if label.document_id], change)
        return {
            chunk_id: label.relevant
            for label in known
            for chunk_id in labels.bearers(label.quote, texts[label.document_id or 0])
            if label.document_id in texts
        }

    def mark(self, question: str, chunk_id: int, relevant: bool | None) -> None:
        """Say that a passage is right or wrong for a question, or (None) take back what was said about it.

        The question is kept in the collection that the passage is in. Raises `NotFoundError` for a passage that is not
        there any more, `NotAllowedError` where the person does not curate that collection.
        """
        words = checked(question)
        with self.sessions.begin() as session:
            found = chunks.sources(session, rights.readable(session, self.person), [chunk_id])
            if not found:
                raise NotFoundError("This passage is not there any more. Search again to see what is.")
            document = rights.document(session, self.person, found[0].document_id, MemberRole.CURATOR)
            label = Label(document.name, found[0].text, bool(relevant), document.id)
            questions.mark(session, document.collection_id, words, label, self.person.id, keep=relevant is not None)

    def mark_unanswerable(self, question: str, collection: str) -> None:
        """Keep a question as one that the collection's documents do not answer."""
        words = checked(question)
        with self.sessions.begin() as session:
            [collection_id] = rights.curated(session, self.person, collection)
            questions.mark_unanswerable(session, collection_id, words, self.person.id)

    def put(self, collection: str, new: Sequence[NewQuestion]) -> tuple[int, int]:
        """Keep questions under their keys, in place of what was there. Returns how many are new, how many were."""
        with self.sessions.begin() as session:
            [collection_id] = rights.curated(session, self.person, collection)
            added = sum(questions.put(session, collection_id, each, self.person.id) for each in new)
        return added, len(new) - added

    def remove(self, question_id: int) -> str:
        """Delete a labelled question. Returns its text. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            return questions.remove(session, rights.curated(session, self.person), question_id)

    def standing(self, collection: str) -> Standing:
        """How the collection is searched. Raises `NotFoundError`."""
        with self.sessions() as session:
            [collection_id] = rights.readable(session, self.person, collection)
            settings = in_force(session, [collection_id], USUAL)
            history = revisions.history(session, collection_id)
            known = questions.of_collection(session, collection_id)
        return Standing(collection, settings, settings == USUAL, history, known)

    def check(self, collection: str) -> tuple[Comparison | None, list[Checked]]:
        """Each labelled question with the rank of its right passage under what is live, and how that does."""
        settings, gathered = self._gathered(collection)
        lines = [Checked(each.question, regression.rank(each, settings), bool(each.grades)) for each in gathered]
        return compare(gathered, USUAL, settings), lines

    def compare(self, collection: str, settings: RetrievalSettings) -> tuple[Comparison | None, list[BrokenQuestion]]:
        """What these settings would change on all labelled questions, and which questions they would break."""
        live, gathered = self._gathered(collection)
        return compare(gathered, live, settings), regression.broken(gathered, gathered, live, settings)

    def fit(self, collection: str, note: Progress = silent) -> Fit:
        """Weights and threshold fitted to the collection's labelled questions. `note` hears how far it is.

        Raises `InvalidInputError` where there are too few questions.
        """
        live, gathered = self._gathered(collection)
        equal = replace(live, fusion=USUAL.fusion, dense_weight=1.0, keyword_weight=1.0)
        weights = fitting.fit_weights(gathered, equal)
        fitted = fitting.combine(live, weights, None).settings
        evidence = []
        for done, each in enumerate(gathered, 1):
            verdict = abstain.judge(each.words, self._read(collection, each, fitted), self.verifier)
            evidence.append(fitting.Evidence(each.question.answerable, verdict.probability))
            note(done, len(gathered))
        return fitting.combine(live, weights, fitting.fit_threshold(evidence, self.verifier.threshold))

    def make_live(
        self, collection: str, settings: RetrievalSettings, note: str, scores: Mapping[str, Any] | None = None
    ) -> int:
        """Find the collection's passages with these settings from now on. Returns their number in its history."""
        kept = {name: value for name, value in settings.as_dict().items() if name not in ("k", "depth", "damping")}
        with self.sessions.begin() as session:
            [collection_id] = rights.curated(session, self.person, collection)
            return revisions.make_live(session, collection_id, kept, scores or {}, note, self.person.id)

    def earlier(self, collection: str, number: int) -> tuple[RetrievalSettings, Mapping[str, Any]]:
        """The settings that were made live under that number, and what they had reached; 0 are the usual ones.

        Raises `NotFoundError`.
        """
        with self.sessions() as session:
            [collection_id] = rights.readable(session, self.person, collection)
            if not number:
                return USUAL, {}
            revision = revisions.get(session, collection_id, number)
            return USUAL.but(revision.settings), revision.scores

    def would_break_version(self, version_id: int) -> list[BrokenQuestion]:
        """The labelled questions that find their passage now and would not, were this version the live one."""
        with self.sessions() as session:
            document_id = questions.document_of(session, version_id)
            document = rights.document(session, self.person, document_id)
            name = collections.name_of(session, document.collection_id)
        return self._would_break(name, Change(published=[version_id]))

    def would_break_deletion(self, document_ids: Sequence[int]) -> list[BrokenQuestion]:
        """The labelled questions that would lose their passage with these documents."""
        affected: dict[str, list[int]] = {}
        with self.sessions() as session:
            for document_id in document_ids:
                document = rights.document(session, self.person, document_id)
                name = collections.name_of(session, document.collection_id)
                affected.setdefault(name, []).append(document_id)
        lost = [self._would_break(name, Change(deleted=ids)) for name, ids in affected.items()]
        return [question for each in lost for question in each]

    def _would_break(self, collection: str, change: Change) -> list[BrokenQuestion]:
        with self.sessions() as session:
            [collection_id] = rights.readable(session, self.person, collection)
        asked = arms.ask(self.sessions, self.embedder, collection_id)
        with self.sessions() as session:
            settings = in_force(session, [collection_id], USUAL)
            now = arms.gather(session, collection_id, asked, settings.depth)
            then = arms.gather(session, collection_id, asked, settings.depth, change)
        return regression.broken(now, then, settings)

    def _gathered(self, collection: str) -> tuple[RetrievalSettings, list[arms.Gathered]]:
        """What is live, and what both arms find for every labelled question."""
        with self.sessions() as session:
            [collection_id] = rights.readable(session, self.person, collection)
        asked = arms.ask(self.sessions, self.embedder, collection_id)
        with self.sessions() as session:
            settings = in_force(session, [collection_id], USUAL)
            return settings, arms.gather(session, collection_id, asked, settings.depth)

    def _read(self, collection: str, gathered: arms.Gathered, settings: RetrievalSettings) -> list[Source]:
        """The passages that these settings put first, as far as the verdict looks."""
        with self.sessions() as session:
            scope = rights.readable(session, self.person, collection)
            return arms.read(session, scope, gathered, replace(settings, k=abstain.LOOKED_AT))
