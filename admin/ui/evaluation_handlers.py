"""What the Evaluation tab does when something is clicked. Every argument may have been written by a stranger."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.evaluation.starting import Wanted
from admin.service.evaluations import Evaluations
from admin.service.question_sets import QuestionSets
from admin.ui import evaluation_view as view
from admin.ui import evaluation_words as words
from admin.ui.handlers import number, sent
from admin.ui.listing import notice
from chat.errors import InvalidInputError
from chat.ui.edge import told


@dataclass(frozen=True)
class EvaluationHandlers:
    """The handlers. Each may be called by anybody with anything."""

    evaluations: Evaluations
    sets: QuestionSets

    @told
    def listed(self) -> tuple[str, Any]:
        """The list as HTML, and the clock, which runs while something is asked."""
        lines = self.evaluations.lines()
        return view.table(lines), gr.Timer(active=any(line.under_way for line in lines))

    @told
    def form(self) -> str:
        """The form for a new evaluation, as HTML."""
        return self._form(None, opened=not self.evaluations.lines())

    @told
    def chosen(self, event: gr.EventData) -> str:
        """The form with what another collection offers, as HTML."""
        return self._form(sent(event, "collection"), opened=True)

    @told
    def begun(self, event: gr.EventData) -> str:
        """Begin an evaluation. Returns what was done, as HTML."""
        arms, most = view.chosen_arms(event._data if isinstance(event._data, dict) else {}), sent(event, "most").strip()
        if not arms:
            raise InvalidInputError(words.NO_ARM)
        wanted = Wanted(
            sent(event, "questions"),
            arms,
            sent(event, "collection"),
            sent(event, "adapter") or None,
            number(most) if most else None,
        )
        line = self.evaluations.line(self.evaluations.start(wanted))
        return notice(words.BEGUN if line.under_way else words.KNOWN)

    @told
    def frozen(self, event: gr.EventData) -> tuple[str, str]:
        """Freeze a collection's labelled questions. Returns the form and what was done, as HTML."""
        name = sent(event, "collection")
        made, _ = self.sets.freeze(name, words.LABELLED)
        return self._form(name, opened=True), notice(words.FROZEN.format(f"{made.name} {made.number}"))

    @told
    def stopped(self, event: gr.EventData) -> str:
        """Stop an evaluation. Returns what was done, as HTML."""
        self.evaluations.stop(number(sent(event, "id")))
        return notice(words.STOPPED)

    @told
    def resumed(self, event: gr.EventData) -> str:
        """Let an evaluation go on. Returns what was done, as HTML."""
        self.evaluations.resume(number(sent(event, "id")))
        return notice(words.RESUMED)

    @told
    def removed(self, event: gr.EventData) -> str:
        """Delete an evaluation. Returns what was done, as HTML."""
        self.evaluations.remove(number(sent(event, "id")))
        return notice(words.REMOVED)

    @told
    def opened(self, event: gr.EventData) -> str:
        """The report of an evaluation, as HTML."""
        return view.opened(self.evaluations.report(number(sent(event, "id"))))

    @told
    def saved(self, event: gr.EventData) -> str:
        """The report of an evaluation as a file for the browser, in HTML."""
        return view.file(self.evaluations.report(number(sent(event, "id"))))

    def _form(self, collection: str | None, *, opened: bool) -> str:
        names = self.evaluations.collections()
        chosen = collection or next(iter(names), None)
        choices = self.evaluations.choices(chosen) if chosen else None
        return view.form(names, chosen, choices, opened=opened)
