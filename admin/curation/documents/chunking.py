"""From a document to the chunks that are embedded, found and quoted.

A chunk's text is exactly `document.text[start:end]`. Chunks ascend, do not overlap, are never longer than the
limit, begin and end with something visible, and together hold every visible character of the document. None
mixes the text of two sections that a heading of level 1 or 2 divides. All of it takes linear time.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from admin.curation.formats.loaders import ParsedDocument

TINY = 150  # characters: too few of prose to be understood alone
DIVIDING_LEVEL = 2
HEADING_LENGTH = 200
PLAIN_HEADING_LENGTH = 80

FENCE_LINE = re.compile(r"[ \t]*(`{3,}|~{3,})")
HEADING_LINE = re.compile(r" {0,3}(#{1,6})[ \t]+")
UNDERLINE = re.compile(r" {0,3}(={3,}|-{3,})[ \t]*")
ITEM_LINE = re.compile(r"[ \t]*(?:[-*+•▪●◦‣–]|\d{1,9}[.)])[ \t]")

BLANK_LINE = re.compile(r"\n[ \t]*\n")
LINE = re.compile(r"\n")
ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•▪●◦‣–]|\d{1,9}[.)])[ \t])")
# The look-behind makes each sign of a run of stops one try: `[.!?]+` would take quadratic time on it.
SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*+\s++(?![a-zß-ÿ])|(?<=[。！？])[」』”’）]*+")
WORD = re.compile(r"\s+")

# Where a block that is too long may be cut: the places that hurt least come first.
CUTS = {
    "prose": (SENTENCE, LINE, WORD),
    "list": (ITEM, SENTENCE, LINE, WORD),
    "table": (LINE, SENTENCE, WORD),
    "code": (BLANK_LINE, LINE, WORD),
    "heading": (WORD,),
}


@dataclass(frozen=True)
class Chunk:
    """A passage: `text` is the document's from `start` to `end`, `page` (from 1) the one where it starts."""

    ordinal: int
    start: int
    end: int
    page: int | None
    section: str
    text: str


@dataclass(frozen=True)
class Block:
    """A heading (level 1 to 6), or a paragraph, list, table or piece of code (level 0)."""

    start: int
    end: int
    kind: str
    level: int = 0


@dataclass(frozen=True)
class Section:
    """Headings and the blocks below them, up to the next heading; `division` counts the dividing headings."""

    headings: tuple[Block, ...]
    body: tuple[Block, ...]
    path: tuple[str, ...]
    division: int


@dataclass(frozen=True)
class Draft:
    """A chunk to be, which may still be joined with its neighbour; `whole` where it leaves no section half."""

    start: int
    end: int
    path: tuple[str, ...]
    division: int
    whole: bool


def chunk(document: ParsedDocument, target: int = 700, limit: int = 1000) -> list[Chunk]:
    """Return the chunks of the document, about `target` and at most `limit` characters long."""
    text = document.text
    drafts: list[Draft] = []
    for section in _sections(text, document.title):
        packed = _pack(text, section, target, limit)
        if len(packed) == 1:
            packed = [replace(packed[0], whole=True)]
        for draft in packed:
            joined = _join(drafts[-1], draft, target, limit) if drafts else None
            if joined:
                drafts[-1] = joined
            else:
                drafts.append(draft)
    return [
        Chunk(
            ordinal,
            draft.start,
            draft.end,
            bisect_right(document.page_starts, draft.start) or None,
            " › ".join(draft.path),
            text[draft.start : draft.end],
        )
        for ordinal, draft in enumerate(drafts)
    ]


def _join(left: Draft, right: Draft, target: int, limit: int) -> Draft | None:
    """Return two neighbours as one: whole small sections up to the target, a tiny remainder up to the limit."""
    # Where the target itself is tiny, as for records, each piece is what is wanted and no remainder.
    tiny = min(left.end - left.start, right.end - right.start) < TINY <= target
    allowed = limit if tiny else target if left.whole and right.whole else 0
    if left.division != right.division or right.end - left.start > allowed:
        return None
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(left.path, right.path, strict=False))
    return replace(left, end=right.end, path=tuple(name for name, _ in shared), whole=left.whole and right.whole)


