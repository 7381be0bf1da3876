"""What a model or a document wrote can be read, and can do nothing else."""

import re
from html.parser import HTMLParser

import pytest

from chat.ui.markdown import passage_link, render_markdown, render_plain
from tests.ui.lookalike import FOUND, citation

CITED = (citation(1, FOUND[0]),)


def tags(html: str) -> set[str]:
    """The elements that a browser would see."""
    seen: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: seen.add(tag)  # type: ignore[method-assign]
    parser.feed(html)
    return seen


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "![alt](http://evil.example/x.png)",
        "![alt][ref]\n\n[ref]: http://evil.example/x.png",
        "<svg/onload=alert(1)>\n\n<iframe src=//evil.example></iframe>",
        "- <form action=//evil.example><input></form>",
        "<style>body{background:url(//evil.example)}</style>",
    ],
)
def test_elements_in_the_text_are_text(text: str) -> None:
    assert tags(render_markdown(text)) <= {"p", "ul", "li"}


def test_an_image_leaves_its_description() -> None:
    assert render_markdown("![the **map**](http://evil.example/m.png)") == "<p>the **map**</p>"
    assert render_markdown("![the map][m]\n\n[m]: http://evil.example/m.png") == "<p>the map</p>"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "#cite-9-0-1", "/x"]
)
def test_only_web_addresses_can_be_clicked(address: str) -> None:
    html = render_markdown(f"[here]({address})")
    assert "<a" not in html
    assert f"here (<code>{address}</code>)" in html


def test_a_link_shows_where_it_leads() -> None:
    html = render_markdown("[the bank](https://evil.example/login)")
    assert html.startswith("<p>the bank (<a ")
    assert ">https://evil.example/login</a>)" in html


def test_markers_lead_to_their_passages_and_no_others_do() -> None:
    html = render_markdown("Two bags [1]. Three [2]. `[1]`\n\n```\n[1]\n```", CITED)
    assert re.findall(r'href="([^"]+)"', html) == [passage_link(FOUND[0])]
    assert "[2]" in html


def test_a_list_of_sources_by_the_model_does_not_become_links() -> None:
    html = render_markdown("Two bags [1].\n\n[1]: https://evil.example/a", CITED)
    assert 'href="https://evil.example' not in html
    assert html.count(passage_link(FOUND[0])) == 2


@pytest.mark.parametrize("fence", ["```mermaid\ngraph TD\n\nA-->B\n```", "```html\n<b>\n```", "    indented <b>"])
def test_code_stays_code_without_a_language_that_something_could_run(fence: str) -> None:
    html = render_markdown(fence)
    assert tags(html) == {"div", "button", "pre", "code"}
    assert "mermaid" not in html


@pytest.mark.parametrize("text", ["a\nb\n\nc", "```\n\n\nx\n```", "| a |\n|---|\n| b |", "> q\n\n1. x\n2. y"])
def test_the_html_stands_on_one_line(text: str) -> None:
    assert "\n" not in render_markdown(text)


def test_plain_text_keeps_its_lines() -> None:
    assert render_plain("a <b>\r\n\nc") == "a &lt;b&gt;&#10;&#10;c"
