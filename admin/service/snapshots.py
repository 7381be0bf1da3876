"""What curators can do about snapshots: freeze approved examples, look, compare, delete. No Gradio, no SQL."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from admin.service.checks import gather, report
from admin.training import snapshots as files
from admin.training.findings import Check, Finding, Report
from admin.training.snapshots import Difference
from admin.training.splitting import split
from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.settings import Settings
from chat.store import audit, snapshots
from chat.store.snapshots import Frozen, NewSnapshot, SnapshotLine
from chat.store.tables import NAME, ExampleState

MOST_VALIDATION = 0.5
NAMED = 5
"""Examples that a refusal names."""


@dataclass(frozen=True)
class Wanted:
    """A snapshot as a person asks for it: of a collection's approved examples.

    `validation` is the share, at most, that is kept aside, 0 to .5. `declared` says why examples that give held-out
    questions away are in it all the same. Examples made from the documents `aside` are the first to be kept aside.
    """

    name: str
    collection: str = "default"
    validation: float = 0.1
    seed: int = 1
    declared: str = ""
    aside: Sequence[str] = ()


@dataclass(frozen=True)
class Snapshots(Personal):
    """The snapshots of the collections that a person looks after."""

    settings: Settings

    def create(self, wanted: Wanted) -> SnapshotLine:
        """Freeze a collection's approved examples.

        Raises `NotFoundError`, `NotAllowedError`, and `InvalidInputError` for a name that is taken, where nothing is
        approved, and where a finding blocks it.
        """
        self._check(wanted)
        gathered = gather(self.sessions, self.person, self.settings, wanted.collection, [ExampleState.APPROVED])
        lessons = gathered.lessons
        if not lessons:
            raise InvalidInputError(
                f"No example of {wanted.collection} is approved yet, and only approved ones are trained on. Approve "
                "some in the Training examples tab, or import them with --approve."
            )
        checked = report(gathered)
        _refuse(checked, declared=bool(wanted.declared.strip()))
        splits = split(lessons, checked.findings, wanted.validation, wanted.seed, wanted.aside)
        digest = files.digest(files.row(lesson, splits[lesson.id]) for lesson in lessons)
        rows = [(lesson.version_id, splits[lesson.id]) for lesson in lessons]
        with self.sessions.begin() as session:
            [collection_id] = rights.curated(session, self.person, wanted.collection)
            new = NewSnapshot(
                collection_id, wanted.name, digest, _settings(wanted), _said(checked), rows, self.person.id
            )
            made = snapshots.line(session, snapshots.add(session, new).id)
            self._note(session, "create snapshot", made)
        return made

    def lines(self, collection: str | None = None) -> list[SnapshotLine]:
        """The snapshots that this person may know of, the newest first. Raises `NotFoundError`."""
        with self.sessions() as session:
            return snapshots.listing(session, rights.curated(session, self.person, collection))

    def show(self, name: str) -> tuple[SnapshotLine, list[Frozen]]:
        """A snapshot, and what it holds in the order of its file. Raises `NotFoundError`."""
        with self.sessions() as session:
            found = snapshots.named(session, rights.curated(session, self.person), name)
            return snapshots.line(session, found.id), snapshots.frozen(session, found.id)

    def diff(self, before: str, after: str) -> Difference:
        """What is not the same in two snapshots. Raises `NotFoundError`."""
        return files.difference(self.show(before)[1], self.show(after)[1])

    def delete(self, name: str) -> SnapshotLine:
        """Delete a snapshot; its examples stay. Returns what it was.

        Raises `NotFoundError`, and `InvalidInputError` where a training run learned from it.
        """
        with self.sessions.begin() as session:
            found = snapshots.named(session, rights.curated(session, self.person), name)
            line = snapshots.line(session, found.id)
            snapshots.remove(session, found)
            self._note(session, "delete snapshot", line)
        return line

    def _check(self, wanted: Wanted) -> None:
        if not re.fullmatch(NAME, wanted.name):
            raise InvalidInputError(
                f"{wanted.name[:80]!r} cannot be a snapshot's name: use small letters, digits and hyphens, at most 63."
            )
        if not 0 <= wanted.validation <= MOST_VALIDATION:
            raise InvalidInputError("Keep between 0 and half of the examples aside: --validation 0.1 is a tenth.")
        with self.sessions() as session:
            rights.curated(session, self.person, wanted.collection)
            snapshots.check_name(session, wanted.name)

    def _note(self, session: Any, action: str, line: SnapshotLine) -> None:
        after = {"sha256": line.sha256, "train": line.train, "validation": line.validation, **line.settings}
        audit.note(session, self.person.id, self.person.name, action, f"snapshot {line.name}", after=after)


def _refuse(checked: Report, *, declared: bool) -> None:
    """Raise `InvalidInputError` saying what blocks the snapshot, and what can be done about it."""
    blocking = [each for each in checked.blocking if not (declared and each.check is Check.LEAKS)]
    if not blocking:
        return
    leaks = _named([each for each in blocking if each.check is Check.LEAKS])
    secrets = _named([each for each in blocking if each.check is Check.SECRETS])
    said = [
        f"These examples would teach what adapters are judged by: {leaks}. Reject them, or say why they stay: "
        "`--declare-leaks REASON`, or the field of that name." if leaks else "",
        f"These examples hold a secret: {secrets}. Redact it under Checks, or accept it there." if secrets else "",
    ]  # fmt: skip
    raise InvalidInputError(" ".join([*filter(None, said), "`python -m admin examples check` lists all."]))


def _named(findings: Sequence[Finding]) -> str:
    keys = [finding.keys[0] for finding in findings]
    return ", ".join(keys[:NAMED]) + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")


def _settings(wanted: Wanted) -> dict[str, Any]:
    said = {"validation": wanted.validation, "seed": wanted.seed, "declared": wanted.declared.strip()}
    return said | {"aside": list(wanted.aside)} if wanted.aside else said


def _said(checked: Report) -> dict[str, Any]:
    """The report as the snapshot keeps it: counts, what was accepted and why, what leaks, what was not checked."""
    return {
        "counts": checked.counts(),
        "accepted": [
            {
                "check": each.check,
                "examples": list(each.keys),
                "reason": each.accepted.reason,
                "by": each.accepted.person,
            }
            for each in checked.findings
            if each.accepted is not None
        ],
        "leaks": [{"example": each.keys[0], "how": each.kind, "what": each.what} for each in checked.of(Check.LEAKS)],
        "unchecked": list(checked.unchecked),
    }
