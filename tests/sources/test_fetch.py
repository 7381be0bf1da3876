"""What is fetched, and above all what is not: every way into this network, and everything without an end."""

import gzip
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from admin.curation.sources.addresses import Allowed
from admin.curation.sources.fetch import Fetcher, FetchError, Limits, PageGoneError, read_url, suffix_of
from tests.sources.conftest import Site


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "page"


def test_a_page_is_fetched_whole_and_described(site: Site, fetcher: Fetcher, file: Path) -> None:
    site.page("/a?b=c", "<p>Tides</p>", "text/html; charset=utf-8", Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    page = fetcher.fetch(f" {site.url('/a?b=c')}#part ", file)
    assert page is not None
    assert file.read_text() == "<p>Tides</p>"
    assert (page.url, page.content_type, page.size) == (site.url("/a?b=c"), "text/html", 12)
    assert page.modified == "Mon, 01 Jan 2024 00:00:00 GMT"
    (_, headers), *more = site.asked
    assert not more
    assert headers["Host"] == f"site.test:{site.port}", "the server is asked under its name, not its address"
    assert headers["User-Agent"].startswith("Apprentice/")
    assert "Cookie" not in headers


def test_what_did_not_change_is_not_sent_again(site: Site, fetcher: Fetcher, file: Path) -> None:
    site.page("/", "old")
    page = fetcher.fetch(site.url(), file)
    assert page is not None
    assert fetcher.fetch(site.url(), file, etag=page.etag) is None
    site.page("/", "new")
    assert fetcher.fetch(site.url(), file, etag=page.etag) is not None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "[::1]", "0", "0.0.0.0", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::]",
        "169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "[fd00::1]", "[fd00:ec2::254]",
        "[fe80::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[fec0::1]",
    ],
)  # fmt: skip
def test_no_way_of_writing_an_address_leads_into_this_network(
    site: Site, fetcher: Fetcher, file: Path, host: str
) -> None:
    site.page("/", "secret")
    with pytest.raises(FetchError, match=r"of this machine or its network|no web address"):
        fetcher.fetch(site.url(host=host), file)
    assert not site.asked


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://site.test/a", "gopher://site.test/", "data:text/html,hi", "javascript:alert(1)",
        "http://", "http:///a", "site.test", "", "http://site.test:99999/", "http://site.test:0/", "http://[::1",
        "http://site.test\\@127.0.0.1/", "http://site.test/a b", "http://site.test/\r\nX: y", "http://site.test/\0",
        "http://name@site.test/", "http://name:password@site.test/", "http://site.test/" + "a" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(fetcher: Fetcher, file: Path, url: str) -> None:
    with pytest.raises(FetchError):
        fetcher.fetch(url, file)


def test_a_redirect_is_followed_and_judged_like_the_first(site: Site, fetcher: Fetcher, file: Path) -> None:
    site.page("/new", "here")
    site.redirect("/old", "/new")
    page = fetcher.fetch(site.url("/old"), file)
    assert page is not None
    assert page.url == site.url("/new")
    site.page("/secret", "secret")
    for inside in (site.url("/secret", host="127.0.0.1"), "file:///etc/passwd", "http://u:p@site.test/", "//[::1]/"):
        site.redirect("/out", inside)
        with pytest.raises(FetchError):
            fetcher.fetch(site.url("/out"), file)
    assert "/secret" not in [path for path, _ in site.asked]


def test_redirects_end(site: Site, fetcher: Fetcher, file: Path) -> None:
    site.redirect("/loop", "/loop")
    with pytest.raises(FetchError, match="more than 5 times"):
        fetcher.fetch(site.url("/loop"), file)
    assert len(site.asked) == 6


def test_a_name_that_changes_its_mind_gains_nothing(site: Site, file: Path) -> None:
    """DNS rebinding: fit to be asked when it is judged, a metadata service at the next redirect."""
    site.page("/there", "here")
    site.redirect("/", "/there")
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    fetcher = Fetcher(Allowed.of(["127.0.0.1"]), Limits(seconds=2, idle=0.5), lambda *_: next(answers))
    with pytest.raises(FetchError, match="of this machine or its network"):
        fetcher.fetch(site.url(host="rebinding.test"), file)
    assert [path for path, _ in site.asked] == ["/"]


