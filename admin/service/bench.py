"""What curators can do about finding: try questions, label them, fit settings to them, and make settings live.

No Gradio, no SQL.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from admin.curation.bench import arms, fitting, labels, regression
from admin.curation.bench.arms import Gathered, Reading
from admin.curation.bench.comparing import Comparison, compare
from admin.curation.bench.fitting import Fit
from admin.curation.bench.regression import BrokenQuestion
from admin.curation.bench.standing import Checked, Standing
from admin.curation.bench.trace import Probe, find, judged, read_again
from admin.curation.steps import Progress, part, silent
from chat import rights
from chat.errors import NotFoundError
from chat.models.embedder import Embedder
from chat.models.reranker import Rerankers
from chat.models.verifier import Verifier
from chat.rag import abstain
from chat.rag.answer import Source
from chat.rag.chain import checked
from chat.rag.retriever import LONGEST_QUESTION, RetrievalSettings, in_force
from chat.rights import Personal
from chat.store import chunks, collections, documents, drafts, questions, revisions, tags, versions
from chat.store.drafts import ReadyDraft
from chat.store.installation import hold_embedder
from chat.store.questions import NO_CHANGE, Change, Label, NewQuestion
from chat.store.tables import MemberRole

USUAL = RetrievalSettings()


@dataclass(frozen=True)
class Bench(Personal):
    """Tries questions out as chat would, for one person. No model writes."""

    embedder: Embedder
    verifier: Verifier
    rerankers: Rerankers = field(default_factory=Rerankers)

    def probe(
        self,
        question: str,
        collection: str | None,
        k: int,
        *,
        tagged: Sequence[str] = (),
        draft: int | None = None,
        settings: RetrievalSettings | None = None,
    ) -> Probe:
        """The `k` best passages for a question, and what chat would do with what it finds.

        With `tagged`, among the documents that have all of them; with `draft`, the id of a version, as if that were
        published; with `settings`, as if those were live. Raises `InvalidInputError` for a question that is empty or
        too long, and for what can be no tag, `NotFoundError` for an unknown collection.
        """
        words, change = checked(question), Change([draft]) if draft else NO_CHANGE
        search = lambda: self._search(words, collection, k, change, settings, tagged)  # noqa: E731
        scope, found, chosen, times = arms.once_more(search)
        started = time.perf_counter()
        found = read_again(words, found, chosen, self.rerankers)
        if chosen.rerank:
            times["rerank"] = 1000 * (time.perf_counter() - started)
        probe = judged(words, found, chosen, self.verifier, k)
        marks, markable = self._marks(words, scope, change), self._markable(found)
        return replace(probe, timings_ms=times | probe.timings_ms, marks=marks, markable=markable, draft=draft)

    def _search(
        self,
        words: str,
        collection: str | None,
        k: int,
        change: Change,
        settings: RetrievalSettings | None,
        tagged: Sequence[str],
    ) -> tuple[Sequence[int], list[Source], RetrievalSettings, dict[str, float]]:
        """Where was searched, what was found there with which settings, and the milliseconds that took."""
        started, named = time.perf_counter(), tags.wanted(tagged)
        embedder = self.embedder.in_use()
        vector = embedder.encode([words[:LONGEST_QUESTION]])[0]
        embedded = time.perf_counter()
        with self.sessions() as session:
            hold_embedder(session, embedder.name)
            scope = rights.readable(session, self.person, collection)
            if change.published and not drafts.contents_of(session, scope, change.published):
                raise NotFoundError("This draft is not there any more. Reload the page to see which there are.")
            chosen = settings or in_force(session, scope, USUAL)
            found = find(session, scope, words, vector, replace(chosen, k=max(k, USUAL.k)), change, named)
        times = {"embed": 1000 * (embedded - started), "search": 1000 * (time.perf_counter() - embedded)}
        return scope, found, chosen, times

    def drafts(self, collection: str) -> list[ReadyDraft]:
        """The drafts that a question may be tried on, as if one were published. Raises `NotFoundError`."""
        with self.sessions() as session:
            return drafts.ready(session, rights.readable(session, self.person, collection))

    def tags(self, collection: str | None) -> list[tuple[str, int]]:
        """The tags that a search may be kept to, and how many documents have each. Raises `NotFoundError`."""
        with self.sessions() as session:
            return tags.known(session, rights.readable(session, self.person, collection))

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

    def _markable(self, found: Sequence[Source]) -> set[int]:
        """Ids of the documents among those found whose passages this person may mark."""
        among = [source.document_id for source in found]
        with self.sessions() as session:
            return set(documents.inside(session, rights.curated(session, self.person), among))

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
            may_curate = collection_id in rights.curated(session, self.person)
        return Standing(collection, settings, settings == USUAL, history, known, may_curate)

    def check(self, collection: str, note: Progress = silent) -> tuple[Comparison | None, list[Checked]]:
        """Each labelled question with the rank of its right passage under what is live, and how that does."""
        settings, reading, gathered = self._gathered(collection, part(note, 0, 2))
        found = reading.found(gathered, settings, part(note, 1, 2))
        lines = [Checked(each.question, each.rank, bool(each.grades)) for each in found]
        return compare(found, found), lines

    def compare(
        self, collection: str, settings: RetrievalSettings, note: Progress = silent
    ) -> tuple[Comparison | None, list[BrokenQuestion]]:
        """What these settings would change on all labelled questions, and which questions they would break."""
        live, reading, gathered = self._gathered(collection, part(note, 0, 3))
        before = reading.found(gathered, live, part(note, 1, 3))
        after = reading.found(gathered, settings, part(note, 2, 3))
        return compare(before, after), regression.broken(before, after)

    def fit(self, collection: str, note: Progress = silent) -> Fit:
        """Weights and threshold fitted to the collection's labelled questions. `note` hears how far it is.

        Raises `InvalidInputError` where there are too few questions.
        """
        live, reading, gathered = self._gathered(collection, part(note, 0, 2))
        equal = replace(live, fusion=USUAL.fusion, dense_weight=1.0, keyword_weight=1.0)
        weights = fitting.fit_weights(gathered, equal)
        fitted = replace(fitting.combine(live, weights, None).settings, k=USUAL.k)
        evidence, judging = [], part(note, 1, 2)
        for done, each in enumerate(gathered, 1):
            verdict = abstain.judge(each.words, reading.sources(each, fitted), self.verifier)
            evidence.append(fitting.Evidence(each.question.answerable, verdict.probability))
            judging(done, len(gathered))
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
        return self._would_break(self._collection_of(document_id), Change(published=[version_id]))

    def would_break_rollback(self, document_id: int, number: int) -> list[BrokenQuestion]:
        """As `would_break_version`, of the document's version of that number."""
        name = self._collection_of(document_id)
        with self.sessions() as session:
            found = [v.id for v in versions.of_document(session, document_id) if v.number == number]
        return self._would_break(name, Change(published=found))

    def would_break_publishing(self, document_ids: Sequence[int]) -> list[BrokenQuestion]:
        """The labelled questions that would lose their passage, were the newest drafts of these documents published."""
        affected: dict[str, dict[int, int]] = {}
        with self.sessions() as session:
            waiting = drafts.ready(session, rights.readable(session, self.person))
        for draft in waiting:
            if draft.document_id in document_ids:
                name = self._collection_of(draft.document_id)
                affected.setdefault(name, {}).setdefault(draft.document_id, draft.version_id)
        lost = [self._would_break(name, Change(published=list(newest.values()))) for name, newest in affected.items()]
        return [question for each in lost for question in each]

    def would_break_deletion(self, document_ids: Sequence[int]) -> list[BrokenQuestion]:
        """The labelled questions that would lose their passage with these documents; those gone already are not asked.

        Raises `NotAllowedError` where one may be read but not deleted.
        """
        affected: dict[str, list[int]] = {}
        with self.sessions() as session:
            there = [i for each in document_ids for i in rights.removable(session, self.person, each)]
        for document_id in there:
            affected.setdefault(self._collection_of(document_id), []).append(document_id)
        lost = [self._would_break(name, Change(deleted=ids)) for name, ids in affected.items()]
        return [question for each in lost for question in each]

    def _collection_of(self, document_id: int) -> str:
        with self.sessions() as session:
            document = rights.document(session, self.person, document_id)
            return collections.name_of(session, document.collection_id)

    def _would_break(self, collection: str, change: Change) -> list[BrokenQuestion]:
        settings, reading, now, then = arms.once_more(lambda: self._gather(collection, change))
        changed = replace(reading, change=change)
        return regression.broken(reading.found(now, settings), changed.found(then, settings))

    def _gathered(self, collection: str, note: Progress) -> tuple[RetrievalSettings, Reading, list[Gathered]]:
        """What is live, and what both arms find for every labelled question, ready to be put in order."""
        settings, reading, gathered, _ = arms.once_more(lambda: self._gather(collection, note=note))
        return settings, reading, gathered

    def _gather(
        self, collection: str, change: Change = NO_CHANGE, note: Progress = silent
    ) -> tuple[RetrievalSettings, Reading, list[Gathered], list[Gathered]]:
        """As `_gathered`, with what the arms would find after `change`."""
        embedder = self.embedder.in_use()
        with self.sessions() as session:
            scope = rights.readable(session, self.person, collection)
        asked = arms.ask(self.sessions, embedder, scope[0])
        with self.sessions() as session:
            hold_embedder(session, embedder.name)
            settings = in_force(session, scope, USUAL)
            now = arms.gather(session, scope[0], asked, settings.depth, note=note)
            then = now if change == NO_CHANGE else arms.gather(session, scope[0], asked, settings.depth, change)
        return settings, Reading(self.sessions, self.rerankers, scope), now, then
