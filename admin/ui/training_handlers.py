"""What the Training tab does when something is clicked. Every argument may have been written by a stranger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.service.training import Training, Tried, Wanted
from admin.training.presets import DEFAULT
from admin.ui import training_before, training_form, training_run, training_view
from admin.ui import training_words as words
from admin.ui.handlers import number, sent
from admin.ui.listing import notice
from chat.errors import AppError, InvalidInputError, NotAllowedError
from chat.ui.edge import told

LONGEST_FIELD = 200


@dataclass(frozen=True)
class TrainingHandlers:
    """The handlers. Each may be called by anybody with anything."""

    training: Training

    @told
    def listed(self) -> tuple[str, Any]:
        """The list of runs as HTML, and the clock, which runs while one is under way."""
        lines = self.training.list()
        return training_view.table(lines), gr.Timer(active=any(line.under_way for line in lines))

    @told
    def form(self) -> str:
        """The form for a new run, as HTML; who may not train is told who could let them."""
        try:
            return self._form({}, opened=not self.training.list())
        except NotAllowedError as error:
            return training_before.refused(str(error))

    @told
    def chosen(self, event: gr.EventData) -> str:
        """The form for another snapshot, or with the settings of another goal, as HTML."""
        said = _said(event)
        if said.get("changed") == "preset":
            said = {name: said[name] for name in ("snapshot", "preset", "name") if name in said}
        return self._form(said, opened=True)

    @told
    def asked(self, event: gr.EventData) -> Wanted:
        """The run that the form asks for."""
        said = _said(event)
        return training_form.wanted(said, self.training.fields(said.get("preset") or DEFAULT))

    @told
    def looked(self, wanted: Wanted | None) -> Iterator[tuple[str, str]]:
        """What becomes of the rows, and the tokens of the first, as HTML."""
        yield training_before.working(words.READING), ""
        try:
            report, view = self.training.look(_checked(wanted))
        except AppError as error:
            yield training_before.refused(str(error)), ""
        else:
            yield training_before.report(report), training_before.tokens(view, 0) if view else ""

    @told
    def turned(self, wanted: Wanted | None, event: gr.EventData) -> str:
        """The tokens of another row, as HTML."""
        at = number(sent(event, "row")) - 1 if sent(event, "row") else number(sent(event, "number"))
        return training_before.tokens(self.training.preview(_checked(wanted), at), at)

    @told
    def estimated(self, wanted: Wanted | None) -> Iterator[str]:
        """How far the two steps are, and then what the run will take, as HTML."""
        try:
            for said in self.training.estimate(_checked(wanted)):
                yield training_before.working(said) if isinstance(said, str) else training_before.estimate(said)
        except AppError as error:
            yield training_before.refused(str(error))

    @told
    def tried(self, wanted: Wanted | None) -> Iterator[str]:
        """How far a dry run is, and then what came of it, as HTML."""
        try:
            for said in self.training.dry_run(_checked(wanted)):
                yield training_before.tried(said) if isinstance(said, Tried) else training_before.working(said)
        except AppError as error:
            yield training_before.refused(str(error))

    def halted(self) -> str:
        """What was measured is stopped. Returns that as HTML."""
        return f'<p class="hint" role="status">{words.HALTED}</p>'

    @told
    def begun(self, wanted: Wanted | None) -> tuple[str, str]:
        """Begin the run. Returns what was done and, where it was refused, why, as HTML."""
        try:
            run_id = self.training.start(_checked(wanted))
        except AppError as error:
            return "", training_before.refused(str(error))
        return notice(words.BEGUN.format(run_id)), ""

    @told
    def opened(self, event: gr.EventData) -> tuple[int, str]:
        """The run that was clicked, and its page as HTML."""
        run_id = number(sent(event, "id"))
        return run_id, self._page(run_id)

    @told
    def reopened(self, run_id: int | None) -> Any:
        """The open run as it stands now; nothing where none is open."""
        return self._page(run_id) if isinstance(run_id, int) else ""

    @told
    def paused(self, event: gr.EventData) -> str:
        """Let a run rest. Returns what was done, as HTML."""
        self.training.pause(number(sent(event, "id")))
        return notice(words.PAUSED)

    @told
    def stopped(self, event: gr.EventData) -> str:
        """End a run. Returns what was done, as HTML."""
        self.training.stop(number(sent(event, "id")))
        return notice(words.STOPPED)

    @told
    def resumed(self, event: gr.EventData) -> str:
        """Let a run go on. Returns what was done, as HTML."""
        self.training.resume(number(sent(event, "id")))
        return notice(words.RESUMED)

    @told
    def removed(self, event: gr.EventData) -> tuple[str, None, str]:
        """Delete a run with its files. Returns what was done, as HTML, and no run to be open."""
        run_id = number(sent(event, "id"))
        self.training.delete(run_id)
        return notice(words.REMOVED.format(run_id)), None, ""

    def _form(self, said: Mapping[str, str], *, opened: bool) -> str:
        fields = self.training.fields(said.get("preset") or DEFAULT)
        return training_form.form(self.training.snapshots(), self.training.presets(), fields, said, opened=opened)

    def _page(self, run_id: int) -> str:
        return training_run.page(self.training.show(run_id), self.training.curve(run_id).events)


def _said(event: gr.EventData) -> dict[str, str]:
    """What the form sent, cut to what a field can hold and without what the database refuses to compare."""
    said = event._data if isinstance(event._data, dict) else {}
    return {str(name): str(value).replace("\x00", "").strip()[:LONGEST_FIELD] for name, value in said.items()}


def _checked(wanted: Wanted | None) -> Wanted:
    """Raises `InvalidInputError` where nothing was asked for."""
    if wanted is None:
        raise InvalidInputError(words.NOTHING_ASKED)
    return wanted
