"""What the page does when something is clicked: plain functions over the services, each safe to call with any input.

The invariant: every argument but a `View`, which never leaves the server, may have been written by a stranger. Numbers
and names are validated here and looked up by the service; failures a person can cure are told in one place, `told`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from admin.curation.bench.trace import MOST
from admin.service.bench import Bench
from admin.service.library import Library
from admin.ui import findings, listing, opened, words
from chat.errors import InvalidInputError
from chat.store import example_listing
from chat.store.catalogue import Sort, Stage, View
from chat.store.jobs import QueueState
from chat.ui.edge import told

LONGEST_FILTER = 200
LARGEST_NUMBER = 2**62
"""No id here is larger; beyond it, Postgres would not even compare."""
AnyView = TypeVar("AnyView", View, example_listing.View)


@dataclass(frozen=True)
class Opened:
    """Which document is open, if any, which version of it, and from which of its chunks on it is shown.

    Without a version, it is the one that answers. `compared` while its changes stand in place of its text.
    """

    document_id: int | None = None
    first: int = 0
    version: int | None = None
    compared: bool = False


@dataclass(frozen=True)
class Handlers:
    """The page's handlers. Each may be called by anybody with anything."""

    library: Library
    bench: Bench

    @told
    def queue(self) -> str:
        """The state of the workers, as HTML."""
        return queue_in_words(self.library.queue())

    @told
    def listed(self, view: View) -> tuple[View, str, str, str, Any]:
        """The view as it is, collections, list, where uploads go, and the clock: it runs while something is in work."""
        overview = self.library.overview(view)
        clock = gr.Timer(active=overview.working > 0)
        return overview.view, listing.chips(overview), listing.table(overview), listing.target(overview), clock

    def filtered(self, text: str, view: View) -> View:
        """The view, of the documents whose title or name has `text` in it."""
        return searched(view, text)

    def chosen(self, view: View, event: gr.EventData) -> View:
        """The view, of the collection that was clicked."""
        return replace(view, collection=sent(event, "name") or None, page=0)

    def staged(self, view: View, event: gr.EventData) -> View:
        """The view, of the documents in that stage; an unknown one shows all."""
        name = sent(event, "stage")
        return replace(view, stage=Stage(name) if name in list(Stage) else Stage.ALL, page=0)

    def sorted(self, view: View, event: gr.EventData) -> View:
        """The view in the order of that column, or the other way round where it is so already."""
        name = sent(event, "sort")
        sort = Sort(name) if name in list(Sort) else view.sort
        return replace(view, sort=sort, descending=descends(view, sort, Sort.ADDED), page=0)

    @told
    def turned(self, view: View, event: gr.EventData) -> View:
        """The view, on another page."""
        return turned(view, event)

    @told
    def uploaded(self, files: Sequence[tuple[Path, str]] | None, view: View, drafts: bool = False) -> tuple[str, None]:
        """Hand in files. Returns what became of each, as HTML, and empties the upload."""
        try:
            uploads = self.library.upload(files or (), view.collection, draft=drafts is True)
        finally:
            for path, _ in files or ():
                path.unlink(missing_ok=True)
        return listing.uploaded(uploads, view.collection), None

    @told
    def removed(self, event: gr.EventData) -> str:
        """Delete documents. Returns the receipt, as HTML."""
        return listing.deleted(self.library.delete(numbers(sent(event, "ids"))))

    @told
    def retried(self, event: gr.EventData) -> str:
        """Have documents read again that are not ready. Returns what was done, as HTML."""
        again = [self.library.retry(each) for each in numbers(sent(event, "ids") or sent(event, "id"))]
        return listing.notice(words.RETRIED if any(again) else words.NOT_RETRIED)

    @told
    def reread(self, event: gr.EventData) -> str:
        """Have documents' kept files read again. Returns what was begun, as HTML."""
        return listing.reread([*self.library.reread(numbers(sent(event, "ids")))])

    @told
    def created(self, view: View, event: gr.EventData) -> tuple[View, str]:
        """Make a collection, and look at it."""
        name = self.library.create_collection(sent(event, "text"))
        return replace(view, collection=name, page=0), listing.notice(words.COLLECTION_CREATED.format(name))

    @told
    def dropped(self, event: gr.EventData) -> str:
        """Delete a collection with its documents. Returns the receipt, as HTML."""
        name = sent(event, "name")
        return listing.collection_deleted(name, self.library.delete_collection(name))

    @told
    def opened(self, event: gr.EventData) -> tuple[Opened, str]:
        """A document that was clicked, at a chunk of it if one was."""
        chunk, version = (number(said) if said else None for said in (sent(event, "chunk"), sent(event, "number")))
        found = self.library.document(number(sent(event, "id")), number=version, chunk_id=chunk)
        first = found.excerpt.first if found.excerpt else 0
        return Opened(found.line.document_id, first, version), opened.document(found)

    @told
    def windowed(self, event: gr.EventData) -> tuple[Opened, str]:
        """The open document, from another of its chunks on."""
        now = Opened(number(sent(event, "id")), number(sent(event, "first")), number(sent(event, "number")))
        return now, self.reopened(now)

    @told
    def reopened(self, now: Opened) -> Any:
        """The open document as it stands now; nothing where none is open. Changes that are looked at stay."""
        if now.compared:
            return gr.skip()
        if now.document_id is None:
            return ""
        return opened.document(self.library.document(now.document_id, number=now.version, first=now.first))

    @told
    def rolled_back(self, event: gr.EventData) -> str:
        """Let another version answer. Returns what was done, as HTML."""
        version = number(sent(event, "number"))
        self.library.roll_back(number(sent(event, "id")), version)
        return listing.notice(words.ROLLED_BACK.format(version))

    @told
    def choices(self) -> Any:
        """The collections that a question can be tried on."""
        names = [collection.name for collection in self.library.collections()]
        return gr.HTML(choices=[("", words.ALL_COLLECTIONS), *((name, name) for name in names)])

    def probing(self) -> str:
        """What is shown until a question's findings are there, as HTML."""
        return f'<p class="writing working" role="status">{words.SEARCHING}</p>'

    @told
    def probed(self, question: str, collection: str, k: float, tag: str = "", draft: str = "") -> str:
        """What a question finds, among what has that tag, or would find were that draft published, as HTML."""
        most = min(max(int(k), 1), MOST) if isinstance(k, int | float) else 10
        name, tried = str(collection or ""), number(str(draft)) if draft else None
        found = self.bench.probe(str(question), name or None, most, tagged=[str(tag or "")], draft=tried)
        return findings.findings(found, name)


