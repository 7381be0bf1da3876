"""What a source has now, beside what was last seen there: one finding a place, and nothing is changed by looking.

Whether a place changed is decided by the hash of its bytes. What is cheaper to ask for (a file's times and size, a
server's ETag) can only say that it did not.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import httpx

from admin.curation.documents.files import find_files, legible
from admin.curation.formats.loaders import MAX_BYTES, UnreadableDocument, kind_of
from admin.curation.sources.fetch import Fetcher, PageGoneError, read_url, suffix_of
from admin.curation.sources.sitemap import pages_of
from chat.errors import AppError, InvalidInputError
from chat.store.tables import SourceKind

MOST_URLS = 1_000
SETTLED_S = 2
"""A file that changed so shortly before it was looked at may have changed again without its times telling."""


class Change(StrEnum):
    """What became of a place since it was last seen."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    UNREADABLE = "unreadable"


class SourceError(AppError):
    """A source as a whole cannot be looked at; the message says why."""


class Known(Protocol):
    """What was last seen at a place."""

    @property
    def sha256(self) -> str: ...
    @property
    def etag(self) -> str | None: ...
    @property
    def modified(self) -> str | None: ...
    @property
    def seen_at(self) -> datetime: ...


@dataclass(frozen=True)
class Finding:
    """What is at a place. The bytes of what was added or changed are in `file` until the next look."""

    place: str
    change: Change
    reason: str = ""
    file: Path | None = None
    kind: str = ""
    source: str = ""
    """Where the document comes from, as its page says."""
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True)
class Listing:
    """The places that a source has, and those that cannot be looked at, with the reason.

    `incomplete` says in words why there may be more places than these; it is empty where these are all.
    """

    places: Mapping[str, str]
    """From the name of a place to where it is."""
    unreadable: Sequence[Finding] = ()
    incomplete: str = ""


class Reader(Protocol):
    """A way of looking at a source."""

    def listing(self) -> Listing:
        """The places there are now. Raises `AppError` where the source as a whole cannot be looked at."""

    def look(self, place: str, where: str, known: Known | None) -> Finding:
        """What is at that place now."""


def reader(kind: str, places: Sequence[str], fetcher: Fetcher, scratch: Path) -> Reader:
    """The way of looking at such a source. `scratch` is a file that each look may overwrite."""
    if kind == SourceKind.FOLDER:
        return FolderReader(Path(places[0]))
    return WebReader(SourceKind(kind), places, fetcher, scratch)


@dataclass(frozen=True)
class FolderReader:
    """Looks at the files below a folder."""

    folder: Path

    def listing(self) -> Listing:
        """Every file that can be read as a document, by its path below the folder."""
        if not self.folder.is_dir():
            raise SourceError(f"There is no folder {self.folder} now. Is its disk connected?")
        closed: list[OSError] = []
        for _ in os.walk(self.folder, onerror=closed.append):
            pass
        found = list(find_files([self.folder]))
        names = ", ".join(sorted(legible(str(error.filename)) for error in closed)[:3])
        return Listing(
            {legible(file.name): str(file.path) for file in found if file.problem is None},
            [Finding(legible(file.name), Change.UNREADABLE, file.problem) for file in found if file.problem],
            f"{len(closed)} folders could not be opened ({names})" if closed else "",
        )

    def look(self, place: str, where: str, known: Known | None) -> Finding:
        """A file: unchanged by its times and size, or else by its hash."""
        path = Path(where)
        try:
            if not path.resolve(strict=True).is_relative_to(self.folder.resolve()):
                return Finding(place, Change.UNREADABLE, "It is a link that leads out of the folder.")
            stamp = _stamp(path)
            if known is not None and known.etag == stamp and _settled(path, known):
                return Finding(place, Change.UNCHANGED, etag=stamp)
            if path.stat().st_size > MAX_BYTES:
                return Finding(place, Change.UNREADABLE, f"It is larger than {MAX_BYTES // 1_000_000} MB. Split it.")
            kind = kind_of(path.name)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return Finding(place, Change.UNREADABLE, f"It cannot be read: {error.strerror}.")
        except UnreadableDocument as error:
            return Finding(place, Change.UNREADABLE, str(error))
        return Finding(place, _change(known, sha256), "", path, kind, legible(str(path)), stamp)


