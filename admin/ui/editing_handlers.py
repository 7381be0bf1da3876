"""What the page does when a document is changed: each handler may be called by anybody with anything."""

from dataclasses import dataclass

import gradio as gr

from admin.service.editing import Editing
from admin.service.library import Library
from admin.ui import changes, listing, opened, words
from admin.ui.handlers import Opened, number, numbers, sent
from chat.store.catalogue import View
from chat.ui.edge import told

LONGEST_CHUNK = 20_000
"""Characters that are taken in; how long a chunk may be is decided where it is made."""


@dataclass(frozen=True)
class EditingHandlers:
    """The handlers behind a document's page and the list's bulk actions."""

    library: Library
    editing: Editing

    @told
    def shown(self, event: gr.EventData) -> tuple[Opened, str]:
        """Another version of the open document, to be read."""
        now = Opened(number(sent(event, "id")), version=number(sent(event, "number")))
        return now, self._open(now)

    @told
    def compared(self, event: gr.EventData) -> tuple[Opened, str]:
        """What a version of the open document changed."""
        document_id, before, after = (number(sent(event, name)) for name in ("id", "before", "number"))
        difference = self.editing.compare(document_id, before, after)
        found = self.library.document(document_id, number=after)
        shown = changes.changes(difference, document_id, before, after)
        return Opened(document_id, version=after, compared=True), opened.document(found, shown)

    @told
    def rewritten(self, event: gr.EventData) -> tuple[Opened, str, str]:
        """Let a chunk say something else."""
        document_id, version, ordinal = _which(event)
        words_of_it, draft = sent(event, "text")[:LONGEST_CHUNK], sent(event, "draft") == "true"
        made = self.editing.rewrite(document_id, version, ordinal, words_of_it, draft=draft)
        return self._changed(document_id, version, made.version)

    @told
    def split(self, event: gr.EventData) -> tuple[Opened, str, str]:
        """Cut a chunk in two."""
        document_id, version, ordinal = _which(event)
        at, draft = number(sent(event, "at")), sent(event, "draft") == "true"
        made = self.editing.split(document_id, version, ordinal, at, draft=draft)
        return self._changed(document_id, version, made.version)

    @told
    def merged(self, event: gr.EventData) -> tuple[Opened, str, str]:
        """Make one of a chunk and the next."""
        document_id, version, ordinal = _which(event)
        return self._changed(document_id, version, self.editing.merge(document_id, version, ordinal).version)

    @told
    def switched(self, event: gr.EventData) -> tuple[Opened, str, str]:
        """Keep a chunk from being found, or let it be found again."""
        document_id, version, ordinal = _which(event)
        made = self.editing.switch(document_id, version, ordinal, disabled=sent(event, "disabled") == "1")
        return self._changed(document_id, version, made.version)

    @told
    def published(self, event: gr.EventData) -> str:
        """Let a document's draft answer. Returns what was done, as HTML."""
        return listing.notice(words.PUBLISHED.format(self.editing.publish(number(sent(event, "id")))))

    @told
    def all_published(self, event: gr.EventData) -> str:
        """Let the drafts of the selected documents answer. Returns what was done, as HTML."""
        count = self.editing.publish_all(numbers(sent(event, "ids")))
        return listing.notice(words.PUBLISHED_ALL.format(words.count(count, "draft")) if count else words.NO_DRAFTS)

    @told
    def cancelled(self, event: gr.EventData) -> str:
        """End what is queued or being read. Returns what was done, as HTML."""
        count = self.editing.cancel(number(sent(event, "id")))
        return listing.notice(words.CANCELLED if count else words.NOTHING_TO_CANCEL)

    @told
    def tagged(self, event: gr.EventData) -> str:
        """Put tags on documents, or take one off. Returns what was done, as HTML."""
        add, drop = sent(event, "text")[: listing.LONGEST_TAGS], sent(event, "drop")[: listing.LONGEST_TAGS]
        if drop:
            add = ""
        count = self.editing.tag(numbers(sent(event, "ids")), add=add, drop=drop)
        return listing.notice(words.TAGGED.format(words.count(count, "document")))

    def narrowed(self, view: View, event: gr.EventData) -> View:
        """The view, of the documents that have the tag that was clicked, or of all where that one was chosen."""
        return listing.with_tag(view, sent(event, "name").replace("\x00", "")[: listing.LONGEST_TAGS])

    def _changed(self, document_id: int, before: int, made: int) -> tuple[Opened, str, str]:
        """The document while its new version is being made; it is shown again when that answers."""
        now = Opened(document_id)
        drafted = self.library.document(document_id, number=made).shown.draft
        said = words.DRAFT_BEING_MADE if drafted else words.BEING_MADE
        now = Opened(document_id, version=made if drafted else None)
        return now, self._open(Opened(document_id, version=before)), listing.notice(said.format(made))

    def _open(self, now: Opened) -> str:
        assert now.document_id is not None
        return opened.document(self.library.document(now.document_id, number=now.version, first=now.first))


def _which(event: gr.EventData) -> tuple[int, int, int]:
    """The document, version and chunk that an event is about."""
    document_id, version, ordinal = (number(sent(event, name)) for name in ("id", "number", "ordinal"))
    return document_id, version, ordinal
