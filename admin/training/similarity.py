"""Which texts are nearly the same: MinHash proposes pairs, the Jaccard similarity of their words decides.

Broder (1997). Shingles are single words: examples are short, and with pairs of words a single changed one would take
two shingles from the twenty or so that there are. Embeddings propose nothing here that this does not: whatever shares
eight words of ten is found by its words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admin.training.wording import other_numbers, words
from chat import language

NEAR = 0.8
"""Jaccard similarity of two texts' words from which they count as nearly the same."""
BANDS, ROWS = 32, 8
"""With 256 hashes, a pair of similarity .8 is proposed with probability .997, one of .5 with .12."""
ESTIMATED = 0.65
"""Proposed pairs whose hashes agree less are not compared in full: four standard deviations below `NEAR`."""


@dataclass(frozen=True)
class Shingled:
    """A text as it is compared: its words, and the numbers in it."""

    words: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Shingled":
        return cls(frozenset(words(text)), frozenset(language.numbers(text)))

    def likeness(self, other: "Shingled") -> float:
        """Jaccard similarity of the words, 0 to 1; 0 where each has a number that the other lacks."""
        shared = len(self.words & other.words)
        if not shared or other_numbers(set(self.numbers), set(other.numbers)):
            return 0.0
        return shared / (len(self.words) + len(other.words) - shared)


@dataclass
class Index:
    """Texts by what they look like, each known by its place. Made for one run of a check, then thrown away."""

    texts: list[Shingled] = field(default_factory=list)
    _hashes: list[Any] = field(default_factory=list)
    _lsh: Any = None
    _matrix: Any = None

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Index":
        from datasketch import MinHash, MinHashLSH

        index = cls([Shingled.of(text) for text in texts])
        index._lsh = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
        index._hashes = list(_hashed(MinHash, index.texts))
        for place, hashed in enumerate(index._hashes):
            if index.texts[place].words:
                index._lsh.insert(place, hashed, check_duplication=False)
        index._matrix = np.array([hashed.hashvalues for hashed in index._hashes])
        return index

    def pairs(self) -> Iterator[tuple[int, int, float]]:
        """Places of any two texts that are nearly the same, the earlier first, with their similarity."""
        for place, hashed in enumerate(self._hashes):
            later = [other for other in self._lsh.query(hashed) if other > place]
            yield from ((place, other, score) for other, score in self._near(self.texts[place], hashed, later))

    def near(self, text: str) -> list[tuple[int, float]]:
        """Places of the texts that are nearly the same as this one, the most alike first."""
        from datasketch import MinHash

        asked = Shingled.of(text)
        if not asked.words or not self.texts:
            return []
        [hashed] = _hashed(MinHash, [asked])
        found = self._near(asked, hashed, self._lsh.query(hashed))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _near(self, asked: Shingled, hashed: Any, proposed: Sequence[int]) -> Iterator[tuple[int, float]]:
        if not proposed:
            return
        agreeing = (self._matrix[list(proposed)] == hashed.hashvalues).mean(axis=1)
        for other, share in sorted(zip(proposed, agreeing, strict=True)):
            if share >= ESTIMATED and (score := asked.likeness(self.texts[other])) >= NEAR:
                yield other, score


def _hashed(kind: Any, texts: Sequence[Shingled]) -> Iterator[Any]:
    sets = ([word.encode() for word in sorted(text.words)] for text in texts)
    yield from kind.generator(sets, num_perm=BANDS * ROWS, seed=1)


def grouped(count: int, pairs: Iterator[tuple[int, int]]) -> list[list[int]]:
    """Places 0 to `count` joined by `pairs`: every group of at least two, in order."""
    leader = list(range(count))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for one, other in pairs:
        leader[max(lead(one), lead(other))] = min(lead(one), lead(other))
    groups: dict[int, list[int]] = {}
    for place in range(count):
        groups.setdefault(lead(place), []).append(place)
    return [group for group in groups.values() if len(group) > 1]
