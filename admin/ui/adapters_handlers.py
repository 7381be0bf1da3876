"""What the Adapters tab does when something is clicked: each handler may be called by anybody with anything."""

from dataclasses import dataclass

import gradio as gr

from admin.service.adapters import Adapters
from admin.ui import adapter_panel, adapters_view
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
        return adapters_view.page(self.adapters.listed(), self.adapters.places(), self.adapters.history())

    @told
    def opened(self, event: gr.EventData) -> str:
        """The adapter that was clicked, as HTML."""
        return adapter_panel.panel(self.adapters.show(sent(event, "name")))

    @told
    def promoted(self, event: gr.EventData) -> tuple[str, str]:
        """Let it answer. Returns what was done, and the panel: closed, or with the rules that were not met."""
        name, collection = sent(event, "name"), sent(event, "collection") or None
        outcome = self.adapters.promote(name, collection, sent(event, "reason"))
        if not outcome.done:
            return "", adapter_panel.panel(self.adapters.show(name), outcome.rules)
        return notice(words.PROMOTED.format(name, adapters_view.place_in_words(collection))), ""

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
