"""The checks of training examples that need no model: over a collection, or over one example beside the others."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from admin.training import duplicates
from admin.training.credentials import Detectors
from admin.training.findings import Check, Finding, Lesson, Part, Place, found, parts_of
from admin.training.leakage import leaks
from admin.training.personal_data import Match, personal_data
from chat.store.question_sets import HeldOut
from chat.store.staleness import Stale

Scan = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Surroundings:
    """What examples are checked against, beside each other."""

    questions: Sequence[HeldOut] = ()
    stale: Mapping[int, Sequence[Stale]] = field(default_factory=dict)
    """By the id of the example's version."""
    language: str | None = None
    """The language of the collection; None where it is not known."""
    guess: Callable[[str], str | None] = lambda _text: None
    """The language of a text, or None where it is too short to tell."""


def scans(lessons: Sequence[Lesson], around: Surroundings) -> Mapping[Check, Scan]:
    """Every check but that of the length, as something to be called; it says what it finds in these examples."""
    return {
        Check.DUPLICATES: lambda: duplicates.duplicates(lessons),
        Check.NEAR_DUPLICATES: lambda: duplicates.near_duplicates(lessons),
        Check.CONTRADICTIONS: lambda: duplicates.contradictions(lessons),
        Check.LEAKS: lambda: leaks(lessons, around.questions),
        **_alone(lessons, around),
    }


def look(lessons: Sequence[Lesson], around: Surroundings) -> Iterator[Finding]:
    """What those checks find in these examples."""
    for scan in scans(lessons, around).values():
        yield from scan()


def look_at(lesson: Lesson, others: Sequence[Lesson], around: Surroundings) -> list[Finding]:
    """What those checks find in one example, alone and beside the others that resemble it."""
    group = sorted([lesson, *others], key=lambda each: each.id)
    beside = [
        *duplicates.duplicates(group),
        *duplicates.near_duplicates(group),
        *duplicates.contradictions(group),
        *leaks([lesson], around.questions),
    ]
    alone = [finding for scan in _alone([lesson], around).values() for finding in scan()]
    return [finding for finding in beside if lesson.id in finding.examples] + alone


def _alone(lessons: Sequence[Lesson], around: Surroundings) -> dict[Check, Scan]:
    """The checks that look at each example for itself."""
    return {
        Check.SECRETS: lambda: _matched(Check.SECRETS, lessons, Detectors().secrets),
        Check.PERSONAL_DATA: lambda: _matched(Check.PERSONAL_DATA, lessons, personal_data),
        Check.LANGUAGE: lambda: _foreign(lessons, around),
        Check.STALE: lambda: _stale(lessons, around.stale),
    }


def _matched(check: Check, lessons: Sequence[Lesson], recognise: Callable[[str], Sequence[Match]]) -> Iterator[Finding]:
    known: dict[str, Sequence[Match]] = {}
    for lesson in lessons:
        places = [place for part in parts_of(lesson.wording) for place in _places(part, recognise, known)]
        if places:
            what = ", ".join(dict.fromkeys(place.kind for place in places))
            yield found(check, [lesson], what[:1].upper() + what[1:], places=places)


def _places(
    part: Part, recognise: Callable[[str], Sequence[Match]], known: dict[str, Sequence[Match]]
) -> Iterator[Place]:
    """Where something is recognised in a part. Passages recur, so what was found in a text is `known` from then on."""
    if part.text not in known:
        known[part.text] = recognise(part.text)
    for match in known[part.text]:
        yield Place(part.field, part.index, match.start, match.end, match.kind)


def _foreign(lessons: Sequence[Lesson], around: Surroundings) -> Iterator[Finding]:
    """Examples in another language than the collection's. Short ones are not judged, nor are translations asked for."""
    for lesson in lessons if around.language else ():
        wording = lesson.wording
        spoken = wording.language or around.guess(f"{wording.question}\n{wording.completion}")
        code = re.split(r"[-_]", spoken.casefold())[0] if spoken else None
        if code is not None and code != around.language:
            what = f"Its language is {code}, the documents' is {around.language}"
            yield found(Check.LANGUAGE, [lesson], what, about=[around.language or ""])


def _stale(lessons: Sequence[Lesson], stale: Mapping[int, Sequence[Stale]]) -> Iterator[Finding]:
    for lesson in lessons:
        reasons = stale.get(lesson.version_id, ())
        if reasons:
            what = "; ".join(f"{each.document} is {each.reason}" for each in reasons)
            yield found(Check.STALE, [lesson], what, about=[f"{each.document} {each.reason}" for each in reasons])
