"""What the Retrieval tab does when something is clicked: plain functions over the bench, each safe with any input."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from admin.curation.bench.labelled import read
from admin.curation.bench.trace import MOST
from admin.curation.steps import Progress, part
from admin.service.bench import USUAL, Bench
from admin.ui import labelled, tuning
from admin.ui import retrieval_words as words
from admin.ui.following import Step, followed
from admin.ui.handlers import number, sent
from admin.ui.listing import notice
from admin.ui.tuning import NOTHING_CHOSEN, Trial
from admin.ui.words import count
from chat.errors import InvalidInputError
from chat.models.reranker import MAXSIM
from chat.rag.retriever import Fusion, RetrievalSettings
from chat.ui.edge import told

LONGEST_ENCODER = 500
SHOWN_EVERY_S = 0.3
Shown = Iterator[tuple[Any, Any]]


@dataclass(frozen=True)
class RetrievalHandlers:
    """The tab's handlers. Each may be called by anybody with anything, but a `Trial` never leaves the server."""

    bench: Bench

    @told
    def marked(self, event: gr.EventData) -> None:
        """Mark a passage right or wrong for a question, or take the mark back."""
        relevant = {"right": True, "wrong": False}.get(sent(event, "as"))
        self.bench.mark(sent(event, "words"), number(sent(event, "chunk")), relevant)

    @told
    def unanswered(self, collection: str, event: gr.EventData) -> str:
        """Keep a question as one without an answer. Returns what was done, as HTML."""
        self.bench.mark_unanswerable(sent(event, "words"), _chosen(collection))
        return notice(words.KEPT_UNANSWERED)

    @told
    def standing(self, collection: str) -> tuple[str, str, Any]:
        """How the collection is searched, and its labelled questions, as HTML; and the button to import some."""
        name = _name(collection)
        if name is None:
            return NOTHING_CHOSEN, "", gr.UploadButton(visible=False)
        found = self.bench.standing(name)
        known = labelled.labelled(name, found.questions, may_curate=found.may_curate)
        return tuning.tuning(found), known, gr.UploadButton(visible=found.may_curate)

    @told
    def drafts(self, collection: str, chosen: str) -> Any:
        """The drafts that a question can be tried on; what is chosen stays so while it is among them."""
        name = _name(collection)
        ready = self.bench.drafts(name) if name else []
        known = [(str(one.version_id), words.DRAFT_OF.format(escape(one.document), one.number)) for one in ready]
        return _offered([("", words.NO_DRAFT), *known] if known else [], chosen)

    @told
    def tags(self, collection: str, chosen: str) -> Any:
        """The tags that a question can be kept to; what is chosen stays so while it is among them."""
        known = self.bench.tags(_name(collection))
        shown = [(tag, words.TAGGED.format(escape(tag), count(documents, "document"))) for tag, documents in known]
        return _offered([("", words.ANY_TAG), *shown] if known else [], chosen)

    @told
    def beside(self, question: str, collection: str, k: float, tag: str, event: gr.EventData) -> str:
        """One question under what is live and under other settings, as HTML."""
        asked: dict[str, Any] = {"collection": _name(collection), "k": _most(k), "tagged": [str(tag or "")]}
        settings = tried(event)
        live = self.bench.probe(str(question), **asked)
        return tuning.side_by_side(live.sources, self.bench.probe(str(question), **asked, settings=settings).sources)

    @told
    def compared(self, collection: str, event: gr.EventData) -> Shown:
        """What other settings would change on all labelled questions, as HTML."""
        trial = Trial(_chosen(collection), tried(event), words.NOTE_HAND)
        yield from _followed(lambda note: self._compared(trial, note))

    @told
    def fitted(self, collection: str) -> Shown:
        """Settings fitted to the labelled questions, and what they would change, as HTML."""
        name = _chosen(collection)
        yield from _followed(lambda note: self._fitted(name, note))

    def _fitted(self, name: str, note: Progress) -> tuple[Trial | None, str]:
        fit = self.bench.fit(name, part(note, 0, 2))
        said = words.NOTE_FIT.format(count(fit.weights.questions, "question"))
        return self._compared(Trial(name, fit.settings, said, fit.scores), part(note, 1, 2), tuning.fitted(fit))

    @told
    def going_back(self, collection: str, event: gr.EventData) -> Shown:
        """What earlier settings would change, as HTML."""
        name, place = _chosen(collection), number(sent(event, "number"))
        settings, scores = self.bench.earlier(name, place)
        note = words.NOTE_BACK.format(place) if place else words.NOTE_USUAL
        yield from _followed(lambda progress: self._compared(Trial(name, settings, note, scores), progress))

    def _compared(self, trial: Trial, note: Progress, before: str = "") -> tuple[Trial | None, str]:
        """The trial, where it may be made live, and what it would change, as HTML."""
        standing = self.bench.standing(trial.collection)
        found, broken = self.bench.compare(trial.collection, trial.settings, note)
        trial = tuning.with_evidence(trial, standing.settings, found)
        refusal = tuning.refusal(trial, standing, found)
        return None if refusal else trial, tuning.compared(trial, standing.settings, found, broken, before, refusal)

    @told
    def made_live(self, trial: Trial | None) -> str:
        """Make the settings live that were compared or fitted. Returns what was done, as HTML."""
        if trial is None:
            raise InvalidInputError(words.NOTHING_TRIED)
        made = self.bench.make_live(trial.collection, trial.settings, trial.note, trial.scores)
        return notice(words.MADE_LIVE.format(made))

    @told
    def checked(self, collection: str) -> Shown:
        """Where each labelled question finds its passage under what is live, as HTML, and what is shown meanwhile."""
        name = _chosen(collection)
        yield from _followed(lambda note: self._checked(name, note))

    def _checked(self, name: str, note: Progress) -> tuple[str, str]:
        found, lines = self.bench.check(name, note)
        known, said = [each.question for each in lines], labelled.summarised(found, lines)
        may_curate = self.bench.standing(name).may_curate
        return labelled.labelled(name, known, lines, said, may_curate=may_curate), ""

    @told
    def imported(self, path: Path | None, collection: str) -> str:
        """Keep the labelled questions of a file. Returns what was done, as HTML."""
        if path is None:
            return ""
        name = _chosen(collection)
        try:
            added, replaced = self.bench.put(name, read(path))
        finally:
            path.unlink(missing_ok=True)
        return notice(words.IMPORTED.format(count(added, "question"), name, replaced))

    @told
    def forgotten(self, event: gr.EventData) -> None:
        """Delete a labelled question."""
        self.bench.remove(number(sent(event, "id")))

    def stopped(self) -> tuple[None, str]:
        """What stands in place of a comparison that was stopped: nothing, and nothing to make live."""
        return None, ""

    def asked(self, event: gr.EventData) -> str:
        """The words of a labelled question, to be tried."""
        return sent(event, "words")

    def working(self) -> str:
        """What is shown until a comparison is there, as HTML."""
        return f'<p class="writing working" role="status">{words.WORKING}</p>'


