"""A real web site on this machine, which a test can make say anything, and sources that may look at it."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from admin.curation.sources.addresses import Allowed
from admin.curation.sources.fetch import Fetcher, Limits
from admin.service.sources import Sources
from chat.store.database import Database
from tests.conftest import OWNER

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """What a server answers, by path, and the requests it got."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def page(self, path: str, text: str | bytes, kind: str = "text/html", status: int = 200, **headers: str) -> None:
        """Let there be a page at the path. It knows its ETag."""
        body = text.encode() if isinstance(text, str) else text
        etag = f'"{hash(body)}"'

        def answer(handler: BaseHTTPRequestHandler) -> None:
            unchanged = handler.headers.get("If-None-Match") == etag
            handler.send_response(304 if unchanged else status)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in {"Content-Type": kind, "ETag": etag, "Content-Length": str(len(body)), **named}.items():
                if not unchanged:
                    handler.send_header(name, value)
            handler.end_headers()
            if not unchanged:
                handler.wfile.write(body)

        self.answers[path] = answer

    def redirect(self, path: str, to: str) -> None:
        self.page(path, "", status=302, Location=to)

    def sitemap(self, path: str, *paths: str, root: str = "urlset", packed: bool = False) -> None:
        entry = "url" if root == "urlset" else "sitemap"
        entries = "".join(f"<{entry}><loc>{self.url(each)}</loc></{entry}>" for each in paths)
        xml = f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'
        self.page(path, gzip.compress(xml.encode()) if packed else xml, "application/xml")


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append((self.path, dict(self.headers)))
            if self.path in here.answers:
                try:
                    here.answers[self.path](self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
            else:
                self.send_error(404)

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


def everywhere_here(host: str, port: int) -> list[str]:
    """Every name is this machine's, but for those that are addresses already."""
    try:
        return [str(place[0]) for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)][:1]
    except OSError:
        return ["127.0.0.1"]


@pytest.fixture
def fetcher() -> Fetcher:
    """May fetch from `site.test`, which is this machine, and from nowhere else in this network."""
    limits = Limits(size=200_000, seconds=2, idle=0.6)
    return Fetcher(Allowed.of(["site.test"]), limits, everywhere_here)


@pytest.fixture
def sources(database: Database, home: Path, fetcher: Fetcher) -> Sources:
    return Sources(database.sessions, home, fetcher, person=OWNER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.md", "b.md", "c.txt", "sub/d.md"):
        (folder / name).write_text(f"# {name}\n\nWhat {name} says.")
    return folder
