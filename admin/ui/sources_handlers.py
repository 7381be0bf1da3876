"""What the Sources tab and the field for web pages do. Every argument may have been written by a stranger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.service.library import Library
from admin.service.sources import NewSource, Sources
from admin.ui import listing, sources_view
from admin.ui import sources_words as words
from admin.ui.handlers import number, sent
from chat.errors import InvalidInputError
from chat.store.catalogue import View
from chat.store.tables import SourceKind
from chat.ui.edge import told


@dataclass(frozen=True)
class SourcesHandlers:
    """The handlers. Each may be called by anybody with anything."""

    sources: Sources
    library: Library

    @told
    def listed(self) -> tuple[str, Any]:
        """The list as HTML, and the clock, which runs while a sync does."""
        lines, reach = self.sources.lines(), self.sources.reach()
        return sources_view.table(lines, reach), gr.Timer(active=any(line.sync.under_way for line in lines))

    @told
    def form(self) -> str:
        """The form for a new source, as HTML."""
        return sources_view.form(self.sources.reach(), len(self.sources.lines()))

    @told
    def added(self, event: gr.EventData) -> tuple[str, str]:
        """Add a source. Returns what was done, as HTML, and closes the preview."""
        kind = _kind(event)
        every = sent(event, "every")
        new = NewSource(
            sent(event, "name"),
            kind,
            sent(event, f"places-{kind}"),
            _collection(event),
            number(every) if every else None,
        )
        self.sources.add(new)
        return listing.notice(words.ADDED.format(new.name.strip())), ""

    @told
    def tried(self, event: gr.EventData) -> Iterator[str]:
        """What there is at a source that is not added yet, as HTML that grows."""
        kind = _kind(event)
        yield sources_view.plan(None)
        for found in self.sources.preview_new(kind, sent(event, f"places-{kind}"), _collection(event)):
            yield sources_view.plan(found)

    @told
    def previewed(self, event: gr.EventData) -> Iterator[str]:
        """What a sync of the source would do, as HTML that grows."""
        source_id = number(sent(event, "id"))
        yield sources_view.plan(None, source_id)
        for found in self.sources.preview(source_id):
            yield sources_view.plan(found, source_id)

    @told
    def synced(self, event: gr.EventData) -> tuple[str, str]:
        """Have a source synced. Returns what was done, as HTML, and closes the preview."""
        queued = self.sources.request_sync(number(sent(event, "id")))
        return listing.notice(words.SYNC_QUEUED if queued else words.SYNC_RUNS), ""

    @told
    def purged(self, event: gr.EventData) -> str:
        """Have a source synced, and what vanished removed however much it is. Returns what was done, as HTML."""
        queued = self.sources.request_sync(number(sent(event, "id")), removing=True)
        return listing.notice(words.SYNC_QUEUED if queued else words.SYNC_RUNS)

    @told
    def removed(self, event: gr.EventData) -> str:
        """Remove a source, with its documents only where the person chose so. Returns the receipt, as HTML."""
        with_documents = sent(event, "text") == "other"
        receipt = self.sources.remove(number(sent(event, "id")), with_documents=with_documents)
        return sources_view.removed(receipt, with_documents=with_documents)

    def fetching(self, address: str) -> str:
        """What is said until a page is fetched, as HTML."""
        return listing.notice(words.FETCHING.format(str(address)[:200]) if address else words.NO_ADDRESS)

    @told
    def page_added(self, address: str, view: View) -> tuple[str, str, Any]:
        """Fetch a page and hand it in. Returns what became of it as HTML, the field, and a clock to watch it with."""
        if not str(address or "").strip():
            raise InvalidInputError(words.NO_ADDRESS)
        upload = self.sources.add_page(str(address), view.collection)
        left = upload.name if upload.problem else ""
        return listing.uploaded([upload], view.collection), left, gr.Timer(active=True)


def _collection(event: gr.EventData) -> str:
    return sent(event, "collection").strip().lower()


def _kind(event: gr.EventData) -> SourceKind:
    name = sent(event, "kind")
    if name not in list(SourceKind):
        raise InvalidInputError(words.BAD_KIND)
    return SourceKind(name)