def searched(view: AnyView, text: str) -> AnyView:
    """The view, of what has `text` in it."""
    return replace(view, text=str(text or "").replace("\x00", "").strip()[:LONGEST_FILTER], page=0)


def descends(view: AnyView, sort: StrEnum, newest: StrEnum) -> bool:
    """Whether a click on that column sorts downwards: the other way round than now; at first, only by `newest`."""
    return not view.descending if sort is view.sort else sort is newest


def turned(view: AnyView, event: gr.EventData) -> AnyView:
    """The view, on another page. Raises `InvalidInputError` for what is none."""
    return replace(view, page=min(number(sent(event, "page")), LARGEST_NUMBER >> 10))


def sent(event: gr.EventData, name: str) -> str:
    """What the page sent along with an event, or nothing."""
    return str(event._data.get(name, "")) if isinstance(event._data, dict) else ""


def number(text: str) -> int:
    """A count or an id. Raises `InvalidInputError` for what is none."""
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_NUMBER:
        raise InvalidInputError(words.BAD_NUMBER.format(text[:40]))
    return int(text)


def numbers(text: str) -> list[int]:
    """Ids with commas between them. Raises `InvalidInputError` where one is none."""
    return [number(each) for each in text.split(",")]


def queue_in_words(queue: QueueState) -> str:
    """Workers and what they do, as HTML."""
    waiting = words.WAITING.format(queue.waiting) if queue.waiting else words.NOTHING_WAITING
    if not queue.workers:
        said = [words.NO_WORKER, *([waiting] if queue.waiting else [])]
        return f'<p class="queue idle"><span aria-hidden="true">!</span> {" · ".join(said)}</p>'
    reading = [words.READING.format(queue.running)] if queue.running else []
    said = [words.count(queue.workers, "worker"), *reading, *([waiting] if queue.waiting or not reading else [])]
    return f'<p class="queue"><span aria-hidden="true">●</span> {", ".join(said)}</p>'
