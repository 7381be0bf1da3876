"""What the Adapters tab does when something is clicked: each handler may be called by anybody with anything."""

from dataclasses import dataclass

import gradio as gr

from admin.promotion.thresholds import WORDS
from admin.service.adapters import Adapters
from admin.ui import adapter_panel, adapters_view, gate_form, gate_words
from admin.ui import adapters_words as words
from admin.ui.handlers import number, sent
from admin.ui.listing import notice
from admin.ui.words import size
from chat.ui.edge import told


@dataclass(frozen=True)
class AdaptersHandlers:
    """The handlers of the Adapters tab."""

    adapters: Adapters

    @told
    def listed(self) -> str:
        """The tab, as HTML."""
        seen = self.adapters
        return adapters_view.page(seen.listed(), seen.places(), seen.history(), seen.watched(), seen.strengths())

    @told
    def opened(self, event: gr.EventData) -> str:
        """The adapter that was clicked, as HTML."""
        return self._panel(sent(event, "name"), sent(event, "collection") or None)

    def _panel(self, name: str, place: str | None = None) -> str:
        """The adapter with what the rules say of it in that place or, without one, the first that there is."""
        shown, judged = self.adapters.show(name), None
        place = place or (None if shown.everywhere else next(iter(shown.collections), None))
        if (shown.everywhere or place) and not shown.line.retired_at:
            judged = adapter_panel.Judged(place, self.adapters.judged(name, place), self.adapters.thresholds(place))
        return adapter_panel.panel(shown, self.adapters.background(name), judged)

    @told
    def promoted(self, event: gr.EventData) -> tuple[str, str]:
        """Let it answer. Returns what was done, and the panel: closed, or with the rules that were not met."""
        name, collection = sent(event, "name"), sent(event, "collection") or None
        overridden = sent(event, "override") == "1"
        outcome = self.adapters.promote(name, collection, sent(event, "reason"), overridden=overridden)
        if not outcome.done:
            return notice(gate_words.WAITS) if outcome.waits else "", self._panel(name, collection)
        return notice(words.PROMOTED.format(name, adapters_view.place_in_words(collection))), ""

    @told
    def asked(self, event: gr.EventData) -> tuple[str, str]:
        """Change what the rules ask for. Returns what was done, and the panel with what they say now."""
        name, collection = sent(event, "name"), sent(event, "collection") or None
        self.adapters.set_thresholds(collection, {each: gate_form.read(each, sent(event, each)) for each in WORDS})
        where = adapters_view.place_in_words(collection)
        return notice(gate_words.ASKED.format(where)), self._panel(name, collection)

    @told
    def tried(self, event: gr.EventData) -> str:
        """Try it on a share of the conversations. Returns what was done, as HTML."""
        name, collection = sent(event, "name"), sent(event, "collection") or None
        share = fraction(sent(event, "share"))
        self.adapters.try_out(name, share, collection, sent(event, "reason"))
        return notice(gate_words.TRIED.format(name, share, adapters_view.place_in_words(collection)))

    @told
    def rolled_back(self, event: gr.EventData) -> str:
        """Let answer again what answered before. Returns what was done, as HTML."""
        collection, to = sent(event, "collection") or None, sent(event, "to")
        return adapters_view.done(self.adapters.rollback(collection, number(to) if to else None), collection)

    @told
    def trial_ended(self, event: gr.EventData) -> str:
        """End a canary. Returns what was done, as HTML."""
        self.adapters.end_trial(sent(event, "collection") or None)
        return notice(words.TRIAL_ENDED)

    @told
    def retired(self, event: gr.EventData) -> str:
        """Offer it no longer. Returns what was done, as HTML."""
        self.adapters.retire(sent(event, "name"))
        return notice(words.RETIRED_NOW.format(sent(event, "name")))

    @told
    def reinstated(self, event: gr.EventData) -> str:
        """Offer it again. Returns what was done, as HTML."""
        self.adapters.retire(sent(event, "name"), undo=True)
        return notice(words.REINSTATED.format(sent(event, "name")))

    @told
    def deleted(self, event: gr.EventData) -> str:
        """Delete it. Returns the receipt, as HTML."""
        gone = self.adapters.delete(sent(event, "name"))
        return notice(words.DELETED.format(gone.name, size(gone.size)))


def fraction(written: str) -> float:
    """The share that was sent; 0, which nothing can be tried on, for what is none."""
    try:
        return float(written)
    except ValueError:
        return 0.0
