"""Which examples are learned from and which are kept aside to validate on: split by source document, never by chunk."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from admin.training.findings import Check, Finding, Lesson
from admin.training.similarity import grouped
from chat.store.tables import Split

TOGETHER = (Check.DUPLICATES, Check.NEAR_DUPLICATES, Check.CONTRADICTIONS)
"""Examples that the checks found to belong together would leak from one part into the other, too."""


def split(
    lessons: Sequence[Lesson], findings: Sequence[Finding], share: float, seed: int, aside: Sequence[str] = ()
) -> Mapping[int, Split]:
    """What each example is for, by its id; the same input and seed give the same split.

    Examples that share a document, directly or through others, stay together. Whole groups are drawn, in an order that
    only the seed and the keys decide, for as long as they fit into `share` of all examples, so that validation gets at
    most that. Where no group fits, nothing is kept aside. Groups made from one of the documents `aside` come first.
    """
    room = round(share * len(lessons))
    chosen: set[int] = set()

    def rank(group: Sequence[int]) -> tuple[bool, bytes]:
        sources = {source.document for place in group for source in lessons[place].wording.sources}
        return sources.isdisjoint(aside), _rank(lessons[group[0]], seed)

    for group in sorted(_groups(lessons, findings), key=rank):
        if len(chosen) + len(group) <= room:
            chosen.update(lessons[place].id for place in group)
    return {lesson.id: Split.VALIDATION if lesson.id in chosen else Split.TRAIN for lesson in lessons}


def _groups(lessons: Sequence[Lesson], findings: Sequence[Finding]) -> list[list[int]]:
    """Places of the examples that stay together; those that belong to nobody each for itself."""
    joined = grouped(len(lessons), _pairs(lessons, findings))
    seen = {place for group in joined for place in group}
    return joined + [[place] for place in range(len(lessons)) if place not in seen]


def _pairs(lessons: Sequence[Lesson], findings: Sequence[Finding]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for place, lesson in enumerate(lessons):
        for source in lesson.wording.sources:
            yield first.setdefault(source.document, place), place
    places = {lesson.id: place for place, lesson in enumerate(lessons)}
    for finding in findings:
        if finding.check in TOGETHER:
            yield from ((places[finding.examples[0]], places[other]) for other in finding.examples[1:])


def _rank(lesson: Lesson, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {lesson.key}".encode()).digest()
