"""What the list of snapshots does. Every argument may have been written by a stranger."""

from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr

from admin.service.examples import Examples
from admin.service.snapshots import Snapshots, Wanted
from admin.ui import listing, snapshots_view
from admin.ui import snapshots_words as words
from admin.ui.checks_handlers import named
from admin.ui.handlers import number, sent
from admin.ui.words import count
from chat.errors import InvalidInputError
from chat.store.example_listing import View
from chat.ui.edge import told


@dataclass(frozen=True)
class SnapshotsHandlers:
    """The handlers. Each may be called by anybody with anything."""

    snapshots: Snapshots
    examples: Examples

    @told
    def listed(self) -> tuple[str, str]:
        """The form for a new snapshot and the list, as HTML."""
        names = [each.name for each in self.examples.overview(View()).collections]
        lines = self.snapshots.lines()
        return snapshots_view.form(names, len(lines)), snapshots_view.table(lines)

    @told
    def created(self, event: gr.EventData) -> Iterator[str]:
        """Freeze a collection's approved examples. Says that it checks them, and then what was done, as HTML."""
        share = sent(event, "share")
        if share not in words.SHARES:
            raise InvalidInputError(words.BAD_SHARE)
        yield listing.notice(words.CHECKING)
        name, collection = named(event, "name"), named(event, "collection")
        declared = sent(event, "declared").replace("\x00", "")[:1_000]
        wanted = Wanted(name, collection, float(share), number(sent(event, "seed")), declared)
        made = self.snapshots.create(wanted)
        train, kept = count(made.train, "example"), f"{made.validation:,}"
        yield listing.notice(words.MADE.format(made.name, train, kept))

    @told
    def opened(self, event: gr.EventData) -> str:
        """A snapshot with what it holds, as HTML."""
        return snapshots_view.opened(*self.snapshots.show(named(event, "name")))

    @told
    def compared(self, event: gr.EventData) -> str:
        """What is not the same in two snapshots, as HTML."""
        before, after = named(event, "before"), named(event, "after")
        return snapshots_view.difference(before, after, self.snapshots.diff(before, after))

    @told
    def removed(self, event: gr.EventData) -> str:
        """Delete a snapshot. Returns what was done, as HTML."""
        return listing.notice(words.DELETED.format(self.snapshots.delete(named(event, "name")).name))
