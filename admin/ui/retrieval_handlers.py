"""What the Retrieval tab does when something is clicked: plain functions over the bench, each safe with any input."""

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from admin.curation.bench import MOST
from admin.service.bench import USUAL, Bench
from admin.ui import retrieval_words as words
from admin.ui import tuning
from admin.ui.handlers import number, sent
from admin.ui.listing import notice
from admin.ui.tuning import NOTHING_CHOSEN, Trial
from admin.ui.words import count
from chat.errors import InvalidInputError
from chat.rag.retriever import Fusion, RetrievalSettings
from chat.ui.edge import told


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
    def standing(self, collection: str) -> tuple[str, str]:
        """How the collection is searched, and its labelled questions, as HTML."""
        name = _name(collection)
        if name is None:
            return NOTHING_CHOSEN, ""
        found = self.bench.standing(name)
        return tuning.tuning(found), tuning.labelled(name, found.questions)

    @told
    def drafts(self, collection: str, chosen: str) -> Any:
        """The drafts that a question can be tried on; what is chosen stays so while it is among them."""
        name = _name(collection)
        ready = self.bench.drafts(name) if name else []
        known = [(str(one.version_id), words.DRAFT_OF.format(escape(one.document), one.number)) for one in ready]
        offered = [("", words.NO_DRAFT), *known] if known else []
        gone = chosen and chosen not in [value for value, _ in known]
        # What is chosen is not sent back: meanwhile it may be another.
        return gr.HTML(choices=offered, value="") if gone else gr.HTML(choices=offered)

    @told
    def beside(self, question: str, collection: str, k: float, event: gr.EventData) -> str:
        """One question under what is live and under other settings, as HTML."""
        name, most, settings = _name(collection), _most(k), tried(event)
        live = self.bench.probe(str(question), name, most)
        return tuning.side_by_side(live.sources, self.bench.probe(str(question), name, most, settings=settings).sources)

    @told
    def compared(self, collection: str, event: gr.EventData) -> tuple[Trial, str]:
        """What other settings would change on all labelled questions, as HTML."""
        return self._compared(Trial(_chosen(collection), tried(event), words.NOTE_HAND))

    @told
    def fitted(self, collection: str) -> tuple[Trial, str]:
        """Settings fitted to the labelled questions, and what they would change, as HTML."""
        name = _chosen(collection)
        fit = self.bench.fit(name)
        note = words.NOTE_FIT.format(count(fit.weights.questions, "question"))
        return self._compared(Trial(name, fit.settings, note, fit.scores), tuning.fitted(fit))

    @told
    def going_back(self, collection: str, event: gr.EventData) -> tuple[Trial, str]:
        """What earlier settings would change, as HTML."""
        name, place = _chosen(collection), number(sent(event, "number"))
        settings, scores = self.bench.earlier(name, place)
        note = words.NOTE_BACK.format(place) if place else words.NOTE_USUAL
        return self._compared(Trial(name, settings, note, scores))

    def _compared(self, trial: Trial, before: str = "") -> tuple[Trial, str]:
        live = self.bench.standing(trial.collection).settings
        return trial, tuning.compared(trial, live, *self.bench.compare(trial.collection, trial.settings), before)

    @told
    def made_live(self, trial: Trial | None) -> str:
        """Make the settings live that were compared or fitted. Returns what was done, as HTML."""
        if trial is None:
            raise InvalidInputError(words.NOTHING_TRIED)
        made = self.bench.make_live(trial.collection, trial.settings, trial.note, trial.scores)
        return notice(words.MADE_LIVE.format(made))

    @told
    def checked(self, collection: str) -> str:
        """Where each labelled question finds its passage under what is live, as HTML."""
        name = _chosen(collection)
        found, lines = self.bench.check(name)
        return tuning.labelled(name, [each.question for each in lines], lines, tuning.summarised(found, lines))

    @told
    def forgotten(self, event: gr.EventData) -> None:
        """Delete a labelled question."""
        self.bench.remove(number(sent(event, "id")))

    def asked(self, event: gr.EventData) -> str:
        """The words of a labelled question, to be tried."""
        return sent(event, "words")

    def working(self) -> str:
        """What is shown until a comparison is there, as HTML."""
        return f'<p class="writing working" role="status">{words.WORKING}</p>'


def tried(event: gr.EventData) -> RetrievalSettings:
    """The settings that stand in the fields. Raises `InvalidInputError` for what cannot be one."""
    fusion, threshold = sent(event, "fusion"), sent(event, "threshold").strip()
    dense = _within(sent(event, "share"), words.SHARE, 0, 100) / 50
    return USUAL.but({
        "fusion": Fusion(fusion) if fusion in list(Fusion) else USUAL.fusion,
        "dense_weight": round(dense, 2),
        "keyword_weight": round(2 - dense, 2),
        "threshold": _within(threshold, words.THRESHOLD, 0.01, 0.99) if threshold else None,
    })  # fmt: skip


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
