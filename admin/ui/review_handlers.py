"""What the review of training examples does. Every argument but a state may have been written by a stranger."""

from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr

from admin.service.checks import Checks
from admin.service.examples import Examples
from admin.training.reviewing import Decision
from admin.ui import examples_review
from admin.ui import examples_words as words
from admin.ui.examples_review import Round
from admin.ui.handlers import number, sent
from chat.errors import AppError
from chat.store.example_listing import Sort, View
from chat.store.tables import ExampleState
from chat.ui.edge import told

Shown = tuple[Round, str]


@dataclass(frozen=True)
class ReviewHandlers:
    """The handlers of the review. Each may be called by anybody with anything."""

    examples: Examples
    checks: Checks

    @told
    def begun(self, view: View) -> Shown:
        """Go through the drafts that the view lets through, those that wait longest first."""
        drafts = replace(view, state=ExampleState.DRAFT, sort=Sort.CHANGED, descending=False)
        return self._shown(Round(tuple(self.examples.queue(drafts))))

    @told
    def opened(self, view: View, event: gr.EventData) -> Shown:
        """The example that was clicked, among all that the view lets through."""
        chosen = number(sent(event, "id"))
        ids = tuple(self.examples.queue(view))
        return self._shown(Round(ids, ids.index(chosen)) if chosen in ids else Round((chosen,)))

    @told
    def stepped(self, now: Round, event: gr.EventData) -> Shown:
        """The next example, or the one before."""
        return self._shown(replace(now, at=min(number(sent(event, "to")), max(len(now.ids) - 1, 0))))

    @told
    def approved(self, now: Round, event: gr.EventData) -> tuple[Round, str, Decision]:
        """Approve the example, and go on."""
        return self._decided(now, event, ExampleState.APPROVED)

    @told
    def sent_back(self, now: Round, event: gr.EventData) -> tuple[Round, str, Decision]:
        """Ask for more work on the example, and go on."""
        return self._decided(now, event, ExampleState.NEEDS_WORK)

    @told
    def rejected(self, now: Round, event: gr.EventData) -> tuple[Round, str, Decision]:
        """Reject the example, and go on."""
        return self._decided(now, event, ExampleState.REJECTED)

    @told
    def taken_back(self, now: Round, last: Decision | None) -> tuple[Round, str, None]:
        """Take the last decision back, and look at that example again."""
        if last is None or not self.examples.undo(last):
            gr.Info(words.NOTHING_UNDONE)
            return *self._shown(now), None
        first = last.before[0][0]
        return *self._shown(replace(now, at=now.ids.index(first)) if first in now.ids else now), None

    @told
    def edited(self, now: Round, event: gr.EventData) -> Shown:
        """Word the example anew, which makes a version that is a draft."""
        worse = sent(event, "rejected") or None
        changed = self.examples.reword(
            number(sent(event, "id")), sent(event, "question"), sent(event, "answer"),
            rejected=worse, note=sent(event, "note"),
        )  # fmt: skip
        if not changed:
            gr.Info(words.NOT_SAVED)
        return self._shown(now)

    @told
    def checked(self, now: Round) -> str:
        """What the checks say of the example that is shown, as HTML that names it."""
        if now.shown is None:
            return ""
        try:
            said = examples_review.findings(self.checks.of(now.shown))
        except AppError as error:
            said = f"<h3>{words.CHECKS}</h3><p>{escape(str(error))}</p>"
        return f'<div data-of="{now.shown}">{said}</div>'

    def closed(self) -> tuple[Round, str, str]:
        """Nothing under review."""
        return Round(), "", ""

    def _decided(self, now: Round, event: gr.EventData, state: ExampleState) -> tuple[Round, str, Decision]:
        example_id = number(sent(event, "id"))
        decision = self.examples.review([example_id], state, sent(event, "text"))
        was_draft = any(before is ExampleState.DRAFT for _, before in decision.before)
        return *self._shown(self._after(now, example_id, was_draft=was_draft)), decision

    def _after(self, now: Round, example_id: int, *, was_draft: bool) -> Round:
        """The next draft of the round; the end of it after its last one; else the example stays in view."""
        at = now.ids.index(example_id) if example_id in now.ids else now.at
        standing = self.examples.states(now.ids)
        order = [*range(at + 1, len(now.ids)), *range(at)]
        left = [place for place in order if standing.get(now.ids[place]) is ExampleState.DRAFT]
        if left:
            return replace(now, at=left[0])
        return replace(now, at=len(now.ids) if was_draft else at)

    def _shown(self, now: Round) -> tuple[Round, Any]:
        if now.shown is None:
            return now, examples_review.done(len(now.ids))
        left = sum(state is ExampleState.DRAFT for state in self.examples.states(now.ids).values())
        return now, examples_review.page(self.examples.example(now.shown), now, left)
