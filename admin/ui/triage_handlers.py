"""What the Feedback tab does when something is clicked: each handler may be called by anybody with anything.

A `View` and a `Round` never leave the server; whatever came with an event is looked up for the person anew.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import gradio as gr

from admin.service.triage import Triage
from admin.ui import triage_case, triage_view
from admin.ui import triage_words as words
from admin.ui.handlers import number, sent
from admin.ui.triage_case import Round
from chat.errors import InvalidInputError
from chat.store.feedback import Reason
from chat.store.tables import TriageState
from chat.store.triage import View
from chat.ui.edge import told


@dataclass(frozen=True)
class TriageHandlers:
    """The handlers. Each may be called by anybody with anything."""

    triage: Triage

    @told
    def listed(self, view: View) -> tuple[View, str, Any]:
        """The view as it is, the tab as HTML, and its title with how much is open."""
        overview = self.triage.overview(view)
        left = overview.counts[TriageState.OPEN]
        title = words.TAB.format(left) if left else words.FEEDBACK
        return overview.view, triage_view.page(overview), gr.Tab(label=title)

    def staged(self, view: View, event: gr.EventData) -> View:
        """The view, of the answers in that state; an unknown one shows what is open."""
        name = sent(event, "name")
        return replace(view, state=TriageState(name) if name in list(TriageState) else TriageState.OPEN)

    def chosen(self, view: View, event: gr.EventData) -> View:
        """The view, of the collection that was clicked."""
        return replace(view, collection=sent(event, "name") or None)

    def reasoned(self, view: View, event: gr.EventData) -> View:
        """The view, of the answers with that reason; an unknown one shows all."""
        name = sent(event, "name")
        return replace(view, reason=name if name in list(Reason) else None)

    @told
    def opened(self, view: View, event: gr.EventData) -> tuple[Round, str]:
        """The answer that was clicked, among those of the list."""
        wanted = message_id(sent(event, "id"))
        ids = [line.id for line in self.triage.overview(view).lines]
        now = Round(ids, ids.index(wanted)) if wanted in ids else Round([wanted])
        return now, self._shown(now, wanted)

    @told
    def stepped(self, now: Round, event: gr.EventData) -> tuple[Round, str]:
        """Another one of those that are gone through."""
        there = replace(now, at=min(number(sent(event, "to")), max(len(now.ids) - 1, 0)))
        return there, self._shown(there, there.shown) if there.shown else ""

    @told
    def labelled(self, now: Round, event: gr.EventData) -> str:
        """Mark a passage right. Returns the answer, as HTML."""
        wanted = message_id(sent(event, "id"))
        self.triage.label(wanted, number(sent(event, "chunk")))
        return self._shown(now, wanted)

    @told
    def written(self, now: Round, event: gr.EventData) -> str:
        """Make an example of it. Returns the answer, as HTML."""
        wanted = message_id(sent(event, "id"))
        self.triage.write_example(wanted, sent(event, "correction"), sent(event, "collection").strip() or None)
        return self._shown(now, wanted)

    @told
    def mended(self, now: Round, event: gr.EventData) -> str:
        """Have a document as mended. Returns the answer, as HTML."""
        wanted = message_id(sent(event, "id"))
        self.triage.fixed(wanted, number(sent(event, "document")))
        return self._shown(now, wanted)

    @told
    def dismissed(self, now: Round, event: gr.EventData) -> str:
        """Dismiss it. Returns the answer, as HTML."""
        wanted = message_id(sent(event, "id"))
        self.triage.dismiss(wanted, sent(event, "text"))
        return self._shown(now, wanted)

    @told
    def taken_back(self, now: Round, event: gr.EventData) -> str:
        """Undo what was done last. Returns the answer, as HTML."""
        wanted = message_id(sent(event, "id"))
        self.triage.undo(wanted)
        return self._shown(now, wanted)

    def closed(self) -> tuple[Round, str]:
        """Nothing open."""
        return Round(), ""

    def _shown(self, now: Round, wanted: UUID) -> str:
        return triage_case.page(self.triage.case(wanted), now)


def message_id(text: str) -> UUID:
    """The id of an answer. Raises `InvalidInputError` for what is none."""
    try:
        return UUID(text[:40])
    except ValueError as error:
        raise InvalidInputError(words.BAD_ANSWER) from error
