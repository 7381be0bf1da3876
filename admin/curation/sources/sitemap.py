"""Sitemaps: lists of a site's pages, made for programs (sitemaps.org/protocol.html)."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import httpx

from admin.curation.sources.fetch import UNPACKED_AT_A_TIME, Fetcher, FetchError, read_url

MOST_MAPS = 50
MOST_PAGES = 5_000
MOST_BYTES = 50_000_000
"""Of one sitemap, unpacked; the protocol's own limit."""
GZIP = b"\x1f\x8b"


@dataclass
class Pages:
    """The pages a sitemap lists, in its order. `problems` are (address, reason); with any, pages may be missing."""

    urls: dict[str, None] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


def pages_of(url: str, fetcher: Fetcher, scratch: Path) -> Pages:
    """Every page that the sitemap at `url`, or those that it lists, has. `scratch` is a file that may be overwritten.

    Raises `FetchError` when that sitemap cannot be had; what is wrong with a further one is a problem told of.
    """
    found = Pages()
    maps = [str(read_url(url))]
    for number, each in enumerate(maps):
        try:
            _read_map(each, fetcher, scratch, maps, found)
        except FetchError as error:
            if not number:
                raise
            found.problems.append((each, str(error)))
    return found


def _read_map(url: str, fetcher: Fetcher, scratch: Path, maps: list[str], found: Pages) -> None:
    """Add what one sitemap lists to `found`, or to `maps` where it lists other sitemaps."""
    fetched = fetcher.fetch(url, scratch)
    assert fetched is not None
    further, listed = entries(b"".join(_unpacked(scratch)))
    here, abroad = [], 0
    for entry in listed:
        address = _same_host(entry, fetched.url)
        if address is None:
            abroad += 1
        elif address not in found.urls and address not in maps:
            here.append(address)
    if abroad:
        found.problems.append((url, f"It lists {abroad} addresses that are none or belong to another host: left out."))
    if further:
        _add(maps, here, MOST_MAPS, url, found)
    else:
        room = MOST_PAGES - len(found.urls)
        found.urls.update(dict.fromkeys(here[:room]))
        if len(here) > room:
            found.problems.append((url, f"There are more than {MOST_PAGES:,} pages: the others were left out."))


def _add(maps: list[str], more: list[str], most: int, url: str, found: Pages) -> None:
    room = most - len(maps)
    maps += list(dict.fromkeys(more))[:room]
    if len(more) > room:
        found.problems.append((url, f"It lists more than {most} sitemaps: the others were left out."))


def entries(data: bytes) -> tuple[bool, list[str]]:
    """Whether it lists further sitemaps instead of pages, and what it lists. A plain list of addresses will do, too.

    Raises `FetchError` for what is no sitemap.
    """
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        lines = data.decode("utf-8-sig", errors="replace").split()
        if not lines or not all(re.match("https?://", line) for line in lines):
            raise FetchError("This is no sitemap: neither XML nor a list of addresses.")
        return False, lines
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FetchError(f"This sitemap is damaged: {error}.") from None
    if reader.root not in ("urlset", "sitemapindex"):
        raise FetchError("This is no sitemap, but another kind of page. Sites often have theirs at /sitemap.xml.")
    return reader.root == "sitemapindex", [place for place in map(str.strip, reader.places) if place]


class _Reader:
    """Collects the text of each `loc` that stands right below an entry of the list."""

    def __init__(self) -> None:
        self.root = ""
        self.places: list[str] = []
        self._path: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = lambda _: self._path.pop()
        self.parser.CharacterDataHandler = self._text

    @property
    def _in_place(self) -> bool:
        return len(self._path) == 3 and self._path[1].endswith(("url", "sitemap")) and self._path[2].endswith(" loc")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if not self._path:
            self.root = name.rpartition(" ")[2]
        # Sitemaps without the namespace are read as well; an image's own `loc` lies deeper.
        self._path.append(f" {name.rpartition(' ')[2]}")
        if self._in_place:
            self.places.append("")

    def _text(self, text: str) -> None:
        if self._in_place:
            self.places[-1] += text

    def _refuse(self, *_: object) -> None:
        raise FetchError("This sitemap declares a document type, which sitemaps have no use for. It was not read.")


def _unpacked(path: Path) -> Iterator[bytes]:
    """The bytes of a sitemap, which may be a gzip file. Raises `FetchError` for more than a sitemap may have."""
    data = path.read_bytes()
    packed = data.startswith(GZIP)
    stream, size = zlib.decompressobj(wbits=31), 0
    while data:
        try:
            piece = stream.decompress(data, UNPACKED_AT_A_TIME) if packed else data
        except zlib.error:
            raise FetchError("This sitemap is a damaged gzip file.") from None
        data = stream.unconsumed_tail if packed else b""
        size += len(piece)
        if size > MOST_BYTES:
            raise FetchError(f"This sitemap has more than {MOST_BYTES // 1_000_000} MB, the most that one may have.")
        yield piece


def _same_host(address: str, sitemap: str) -> str | None:
    """The address as it is fetched, or None where it is none or lies on another host: sitemaps speak for their own."""
    try:
        url = read_url(address)
    except FetchError:
        return None
    return str(url) if url.host == httpx.URL(sitemap).host else None
