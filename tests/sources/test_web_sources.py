"""Sources that are pages and sitemaps of a real site, and a page that is added by itself."""

import pytest

from admin.service.sources import NewSource, Sources
from chat.store.database import Database
from chat.store.tables import SourceKind
from tests.sources.conftest import Site
from tests.sources.syncing import counts, documents, of_urls, rows, sync


def test_pages_are_asked_for_only_if_they_changed(sources: Sources, database: Database, site: Site) -> None:
    for path in ("/a", "/b", "/c", "/d"):
        site.page(path, f"<title>Page {path}</title><p>{path}</p>")
    source = of_urls(sources, *(site.url(path) for path in ("/a", "/b", "/c", "/d")))
    sync(sources, source)
    site.asked.clear()
    assert counts(sync(sources, source)) == {"unchanged": 4}
    assert all("If-None-Match" in headers for _, headers in site.asked)

    site.page("/a", "<p>new</p>")
    del site.answers["/b"]
    site.page("/c", "down", status=500)
    assert counts(sync(sources, source)) == {"changed": 1, "removed": 1, "unreadable": 1, "unchanged": 1}
    assert documents(database) == {site.url("/a"): 2, site.url("/c"): 1, site.url("/d"): 1}
    (kind,) = {kind for (kind,) in rows(database, "SELECT kind FROM document_versions")}
    assert kind == "html"


def test_a_sitemap_and_the_sitemaps_it_lists(sources: Sources, database: Database, site: Site) -> None:
    for path in ("/a", "/b", "/c"):
        site.page(path, path)
    site.sitemap("/sitemap.xml", "/one.xml", "/two.xml.gz", "/sitemap.xml", root="sitemapindex")
    site.sitemap("/one.xml", "/a", "/b", "/a")
    site.sitemap("/two.xml.gz", "/c", packed=True)
    source = sources.add(NewSource("site", SourceKind.SITEMAP, site.url("/sitemap.xml")))
    assert counts(sync(sources, source)) == {"added": 3}

    site.sitemap("/one.xml", "/a")
    assert counts(sync(sources, source)) == {"unchanged": 2, "removed": 1}
    del site.answers["/two.xml.gz"]
    done = sync(sources, source)
    assert (counts(done), "could not be read whole" in done.held_back) == ({"unreadable": 1, "unchanged": 1}, True)
    del site.answers["/sitemap.xml"]
    assert sync(sources, source).state == "failed"
    assert len(documents(database)) == 2


def test_a_sitemap_speaks_only_for_its_own_host(sources: Sources, site: Site) -> None:
    inside = f"http://127.0.0.1:{site.port}/secret"
    listed = "".join(f"<url><loc>{url}</loc></url>" for url in (site.url("/a"), inside, "file:///etc/passwd"))
    site.page("/sitemap.xml", f"<urlset>{listed}</urlset>")
    site.page("/a", "a")
    done = sync(sources, sources.add(NewSource("site", SourceKind.SITEMAP, site.url("/sitemap.xml"))))
    assert counts(done) == {"unreadable": 1, "added": 1}
    assert "2 addresses that are none or belong to another host" in done.problems[0][1]
    assert "/secret" not in [path for path, _ in site.asked]


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><urlset/>',
        "<html></html>",
        "words",
        "<urlset><url>",
        "",
        "\x1f\x8bnot gzip",
    ],
)
def test_what_is_no_sitemap_fails_in_words(sources: Sources, site: Site, xml: str) -> None:
    site.page("/sitemap.xml", xml.encode("latin-1"))
    done = sync(sources, sources.add(NewSource("site", SourceKind.SITEMAP, site.url("/sitemap.xml"))))
    assert done.state == "failed"
    assert done.error


def test_a_web_page_becomes_a_document(sources: Sources, database: Database, site: Site) -> None:
    site.page("/tides", "<title>Tides</title><p>High water at noon.</p>")
    upload = sources.add_page(site.url("/tides").removeprefix("http://"), "harbour")
    assert upload.problem, "without a scheme it is https, which this server does not speak"
    upload = sources.add_page(site.url("/tides"), "harbour")
    assert upload.submission
    assert rows(database, "SELECT name, source FROM documents") == [(site.url("/tides"), site.url("/tides"))]
    again = sources.add_page(site.url("/tides"), "harbour")
    assert again.submission
    assert not again.submission.new
    assert "There is no page" in (sources.add_page(site.url("/nowhere"), "harbour").problem or "")
    assert "of this machine" in (sources.add_page(site.url("/tides", host="127.0.0.1"), "harbour").problem or "")
    assert list((sources.home / "incoming").iterdir()) == [], "nothing that was fetched is left behind"
