"""What the panel of checks does. Every argument may have been written by a stranger."""

from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr

from admin.service.checks import Checks
from admin.service.examples import Examples
from admin.training.findings import Check
from admin.ui import checks_view, listing
from admin.ui import checks_words as words
from admin.ui.handlers import numbers, sent
from admin.ui.words import count
from chat.store.example_listing import View
from chat.ui.edge import told

USUAL = "default"
LONGEST_NAME = 64


@dataclass(frozen=True)
class ChecksHandlers:
    """The handlers. Each may be called by anybody with anything."""

    checks: Checks
    examples: Examples

    @told
    def form(self, collection: str) -> str:
        """The choice of a collection, as HTML."""
        names = [each.name for each in self.examples.overview(View()).collections]
        return checks_view.form(names, collection or USUAL)

    def chosen(self, event: gr.EventData) -> str:
        """The collection that is to be checked."""
        return named(event, "collection")

    @told
    def checked(self, collection: str) -> Iterator[str]:
        """What the checks find, as HTML that says how far they are until then."""
        for done, step in enumerate(self.checks.steps(str(collection).replace("\x00", ""))):
            yield checks_view.working(step, done) if isinstance(step, Check) else checks_view.report(step)

    @told
    def accepted(self, event: gr.EventData) -> str:
        """Let a finding stand. Returns what was done, as HTML."""
        self.checks.accept(numbers(sent(event, "ids")), named(event, "digest"), sent(event, "text"))
        return listing.notice(words.ACCEPTED_NOW)

    @told
    def accepted_all(self, event: gr.EventData) -> str:
        """Let all findings of a check or kind stand. Returns what was done, as HTML."""
        check, kind = named(event, "check"), named(event, "kind")
        accepted = self.checks.accept_all(named(event, "name"), check, sent(event, "text"), kind)
        return listing.notice(words.ACCEPTED_ALL_NOW.format(count(accepted, "finding")))

    @told
    def taken_back(self, event: gr.EventData) -> str:
        """Take an acceptance back. Returns what was done, as HTML."""
        self.checks.withdraw(numbers(sent(event, "ids")), named(event, "digest"))
        return listing.notice(words.TAKEN_BACK)

    @told
    def redacted(self, event: gr.EventData) -> str:
        """Redact an example. Returns what was done, as HTML."""
        version = self.checks.redact(numbers(sent(event, "ids"))[0], named(event, "digest"))
        return listing.notice(words.REDACTED.format(version))


def named(event: gr.EventData, field: str) -> str:
    """A name that the page sent along: no longer than any is, and without what the database refuses to compare."""
    return sent(event, field).replace("\x00", "").strip()[:LONGEST_NAME]
