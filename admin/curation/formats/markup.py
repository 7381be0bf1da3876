"""From a web page to markdown: what a reader sees of it, without links, pictures and emphasis."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

UNSEEN = (
    "script, style, nav, iframe, noscript, template, svg, object, [hidden], [aria-hidden=true], "
    "[style*='display:none' i], [style*='display: none' i], "
    "[style*='visibility:hidden' i], [style*='visibility: hidden' i]"
)
# A reader quotes words, not the asterisks around them.
STRIPPED = ["a", "b", "strong", "i", "em", "u", "s", "del", "mark"]


def to_markdown(soup: "BeautifulSoup") -> str:
    """Return the page as markdown, tables as pipe tables, pictures as their descriptions; empties `soup`.

    Raises `RecursionError` for a page that is nested too deeply.
    """
    from bs4.element import PreformattedString
    from markdownify import MarkdownConverter

    # Comments, declarations and processing instructions.
    for instruction in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        instruction.extract()
    for element in soup.select(UNSEEN):
        element.decompose()
    for image in soup.find_all("img"):
        image.replace_with(str(image.get("alt") or ""))
    converter = MarkdownConverter(
        heading_style="atx",
        bullets="-",
        strip=STRIPPED,
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
    )
    return str(converter.convert_soup(soup))
