"""Rows that begin with the same tokens, as questions about the same passages do, are computed behind one copy of them.

A pack is that prefix, once, and behind it what each row has of its own: in the positions that it has in its row, and
seeing the prefix and its own row alone. So every row's loss and gradient are what they are without; only dropout, where
there is any, is drawn once for the prefix. Twelve questions about 600 tokens of passages take a quarter of the work.

What is shuffled is packs, so the rows of one stay together in every step. That a step may not hang on one prefix, no
pack has more than a fourth of a step's rows: a larger batch packs tighter. Rows that share little are packs of one, in
just the order and the computation that they have where nothing is packed at all.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from admin.training.presets import Objective, TrainingSettings
from admin.training.rows import Encoded

PREFIXES = 4
"""A step learns from so many prefixes at least."""


@dataclass(frozen=True)
class Pack:
    """Rows that are computed at once: behind the first `shared` tokens of each, which are the same; 0: side by side."""

    rows: Sequence[Encoded]
    shared: int = 0

    @property
    def computed(self) -> int:
        """Tokens that the model reads for them."""
        return self.shared + sum(row.length - self.shared for row in self.rows)


def packed(rows: Sequence[Encoded], settings: TrainingSettings) -> list[Pack]:
    """Every row in one pack, in the order of the packs' first rows.

    No pack takes more than `max_tokens`, and its rows share at least half of the longest one. Of all
    ways to cut the rows so, sorted by their prompts, this is the one with the fewest tokens to compute.
    """
    if settings.objective != Objective.SFT:
        return [Pack((row,)) for row in rows]
    order = sorted(range(len(rows)), key=lambda number: rows[number].prompt)
    cuts = _cuts([rows[number] for number in order], settings.batch // PREFIXES, settings.max_tokens)
    numbered = sorted((sorted(order[begin:end]), shared) for begin, end, shared in cuts)
    return [Pack([rows[number] for number in numbers], shared) for numbers, shared in numbered]


def in_parts(packs: Sequence[Pack], at_once: int) -> Iterator[Pack]:
    """What is computed at once: of the rows that share nothing some at a time, then each pack by itself."""
    alone = [row for pack in packs if not pack.shared for row in pack.rows]
    for start in range(0, len(alone), at_once):
        yield Pack(alone[start : start + at_once])
    yield from (pack for pack in packs if pack.shared)


def facts(packs: Sequence[Pack]) -> Mapping[str, int | str]:
    """What a card says of it. Tokens are those of an epoch: as the rows have them, and as they are computed."""
    sharing = [pack for pack in packs if pack.shared]
    return {
        "packs": len(sharing),
        "rows": sum(len(pack.rows) for pack in sharing),
        "tokens": sum(row.length for pack in packs for row in pack.rows),
        "computed": sum(pack.computed for pack in packs),
        "shuffled": "packs: rows that share their first tokens are learned in the same step" if sharing else "rows",
    }


def _cuts(rows: Sequence[Encoded], most: int, budget: int) -> Iterator[tuple[int, int, int]]:
    """Where sorted rows are cut into packs, the last one first: begin, end, and the tokens that are shared."""
    common = [_common(one.prompt, other.prompt) for one, other in pairwise(rows)]
    best = [(0, 0, 0)]  # for the rows before each place: tokens saved, where the last pack begins, what it shares
    for end in range(1, len(rows) + 1):
        possible = _packs_until(end, rows, common, most, budget)
        best.append(max((best[begin][0] + (end - begin - 1) * shared, begin, shared) for begin, shared in possible))
    end = len(rows)
    while end:
        _, begin, shared = best[end]
        yield begin, end, shared
        end = begin


def _packs_until(
    end: int, rows: Sequence[Encoded], common: Sequence[int], most: int, budget: int
) -> Iterator[tuple[int, int]]:
    """The packs whose last row is the one before `end`: where they begin, and the tokens that are shared."""
    yield end - 1, 0
    last = rows[end - 1]
    shared, longest, own = last.length, last.length, last.length
    for begin in range(end - 2, max(end - most, 0) - 1, -1):
        row = rows[begin]
        shared, longest, own = min(shared, common[begin]), max(longest, row.length), own + row.length
        if 2 * shared < longest or own - (end - begin - 1) * shared > budget:
            return
        yield begin, shared


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens are the same. The last of a prompt is never one: from it on, a row speaks for itself."""
    most = min(len(one), len(other)) - 1
    return bisect_left(range(1, most + 1), 1, key=lambda count: one[:count] != other[:count])
