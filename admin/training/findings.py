"""What checks find in training examples, as values: which examples, where in them, and whether it may stay."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from chat.store.accepted import Acceptance
from chat.store.wordings import Wording


class Check(StrEnum):
    """What is looked for. The names are those of the report that `examples check --json` prints."""

    LEAKS = "leaks"
    SECRETS = "secrets"
    PERSONAL_DATA = "personal_data"
    DUPLICATES = "duplicates"
    NEAR_DUPLICATES = "near_duplicates"
    CONTRADICTIONS = "contradictions"
    TOO_LONG = "too_long"
    LANGUAGE = "language"
    STALE = "stale"


BLOCKING = frozenset({Check.LEAKS, Check.SECRETS})
"""A snapshot is refused while one of these is neither mended nor accepted."""
REDACTABLE = frozenset({Check.SECRETS, Check.PERSONAL_DATA})


class Lesson(Protocol):
    """A version of an example, as the store gives it: the latest one, or one that a snapshot froze."""

    @property
    def id(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def version_id(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def wording(self) -> Wording: ...


@dataclass(frozen=True)
class Part:
    """A text of an example: a turn of its prompt, its completion, what it rejects, or a passage that it saw."""

    field: str
    """`prompt`, `completion`, `rejected` or `passages`."""
    index: int
    text: str


def parts_of(wording: Wording) -> Iterator[Part]:
    """Every text of an example, in the order in which it is read."""
    for index, turn in enumerate(wording.prompt):
        yield Part("prompt", index, str(turn["content"]))
    for index, passage in enumerate(wording.passages):
        yield Part("passages", index, str(passage.get("text", "")))
    yield Part("completion", 0, wording.completion)
    if wording.rejected is not None:
        yield Part("rejected", 0, wording.rejected)


@dataclass(frozen=True)
class Place:
    """Characters `start` to `end` of a part of an example, and what they are: an e-mail address, say."""

    field: str
    index: int
    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Held:
    """A question that is held out from training, and the set that it is in."""

    set: str
    key: str
    text: str


@dataclass(frozen=True)
class Finding:
    """What one check found in one example, or in several that belong together. `what` says it in words."""

    check: Check
    examples: tuple[int, ...]
    keys: tuple[str, ...]
    what: str
    digest: str
    """By which it is accepted: of the check and of what it was found in, so that changed content is a new finding."""
    places: tuple[Place, ...] = ()
    held: Held | None = None
    kind: str = ""
    """Which sort of finding it is, where the check knows several: how an example leaks."""
    accepted: Acceptance | None = None

    @property
    def blocks(self) -> bool:
        """Whether a snapshot with these examples is refused."""
        return self.check in BLOCKING and self.accepted is None


def found(
    check: Check,
    lessons: Sequence[Lesson],
    what: str,
    *,
    places: Iterable[Place] = (),
    held: Held | None = None,
    kind: str = "",
    about: Sequence[str] = (),
) -> Finding:
    """A finding in these examples. `about` is what else it depends on: the held-out question's text, say."""
    said = [check.value, kind, sorted([lesson.key, lesson.sha256] for lesson in lessons), list(about)]
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()
    ids, keys = tuple(lesson.id for lesson in lessons), tuple(lesson.key for lesson in lessons)
    return Finding(check, ids, keys, what, digest, tuple(places), held, kind)


@dataclass(frozen=True)
class Report:
    """What all checks say of a collection's examples. `unchecked` says what could not be looked at, and why."""

    examples: int
    findings: Sequence[Finding]
    unchecked: Sequence[str] = ()

    def of(self, check: Check) -> list[Finding]:
        """What one check found."""
        return [finding for finding in self.findings if finding.check is check]

    @property
    def open(self) -> list[Finding]:
        """What nobody has accepted."""
        return [finding for finding in self.findings if finding.accepted is None]

    @property
    def blocking(self) -> list[Finding]:
        """What a snapshot is refused for."""
        return [finding for finding in self.findings if finding.blocks]

    def groups(self) -> dict[str, list[list[str]]]:
        """Keys of the examples that belong together, by the check's name; what was accepted is left out."""
        return {
            check.value: [list(finding.keys) for finding in self.of(check) if finding.accepted is None]
            for check in Check
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """How many findings of each check are open, and how many were accepted."""
        return {
            check.value: {
                "open": sum(finding.accepted is None for finding in self.of(check)),
                "accepted": sum(finding.accepted is not None for finding in self.of(check)),
            }
            for check in Check
        }


def judged(findings: Iterable[Finding], accepted: Mapping[str, Acceptance]) -> list[Finding]:
    """The findings, each with who accepted it, if anybody did."""
    return [replace(finding, accepted=accepted.get(finding.digest)) for finding in findings]
