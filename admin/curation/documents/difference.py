"""What changed from one text to another: lines that came and went, and in those the words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

CONTEXT = 2
"""Lines that are shown before and after a change."""
MOST_COMPARED = 5_000
"""Lines, after what both texts begin and end with, that are compared one by one: more would take too long."""
MOST_SHOWN = 400
"""Lines that a difference shows."""
LONGEST_LINE = 4_000
"""Characters up to which the words of a changed line are compared."""
SIMILAR = 0.3
"""Share of words that two lines have in common from which on one is the other, rewritten."""
WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Line:
    """A line that stayed (" "), went ("-") or came ("+"); `pieces` are its parts, each with whether it changed.

    The sign "…" stands for `skipped` lines that stayed and are not shown.
    """

    sign: str
    pieces: Sequence[tuple[str, bool]] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Difference:
    """How many lines came and went, and the changes with their surroundings. `cut` where not all are shown."""

    lines: Sequence[Line]
    added: int
    removed: int
    cut: bool


def compare(before: str, after: str) -> Difference:
    """The lines of `after` against those of `before`."""
    old, new = before.split("\n"), after.split("\n")
    operations = list(_operations(old, new))
    removed = sum(end - start for tag, start, end, _, _ in operations if tag != "equal")
    added = sum(end - start for tag, _, _, start, end in operations if tag != "equal")
    lines = [line for operation in operations for line in _lines(operation, old, new, len(old))]
    return Difference(lines[:MOST_SHOWN], added, removed, len(lines) > MOST_SHOWN)


Operation = tuple[str, int, int, int, int]


def _operations(old: Sequence[str], new: Sequence[str]) -> Iterator[Operation]:
    """difflib's operations. What both begin and end with is not compared; a middle that is too long changed as one."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if head:
        yield "equal", 0, head, 0, head
    if max(len(old_middle), len(new_middle)) > MOST_COMPARED:
        yield "replace", head, len(old) - tail, head, len(new) - tail
    else:
        for tag, a, b, c, d in SequenceMatcher(None, old_middle, new_middle).get_opcodes():
            yield tag, a + head, b + head, c + head, d + head
    if tail:
        yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)


def _lines(operation: Operation, old: Sequence[str], new: Sequence[str], last: int) -> Iterator[Line]:
    tag, a, b, c, d = operation
    if tag == "equal":
        yield from _kept(old[a:b], first=a == 0, last=b == last)
        return
    for gone, come in zip_longest(old[a:b], new[c:d]):
        yield from _changed(gone, come)


def _kept(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[Line]:
    """The lines next to a change; the others are only counted."""
    above, below = 0 if first else CONTEXT, 0 if last else CONTEXT
    if len(lines) <= above + below + 1:
        yield from (Line(" ", [(line, False)]) for line in lines)
        return
    yield from (Line(" ", [(line, False)]) for line in lines[:above])
    yield Line("…", skipped=len(lines) - above - below)
    yield from (Line(" ", [(line, False)]) for line in lines[len(lines) - below :])


def _changed(gone: str | None, come: str | None) -> Iterator[Line]:
    """A line that went, one that came, or, where they are alike, both with the words that differ."""
    comparable = gone is not None and come is not None and max(len(gone), len(come)) <= LONGEST_LINE
    pieces = _words(gone or "", come or "") if comparable else None
    if gone is not None:
        yield Line("-", pieces[0] if pieces else [(gone, False)])
    if come is not None:
        yield Line("+", pieces[1] if pieces else [(come, False)])


def _words(gone: str, come: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]] | None:
    old, new = WORDS.findall(gone), WORDS.findall(come)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < SIMILAR:
        return None
    operations = matcher.get_opcodes()
    went = [("".join(old[a:b]), tag != "equal") for tag, a, b, _, _ in operations if a < b]
    came = [("".join(new[c:d]), tag != "equal") for tag, _, _, c, d in operations if c < d]
    return went, came
