"""What the tab of training examples does. Every argument but a state may have been written by a stranger."""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from admin.service.examples import Examples
from admin.training.formats import BadRowsError
from admin.training.reviewing import Decision
from admin.training.shapes import Shape
from admin.ui import examples_list, listing
from admin.ui import examples_words as words
from admin.ui.handlers import descends, number, numbers, searched, sent, turned
from admin.ui.words import count
from chat.errors import InvalidInputError
from chat.store.example_listing import Sort, View
from chat.store.tables import ExampleState
from chat.ui.edge import told

LARGEST_DOWNLOAD = 40_000_000
"""Bytes that a page hands over at once."""
Upload = tuple[Path, str]


@dataclass(frozen=True)
class ExamplesHandlers:
    """The handlers of the list. Each may be called by anybody with anything."""

    examples: Examples

    @told
    def listed(self, view: View) -> tuple[View, str, str, str, str, Any]:
        """The view as it is, collections, where files go, forms, list, and the clock, which runs while drafts come."""
        overview = self.examples.overview(view)
        clock = gr.Timer(active=overview.drafting is not None and overview.drafting.under_way)
        chips, target = examples_list.chips(overview), examples_list.target(overview)
        return overview.view, chips, target, examples_list.forms(overview), examples_list.table(overview), clock

    def filtered(self, text: str, view: View) -> View:
        """The view, of the examples in whose question, answer or id `text` stands."""
        return searched(view, text)

    def chosen(self, view: View, event: gr.EventData) -> View:
        """The view, of the collection that was clicked."""
        return replace(view, collection=sent(event, "name") or None, page=0)

    def staged(self, view: View, event: gr.EventData) -> View:
        """The view, of the examples in that state; an unknown one shows all."""
        name = sent(event, "state")
        return replace(view, state=ExampleState(name) if name in list(ExampleState) else None, page=0)

    def outdated(self, view: View) -> View:
        """The view, of stale examples only, or of all again."""
        return replace(view, stale=not view.stale, page=0)

    def sorted(self, view: View, event: gr.EventData) -> View:
        """The view in the order of that column, or the other way round where it is so already."""
        name = sent(event, "sort")
        sort = Sort(name) if name in list(Sort) else view.sort
        return replace(view, sort=sort, descending=descends(view, sort, Sort.CHANGED), page=0)

    @told
    def turned(self, view: View, event: gr.EventData) -> View:
        """The view, on another page."""
        return turned(view, event)

    @told
    def imported(self, files: Sequence[Upload] | None, view: View) -> Iterator[tuple[str, None, Upload | None]]:
        """Import a file. Yields what became of it, as HTML; empties the upload; keeps a file with bad rows at hand."""
        for path, name in files or ():
            yield listing.notice(words.READING.format(name)), None, None
            try:
                receipt = self.examples.import_file(path, self.examples.overview(view).home)
            except BadRowsError as error:
                yield examples_list.not_imported(name, error.found), None, (path, name)
            except InvalidInputError as error:
                yield listing.notice(words.NOTHING_GOOD, problems=[(name, str(error))]), None, None
            else:
                path.unlink(missing_ok=True)
                yield examples_list.imported(name, receipt), None, None

    @told
    def imported_anyway(self, pending: Upload | None, view: View) -> tuple[str, None]:
        """Import the good rows of the file at hand. Returns what became of it, as HTML."""
        if pending is None or not pending[0].is_file():
            raise InvalidInputError(words.PENDING_GONE)
        path, name = pending
        receipt = self.examples.import_file(path, self.examples.overview(view).home, good_rows=True)
        path.unlink(missing_ok=True)
        return examples_list.imported(name, receipt), None

    @told
    def written(self, view: View, event: gr.EventData) -> tuple[str, str]:
        """Keep an example that was written by hand. Returns what was done and the forms, emptied, as HTML."""
        answerable = sent(event, "refuse") != "on"
        collection = sent(event, "collection")
        made = self.examples.write(collection, sent(event, "question"), sent(event, "answer"), answerable=answerable)
        return listing.notice(words.WRITTEN), examples_list.forms(self.examples.overview(view), made)

    @told
    def drafted(self, event: gr.EventData) -> tuple[str, Any]:
        """Have the model draft examples. Returns what was done, as HTML, and the clock, which runs."""
        self.examples.from_documents(sent(event, "collection"), number(sent(event, "many")))
        return listing.notice(words.DRAFT_QUEUED), gr.Timer(active=True)

    @told
    def stopped(self) -> str:
        """End the drafting. Returns what was done, as HTML."""
        return listing.notice(words.STOPPED if self.examples.stop_drafting() else words.NOT_STOPPED)

    @told
    def approved(self, event: gr.EventData) -> tuple[str, Decision]:
        """Approve the selected examples. Returns what was done, as HTML, and the decision."""
        return self._decided(event, ExampleState.APPROVED)

    @told
    def sent_back(self, event: gr.EventData) -> tuple[str, Decision]:
        """Ask for more work on the selected examples. Returns as `approved` does."""
        return self._decided(event, ExampleState.NEEDS_WORK)

    @told
    def rejected(self, event: gr.EventData) -> tuple[str, Decision]:
        """Reject the selected examples. Returns as `approved` does."""
        return self._decided(event, ExampleState.REJECTED)

    @told
    def taken_back(self, last: Decision | None) -> tuple[str, None]:
        """Take the last decision back. Returns what was done, as HTML."""
        undone = self.examples.undo(last) if last is not None else 0
        return listing.notice(words.UNDONE.format(count(undone, "example")) if undone else words.NOTHING_UNDONE), None

    @told
    def removed(self, event: gr.EventData) -> str:
        """Delete the selected examples. Returns what was done, as HTML."""
        return listing.notice(words.DELETED.format(count(self.examples.delete(numbers(sent(event, "ids"))), "example")))

    @told
    def exported(self, view: View, event: gr.EventData) -> tuple[str, str]:
        """The selected examples, or all that the view lets through, as a file, and what was done, as HTML."""
        suffix, shape = sent(event, "format") or ".jsonl", sent(event, "shape") or Shape.PROMPT_COMPLETION
        if suffix not in words.FILE_KINDS or shape not in list(Shape):
            raise InvalidInputError(words.NO_FORMAT)
        ids = sent(event, "ids")
        chosen = self.examples.chosen(view, numbers(ids) if ids else ())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"examples{suffix}"
            written = self.examples.export_file(path, chosen, Shape(shape))
            return _download(path), _exported(written, len(chosen))

    def _decided(self, event: gr.EventData, state: ExampleState) -> tuple[str, Decision]:
        decision = self.examples.review(numbers(sent(event, "ids")), state, sent(event, "text"))
        return examples_list.decided(decision), decision


def _exported(written: int, chosen: int) -> str:
    left = words.LEFT_OUT.format(chosen - written) if written < chosen else ""
    return listing.notice(words.EXPORTED.format(count(written, "example"), left))


def _download(path: Path) -> str:
    """The file as the page's script hands it to the person: no copy of it stays on the server."""
    if path.stat().st_size > LARGEST_DOWNLOAD:
        raise InvalidInputError(words.TOO_LARGE)
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<template data-name="{path.name}" data-bytes="{data}"></template>'
