"""Fetching a page that a person named, from a server that nobody vouches for.

The name is resolved once and the connection goes to exactly the address that was judged, so that a name which
changes its mind in between gains nothing; TLS is verified against the name all the same. Each redirect is judged
anew. Size, idle time and time in all are limited, the size also of what is unpacked.
"""

import asyncio
import hashlib
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import httpx

from admin.curation.formats.loaders import KINDS, MAX_BYTES
from admin.curation.sources.addresses import Allowed, Resolve, is_public, read_address, resolve
from chat.errors import AppError

MOST_REDIRECTS = 5
MOST_ADDRESSES = 4
LONGEST_URL = 2000
UNPACKED_AT_A_TIME = 1 << 16  # bytes
USER_AGENT = "Apprentice/0.1 (fetches documents that its owner names)"
GONE = (404, 410)
UNCHANGED = 304
NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
SUFFIXES = MappingProxyType(
    {
        "application/epub+zip": ".epub",
        "application/json": ".json",
        "application/pdf": ".pdf",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
        "application/x-pdf": ".pdf",
        "application/xhtml+xml": ".html",
        "message/rfc822": ".eml",
        "text/csv": ".csv",
        "text/html": ".html",
        "text/markdown": ".md",
        "text/prs.fallenstein.rst": ".rst",
        "text/tab-separated-values": ".tsv",
        "text/x-markdown": ".md",
        "text/x-rst": ".rst",
    }
)
"""What servers call the formats that can be read."""
VAGUE = ("", "application/octet-stream", "binary/octet-stream", "text/plain")
"""Content types that say so little that the address's own ending says more."""


class FetchError(AppError):
    """A page could not be fetched; the message says why and what to do."""


class PageGoneError(FetchError):
    """The server says that there is no such page."""


@dataclass(frozen=True)
class Limits:
    """What a fetch may cost: bytes as sent and as unpacked, seconds in all, seconds without a sign of life."""

    size: int = MAX_BYTES
    seconds: float = 60
    idle: float = 15


