"""Text that a model or a document wrote, as HTML that can do nothing but be read.

The invariant: whatever the text says, the HTML holds no element but those of plain prose, loads nothing, and leads
nowhere except to the passages the answer cites and to http(s) addresses that stand there to be read. One parser, this
one, decides; Gradio's own receives finished HTML on a single line, which it passes on untouched.
"""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from html import escape
from typing import Any, Protocol

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, reference
from markdown_it.token import Token

from chat.ui import words

MARKER = re.compile(r"\[(\d{1,3})\]")
MARKER_DEFINITION = re.compile(r" {0,3}\[\d{1,3}\]:")

Environment = MutableMapping[str, Any]


class Span(Protocol):
    """Where a passage stands: characters `start` to `end` of the text of one version of a document."""

    @property
    def version_id(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Cited(Span, Protocol):
    """A span that an answer refers to as `[marker]`."""

    @property
    def marker(self) -> int: ...


def passage_link(span: Span) -> str:
    """The address, within the page, of a passage."""
    return f"#cite-{span.version_id}-{span.start}-{span.end}"


def render_markdown(text: str, citations: Sequence[Cited] = ()) -> str:
    """The text as safe HTML on one line. A marker `[n]` that has a citation leads to its passage."""
    links = {str(citation.marker): passage_link(citation) for citation in citations}
    html: str = _parser().render(text, {"passages": links, "addresses": []})
    return html.replace("\n", "")


def render_plain(text: str) -> str:
    """The text as it stands, as HTML on one line."""
    return escape(text).replace("\r", "").replace("\n", "&#10;")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.block.ruler.at("reference", _reference_unless_marker, {"alt": []})
    # Every address is taken as one, so that it is shown as one; `_address` decides which may be clicked.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def _reference_unless_marker(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line `[1]: …` is a source the model lists, not a definition that would turn `[1]` into a link."""
    line = state.src[state.bMarks[start] : state.eMarks[start]]
    return not MARKER_DEFINITION.match(line) and reference(state, start, end, silent)


def _text(_: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, env: Environment) -> str:
    passages: Mapping[str, str] = env["passages"]

    def link(found: re.Match[str]) -> str:
        address = passages.get(found[1])
        return f'<a class="marker" href="{address}">[{found[1]}]</a>' if address else found[0]

    return MARKER.sub(link, escape(tokens[at].content))


def _image(_: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Environment) -> str:
    return escape(tokens[at].content)


def _link_open(_: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, env: Environment) -> str:
    env["addresses"].append(str(tokens[at].attrGet("href") or ""))
    return ""


def _link_close(_: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, env: Environment) -> str:
    address: str = env["addresses"].pop()
    if tokens[at].markup == "autolink":
        return ""
    return f" ({_address(address)})"


def _address(address: str) -> str:
    shown = escape(address)
    if not re.match(r"https?://", address, re.IGNORECASE):
        return f"<code>{shown}</code>"
    return f'<a class="address" href="{shown}" target="_blank" rel="noopener noreferrer nofollow">{shown}</a>'


def _code(_: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Environment) -> str:
    code = render_plain(tokens[at].content)
    copy = f'<button type="button" class="copy-code">{words.COPY}</button>'
    return f'<div class="code">{copy}<pre><code>{code}</code></pre></div>'


_RULES = {
    "text": _text,
    "image": _image,
    "link_open": _link_open,
    "link_close": _link_close,
    "fence": _code,
    "code_block": _code,
}