def _stamp(path: Path) -> str:
    """A file's size and times. The time of the last change of its entry cannot be set, unlike that of its bytes."""
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


def _settled(path: Path, known: Known) -> bool:
    return path.stat().st_ctime < known.seen_at.timestamp() - SETTLED_S


def _change(known: Known | None, sha256: str) -> Change:
    if known is None:
        return Change.ADDED
    return Change.UNCHANGED if known.sha256 == sha256 else Change.CHANGED


def _as_before(place: str, known: Known | None) -> Finding:
    if known is None:
        return Finding(place, Change.UNREADABLE, "The server says that nothing changed, but that was not asked.")
    return Finding(place, Change.UNCHANGED, etag=known.etag, modified=known.modified)


@dataclass(frozen=True)
class WebReader:
    """Looks at web pages: those of a list, or those of a sitemap."""

    kind: SourceKind
    places: Sequence[str]
    fetcher: Fetcher
    scratch: Path

    def listing(self) -> Listing:
        """The addresses, each once."""
        if self.kind == SourceKind.URLS:
            return Listing({place: place for place in self.places})
        found = pages_of(self.places[0], self.fetcher, self.scratch)
        if not found.urls:
            raise SourceError("The sitemap lists no page that could be fetched.")
        why = "the sitemap could not be read whole" if found.problems else ""
        problems = [Finding(place, Change.UNREADABLE, reason) for place, reason in found.problems]
        return Listing({url: url for url in found.urls}, problems, why)

    def look(self, place: str, where: str, known: Known | None) -> Finding:
        """A page: unchanged where its server says so or its bytes are the same."""
        conditions = {"etag": known.etag, "modified": known.modified} if known else {}
        try:
            page = self.fetcher.fetch(where, self.scratch, **conditions)
            if page is None:
                return _as_before(place, known)
            kind = kind_of(f"page{suffix_of(page)}")
        except PageGoneError as error:
            return Finding(place, Change.REMOVED if known else Change.UNREADABLE, str(error))
        except AppError as error:
            return Finding(place, Change.UNREADABLE, str(error))
        change = _change(known, page.sha256)
        return Finding(place, change, "", self.scratch, kind, place, page.etag, page.modified)


def vanished(listing: Listing, known: Mapping[str, Known], gone: Iterable[str]) -> list[str]:
    """Known places that are listed no more, and those of `gone`, whose pages the server has no more."""
    there = {*listing.places, *(finding.place for finding in listing.unreadable)}
    return [*(place for place in known if place not in there), *gone]


def why_kept(vanished: int, known: int, incomplete: str) -> str:
    """Why so many vanished places of those known are not taken for removed; empty where they are.

    A disk that is not mounted, or a site that is down, looks like a place where nearly everything was deleted.
    """
    if not vanished:
        return ""
    if incomplete:
        return f"Nothing was removed, since {incomplete}."
    if vanished > known / 2:
        return (
            f"Nothing was removed: {vanished} of {known} are no longer there, which is more than half. "
            "Look whether the place is as it should be."
        )
    return ""


def read_places(kind: SourceKind, text: str, home: Path) -> list[str]:
    """What a person typed for a source, one place a line, as it is kept. Raises `InvalidInputError`, `FetchError`.

    A folder may not hold, or lie in, `home`, where passwords and the database are.
    """
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not lines or len(lines) > MOST_URLS:
        raise InvalidInputError(f"Say where the documents are: one to {MOST_URLS:,} lines, one place on each.")
    if kind is not SourceKind.URLS and len(lines) > 1:
        raise InvalidInputError(f"A source of this kind has one place, not {len(lines)}. Make a source for each.")
    if kind is SourceKind.FOLDER:
        return [str(_folder(lines[0], home))]
    return list(dict.fromkeys(str(_address(line)) for line in lines))


def _folder(text: str, home: Path) -> Path:
    folder = Path(text.replace("\0", "")).expanduser()
    if not folder.is_absolute() or not folder.is_dir():
        raise InvalidInputError(f"There is no folder {text[:200]!r} on this machine. Give its whole path.")
    ours, theirs = home.resolve(), folder.resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise InvalidInputError(f"{folder} holds this program's own data. Choose another folder.")
    return folder


def _address(text: str) -> httpx.URL:
    return read_url(text if "://" in text else f"https://{text}")