def test_a_name_with_one_address_in_this_network_is_refused_whole(site: Site, file: Path) -> None:
    fetcher = Fetcher(resolve=lambda *_: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(FetchError, match="of this machine or its network"):
        fetcher.fetch(site.url(host="mixed.test"), file)
    assert not site.asked


def test_the_name_is_resolved_once_and_the_connection_goes_there(site: Site, file: Path) -> None:
    site.page("/", "here")
    names: list[str] = []

    def once(host: str, port: int) -> list[str]:
        names.append(host)
        return ["127.0.0.1"]

    fetcher = Fetcher(Allowed.of(["127.0.0.0/8"]), Limits(seconds=2), once)
    assert fetcher.fetch(site.url(host="nowhere.invalid"), file), "only our resolver knows that name"
    assert names == ["nowhere.invalid"]


def test_the_next_address_is_tried_where_one_does_not_answer(site: Site, file: Path) -> None:
    site.page("/", "here")
    fetcher = Fetcher(Allowed.of(["127.0.0.0/8", "::1"]), Limits(seconds=2), lambda *_: ["::1", "127.0.0.1"])
    assert fetcher.fetch(site.url(), file)


def test_a_body_without_an_end_is_cut_off(site: Site, fetcher: Fetcher, file: Path) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 10_000)

    site.answers["/"] = endless
    with pytest.raises(FetchError, match="larger than"):
        fetcher.fetch(site.url(), file)
    assert file.stat().st_size <= fetcher.limits.size


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_is_given_up(site: Site, fetcher: Fetcher, file: Path, part: str) -> None:
    """Each byte comes within the idle time; only the time in all ends it."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if part == "body" else b"X-Long: "))
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    site.answers["/"] = drip
    started = time.monotonic()
    with pytest.raises(FetchError, match="takes longer than 2 seconds"):
        fetcher.fetch(site.url(), file)
    assert time.monotonic() - started < 4


def test_a_silent_server_is_given_up_earlier(site: Site, fetcher: Fetcher, file: Path) -> None:
    ended = threading.Event()
    site.answers["/"] = lambda _: (ended.wait(5), None)[1]
    started = time.monotonic()
    with pytest.raises(FetchError, match="did not answer within"):
        fetcher.fetch(site.url(), file)
    ended.set()
    assert time.monotonic() - started < 1.8


def test_packed_pages_are_unpacked_within_limits(site: Site, fetcher: Fetcher, file: Path) -> None:
    site.page("/", gzip.compress(b"tides"), Content_Encoding="gzip")
    page = fetcher.fetch(site.url(), file)
    assert page is not None
    assert (file.read_bytes(), page.size) == (b"tides", 5)
    site.page("/bomb", gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    with pytest.raises(FetchError, match="larger than"):
        fetcher.fetch(site.url("/bomb"), file)
    assert file.stat().st_size <= fetcher.limits.size
    site.page("/cut", gzip.compress(b"tides" * 1000)[:-20], Content_Encoding="gzip")
    with pytest.raises(FetchError, match="broke off"):
        fetcher.fetch(site.url("/cut"), file)
    site.page("/no", b"tides", Content_Encoding="gzip")
    with pytest.raises(FetchError, match="damaged"):
        fetcher.fetch(site.url("/no"), file)
    site.page("/br", b"tides", Content_Encoding="br")
    with pytest.raises(FetchError, match="packs its pages as br"):
        fetcher.fetch(site.url("/br"), file)


def test_a_page_that_breaks_off_is_no_page(site: Site, fetcher: Fetcher, file: Path) -> None:
    for length in ("100", "-5"):
        site.page("/", "short", Content_Length=length)
        with pytest.raises(FetchError):
            fetcher.fetch(site.url(), file)


@pytest.mark.parametrize(
    ("status", "said"), [(403, "not open to everybody"), (429, "too busy"), (500, "with an error"), (302, "an error")]
)
def test_errors_are_told_in_words(site: Site, fetcher: Fetcher, file: Path, status: int, said: str) -> None:
    site.page("/", "no", status=status)
    with pytest.raises(FetchError, match=said):
        fetcher.fetch(site.url(), file)


def test_a_page_that_is_gone_is_told_apart(site: Site, fetcher: Fetcher, file: Path) -> None:
    with pytest.raises(PageGoneError, match="There is no page"):
        fetcher.fetch(site.url("/nowhere"), file)


def test_who_does_not_answer_or_exist_is_named(site: Site, file: Path) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(FetchError, match="There is no host"):
        Fetcher(resolve=unknown).fetch("http://nowhere.invalid/", file)
    here = Fetcher(Allowed.of(["site.test"]), Limits(seconds=2), lambda *_: ["127.0.0.1"])
    with pytest.raises(FetchError, match="cannot be reached"):
        here.fetch("http://site.test:9/", file)


def test_the_certificate_is_that_of_the_name(site: Site, file: Path) -> None:
    """The server here speaks no TLS: what matters is that nothing is asked of it without."""
    site.page("/", "secret")
    fetcher = Fetcher(Allowed.of(["site.test"]), Limits(seconds=2), lambda *_: ["127.0.0.1"])
    with pytest.raises(FetchError, match=r"cannot be reached|certificate"):
        fetcher.fetch(f"https://site.test:{site.port}/", file)
    assert not site.asked
    assert ssl.create_default_context().check_hostname


@pytest.mark.parametrize(
    ("kind", "path", "suffix"),
    [
        ("text/html; charset=utf-8", "/a.php", ".html"), ("application/pdf", "/download", ".pdf"),
        ("text/plain", "/notes", ".txt"), ("text/plain", "/notes.md", ".md"), ("text/plain", "/page.html", ".txt"),
        ("application/octet-stream", "/report.docx", ".docx"), ("", "/table.csv", ".csv"),
    ],
)  # fmt: skip
def test_the_format_is_what_the_server_says(
    site: Site, fetcher: Fetcher, file: Path, kind: str, path: str, suffix: str
) -> None:
    site.page(path, "x", kind)
    page = fetcher.fetch(site.url(path), file)
    assert page is not None
    assert suffix_of(page) == suffix


def test_a_format_without_text_is_refused_in_words(site: Site, fetcher: Fetcher, file: Path) -> None:
    site.page("/", "x", "video/mp4")
    page = fetcher.fetch(site.url(), file)
    assert page is not None
    with pytest.raises(FetchError, match="video/mp4"):
        suffix_of(page)


def test_addresses_are_kept_in_one_way_of_writing() -> None:
    assert str(read_url("HTTP://Bücher.Test:80/x#y")) == "http://xn--bcher-kva.test/x"