def _offered(choices: list[tuple[str, str]], chosen: str) -> Any:
    """What there is to choose from. What is chosen is sent back only where it is gone: meanwhile it may be another."""
    gone = chosen and chosen not in [value for value, _ in choices]
    return gr.HTML(choices=choices, value="") if gone else gr.HTML(choices=choices)


def _followed(work: Callable[[Progress], Any]) -> Shown:
    """What `work` comes to and, until then, nothing but how far it is, as HTML."""
    begun = shown = time.monotonic()
    for step in followed(work):
        if not isinstance(step, Step):
            yield step
        elif time.monotonic() > shown + SHOWN_EVERY_S:
            shown = time.monotonic()
            yield gr.skip(), tuning.progress(step.done / step.of, shown - begun)


def tried(event: gr.EventData) -> RetrievalSettings:
    """The settings that stand in the fields. Raises `InvalidInputError` for what cannot be one."""
    fusion, threshold = sent(event, "fusion"), sent(event, "threshold").strip()
    dense = _within(sent(event, "share"), words.SHARE, 0, 100) / 50
    return USUAL.but({
        "fusion": Fusion(fusion) if fusion in list(Fusion) else USUAL.fusion,
        "dense_weight": round(dense, 2),
        "keyword_weight": round(2 - dense, 2),
        "threshold": _within(threshold, words.THRESHOLD, 0.01, 0.99) if threshold else None,
        "rerank": _reader(sent(event, "reading"), " ".join(sent(event, "encoder").split())),
    })  # fmt: skip


def _reader(reading: str, encoder: str) -> str | None:
    """Who is to read the best passages again."""
    if reading != words.CROSS:
        return MAXSIM if reading == MAXSIM else None
    if not encoder or len(encoder) > LONGEST_ENCODER or not encoder.isprintable():
        raise InvalidInputError(words.NO_ENCODER)
    return encoder


def _within(text: str, what: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise InvalidInputError(words.BAD_SETTING.format(text[:40], what, least, most))
    return value


def _name(collection: Any) -> str | None:
    return str(collection or "") or None


def _chosen(collection: Any) -> str:
    if not collection:
        raise InvalidInputError(f"{words.CHOOSE}. {words.CHOOSE_HINT}")
    return str(collection)


def _most(k: Any) -> int:
    return min(max(int(k), 1), MOST) if isinstance(k, int | float) and k == k else 10