def _pack(text: str, section: Section, target: int, limit: int) -> list[Draft]:
    """Fill drafts up to the target; the headings next to the body stay with its first piece."""
    body_start = section.body[0].start if section.body else math.inf
    glued = [heading for heading in section.headings if body_start - heading.start <= limit // 2]
    pieces: list[tuple[int, int]] = []
    for block in section.headings[: len(section.headings) - len(glued)]:
        pieces += _cut(text, block.start, block.end, limit, CUTS[block.kind])
    for i, block in enumerate(section.body):
        room = limit - (block.start - glued[0].start) if glued and i == 0 else limit
        below = list(_cut(text, block.start, block.end, room, CUTS[block.kind]))
        if glued and i == 0:
            below[0] = (glued[0].start, below[0][1])
        pieces += below
    return _fill(pieces, section, target)


def _fill(pieces: list[tuple[int, int]], section: Section, target: int) -> list[Draft]:
    drafts: list[Draft] = []
    first, last = pieces[0]
    for start, end in pieces[1:]:
        if end - first > target:
            drafts.append(Draft(first, last, section.path, section.division, whole=False))
            first = start
        last = end
    return [*drafts, Draft(first, last, section.path, section.division, whole=False)]


def _cut(text: str, start: int, end: int, room: int, cuts: tuple[re.Pattern[str], ...]) -> Iterator[tuple[int, int]]:
    """Yield the pieces of `text[start:end]`, none longer than `room`, cut where it hurts least."""
    start, end = _stripped(text, start, end)
    if start == end:
        return
    if end - start <= room:
        yield start, end
    elif cuts:
        position = start
        for match in cuts[0].finditer(text, start, end):
            yield from _cut(text, position, match.end(), room, cuts[1:])
            position = match.end()
        yield from _cut(text, position, end, room, cuts[1:])
    else:
        for position in range(start, end, room):
            yield position, min(position + room, end)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _sections(text: str, title: str | None) -> Iterator[Section]:
    path: list[tuple[int, str]] = []
    headings: list[Block] = []
    body: list[Block] = []
    division = 0
    for block in _blocks(text):
        if not block.level:
            body.append(block)
            continue
        if body:
            yield Section(tuple(headings), tuple(body), _names(path, title), division)
            headings, body = [], []
        headings.append(block)
        path = [*(step for step in path if step[0] < block.level), (block.level, _heading_name(text, block))]
        division += block.level <= DIVIDING_LEVEL
    if headings or body:
        yield Section(tuple(headings), tuple(body), _names(path, title), division)


def _names(path: list[tuple[int, str]], title: str | None) -> tuple[str, ...]:
    names = tuple(name for _, name in path)
    return names[1:] if title and names[:1] and names[0].casefold() == title.casefold() else names


def _heading_name(text: str, heading: Block) -> str:
    line = text[heading.start : heading.end].partition("\n")[0]
    return re.sub(r"[*`]", "", line.strip().strip("#").strip())


def _blocks(text: str) -> list[Block]:
    """Return the blocks in order; capitals make a heading only in a text that marks none otherwise."""
    blocks = list(_marked_blocks(text))
    if any(block.level for block in blocks):
        return blocks
    return [part for block in blocks for part in _capital_heading(text, block)]


def _marked_blocks(text: str) -> Iterator[Block]:
    block: Block | None = None
    fence = ""
    for start, end, line, apart in _lines(text):
        kind, level = _kind_of(line, end - start)
        if block and fence:
            block = replace(block, end=end)
            fence = "" if _closes(line, fence) else fence
        elif block and not apart and (underlined := _underlined(text, block, line, end)):
            block = underlined
        elif block and not apart and _continues(block.kind, kind):
            block = replace(block, end=end)
        else:
            if block:
                yield block
            block = Block(start, end, kind, level)
            fence = _fence(line)
    if block:
        yield block


def _lines(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yield start and end of what is visible in each line, the line, and whether a blank one stands before it."""
    previous = -1
    for match in re.finditer(r"[^\n]+", text):
        start, end = _stripped(text, *match.span())
        if start < end:
            yield start, end, match[0], match.start() != previous + 1
            previous = match.end()


def _fence(line: str) -> str:
    mark = FENCE_LINE.match(line)
    return mark[1] if mark else ""


def _kind_of(line: str, length: int) -> tuple[str, int]:
    if _fence(line):
        return "code", 0
    heading = HEADING_LINE.match(line) if length <= HEADING_LENGTH else None
    if heading and heading.end() < len(line.rstrip()):
        return "heading", len(heading[1])
    if line.lstrip().startswith("|"):
        return "table", 0
    return ("list" if ITEM_LINE.match(line) else "prose"), 0


def _continues(kind: str, below: str) -> bool:
    """Whether a line belongs to the block above it; an item's second line looks like prose."""
    return (kind == below and kind in ("prose", "list", "table")) or (kind == "list" and below == "prose")


def _closes(line: str, fence: str) -> bool:
    """Whether the line ends the code: the sign that opened it, at least as often, and nothing else."""
    line = line.strip()
    return len(line) >= len(fence) and not line.strip(fence[0])


def _underlined(text: str, block: Block, line: str, end: int) -> Block | None:
    """Return the heading that a short single line and the line of signs below it make."""
    is_short = block.kind == "prose" and block.end - block.start <= PLAIN_HEADING_LENGTH
    if not is_short or not UNDERLINE.fullmatch(line) or "\n" in text[block.start : block.end]:
        return None
    return Block(block.start, end, "heading", 1 if "=" in line else 2)


def _capital_heading(text: str, block: Block) -> list[Block]:
    """Return the block as a heading and what is below it, where its first line alone is in capitals."""
    line, _, below = text[block.start : block.end].partition("\n")
    if block.kind != "prose" or not _in_capitals(line) or _in_capitals(below.partition("\n")[0]):
        return [block]
    end = block.start + len(line.rstrip())
    heading = Block(block.start, end, "heading", DIVIDING_LEVEL)
    return [heading, Block(*_stripped(text, end, block.end), "prose")] if below.strip() else [heading]


def _in_capitals(line: str) -> bool:
    # A row of a table reads `NAME: VALUE`.
    return (
        line.isupper()
        and len(line) <= PLAIN_HEADING_LENGTH
        and sum(char.isalpha() for char in line) >= 3
        and ": " not in line
        and line.rstrip()[-1] not in ".,;:!?"
    )