@dataclass(frozen=True)
class Fetched:
    """A page on disk. `url` is where it was in the end; `etag` and `modified` ask for it again only if it changed."""

    url: str
    content_type: str
    sha256: str
    size: int
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True)
class Fetcher:
    """Fetches pages by http and https. May be shared by threads."""

    allowed: Allowed = field(default_factory=Allowed)
    limits: Limits = Limits()
    resolve: Resolve = resolve

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The certificates that are trusted; reading them takes longer than many a page."""
        return httpx.create_ssl_context()

    def fetch(self, url: str, into: Path, *, etag: str | None = None, modified: str | None = None) -> Fetched | None:
        """Write the page to the file `into`. None when it is still as `etag` and `modified` say.

        Raises `PageGoneError` when there is no such page, else `FetchError`. Not to be called on an event loop.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in conditions.items() if value}
        return asyncio.run(self._in_time(read_url(url), into, headers))

    async def _in_time(self, url: httpx.URL, into: Path, headers: dict[str, str]) -> Fetched | None:
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._follow(url, into, headers)
        except httpx.TimeoutException:
            raise FetchError(f"{url.host} did not answer within {self.limits.idle:g} seconds. Try later.") from None
        except TimeoutError:
            raise FetchError(
                f"Fetching {url} takes longer than {self.limits.seconds:g} seconds; it was given up."
            ) from None
        except httpx.HTTPError as error:
            raise FetchError(f"{url.host} broke the connection off: {error or type(error).__name__}.") from None

    async def _follow(self, url: httpx.URL, into: Path, headers: dict[str, str]) -> Fetched | None:
        """Ask, and ask where that redirects to, each time as carefully as the first."""
        # Connections are not kept: one that was verified for a name must not serve another at the same address.
        connections = httpx.AsyncHTTPTransport(verify=self._trust, limits=httpx.Limits(max_keepalive_connections=0))
        async with httpx.AsyncClient(
            transport=connections, timeout=self.limits.idle, trust_env=False, follow_redirects=False
        ) as client:
            for _ in range(MOST_REDIRECTS + 1):
                response = await self._ask(client, url, headers)
                try:
                    if not response.has_redirect_location:
                        return await self._keep(response, url, into)
                    url = read_url(str(url.join(response.headers["location"])))
                finally:
                    await response.aclose()
        raise FetchError(f"{url.host} redirects more than {MOST_REDIRECTS} times.")

    async def _ask(self, client: httpx.AsyncClient, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        """Send the request to the first address of the host that takes it. The body is still to come."""
        failure: httpx.HTTPError | None = None
        for address in await self._addresses(url):
            request = client.build_request(
                "GET",
                url.copy_with(host=address),
                headers={
                    "Host": url.netloc.decode("ascii"),
                    "User-Agent": USER_AGENT,
                    "Accept-Encoding": "gzip",
                    **headers,
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise FetchError(_no_connection(url, failure))

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        """What the host resolves to, now and only once. Refuses it where any of that is not public."""
        host = url.raw_host.decode("ascii")
        try:
            found = await asyncio.to_thread(self.resolve, host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError):
            raise FetchError(f"There is no host {host}, or its name cannot be looked up now.") from None
        for each in found:
            address = read_address(each)
            if not is_public(address) and not self.allowed.permits(host, address):
                raise FetchError(
                    f"{host} is an address of this machine or its network, and is not fetched. The owner may allow "
                    "it: APPRENTICE_FETCH_PRIVATE lists hosts and networks."
                )
        return found[:MOST_ADDRESSES]

    async def _keep(self, response: httpx.Response, url: httpx.URL, into: Path) -> Fetched | None:
        """Write the body to disk, unless the answer is that nothing changed."""
        if response.status_code == UNCHANGED:
            return None
        _require_success(response, url)
        digest, size = hashlib.sha256(), 0
        with into.open("wb") as file:
            async for piece in self._body(response, url):
                size += len(piece)
                if size > self.limits.size:
                    raise FetchError(_too_large(url, self.limits.size))
                digest.update(piece)
                file.write(piece)
        headers = response.headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(str(url), kind, digest.hexdigest(), size, headers.get("etag"), headers.get("last-modified"))

    async def _body(self, response: httpx.Response, url: httpx.URL) -> AsyncIterator[bytes]:
        """The body, unpacked a little at a time: what was sent may be a thousand times smaller."""
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("identity", "gzip", "x-gzip"):
            raise FetchError(f"{url.host} packs its pages as {coding}, which was not asked for and cannot be read.")
        unpack = Unpacker() if coding != "identity" else None
        sent = 0
        async for block in response.aiter_raw():
            sent += len(block)
            if sent > self.limits.size:
                raise FetchError(_too_large(url, self.limits.size))
            for piece in unpack.pieces(block) if unpack else (block,):
                yield piece
        if unpack and not unpack.whole:
            raise FetchError(f"{url.host} broke off in the middle of the page.")


class Unpacker:
    """Unpacks gzip, never more than a little at a time."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    @property
    def whole(self) -> bool:
        """Whether what was packed came to its end."""
        return self._stream.eof

    def pieces(self, block: bytes) -> Iterator[bytes]:
        """What the next bytes unpack to. Raises `FetchError` for what is not gzip."""
        while block and not self._stream.eof:
            try:
                yield self._stream.decompress(block, UNPACKED_AT_A_TIME)
            except zlib.error:
                raise FetchError("What was sent is damaged: it cannot be unpacked.") from None
            block = self._stream.unconsumed_tail


def read_url(text: str) -> httpx.URL:
    """An address that may be tried, without its fragment. Raises `FetchError` saying what an address looks like."""
    text = text.strip()
    if len(text) > LONGEST_URL or NOT_IN_URLS.search(text):
        raise FetchError(f"{text[:80]!r} is no web address: it is too long or has characters that none has.")
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, ValueError):
        raise FetchError(f"{text[:80]!r} is no web address. One looks like https://example.org/page.") from None
    if url.scheme not in ("http", "https") or not url.host or not 0 < (443 if port is None else port) < 65536:
        raise FetchError(f"{text[:80]!r} is no web address. One begins with https:// or http://.")
    if url.userinfo:
        raise FetchError("Addresses with a name or password in them are not fetched. Leave out what is before the @.")
    return url.copy_with(fragment=None)


def suffix_of(page: Fetched) -> str:
    """The ending that a file of this page would have: what `loaders.kind_of` goes by."""
    ending = PurePosixPath(httpx.URL(page.url).path).suffix.lower()
    if page.content_type in VAGUE:
        readable = ending in KINDS and (page.content_type != "text/plain" or ending not in (".html", ".htm"))
        return ending if readable else ".txt" if page.content_type == "text/plain" else ending
    if page.content_type not in SUFFIXES:
        raise FetchError(f"{page.url} is {page.content_type}, which holds no text that can be read.")
    return SUFFIXES[page.content_type]


def _require_success(response: httpx.Response, url: httpx.URL) -> None:
    status = response.status_code
    if status in GONE:
        raise PageGoneError(f"There is no page {url} ({status}).")
    if status in (401, 403):
        raise FetchError(f"{url} is not open to everybody ({status}): it asks for a sign-in, or refuses programs.")
    if status in (429, 503):
        raise FetchError(f"{url.host} is too busy now ({status}). Try later.")
    if not response.is_success:
        raise FetchError(f"{url.host} answered {url} with an error ({status}). Try later.")


def _no_connection(url: httpx.URL, failure: httpx.HTTPError | None) -> str:
    if "certificate" in str(failure).lower():
        return f"The certificate of {url.host} is not valid, so nobody knows who answers. It is not fetched."
    return f"{url.host} cannot be reached. Is the address right, and this machine online?"


def _too_large(url: httpx.URL, most: int) -> str:
    return f"{url} is larger than {most // 1_000_000 or 1} MB, the most that is fetched."
