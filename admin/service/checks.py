"""What curators can do about their examples' faults: see them, accept them on record, redact them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin.curation.formats.text import guess_language
from admin.training import checks, duplicates
from admin.training.checks import Surroundings
from admin.training.findings import REDACTABLE, Check, Finding, Lesson, Report, judged
from admin.training.length import Ruler
from admin.training.redaction import redacted
from chat import rights
from chat.errors import AppError, InvalidInputError, NotFoundError
from chat.rights import Person, Personal
from chat.settings import Settings
from chat.store import accepted, audit, collections, examples, question_sets, resembling, staleness
from chat.store.accepted import Acceptance
from chat.store.examples import Kept
from chat.store.resembling import Short
from chat.store.session import Sessions
from chat.store.tables import ExampleState

SHORTEST_REASON = 3
SHOWN, PAIR = 50, 2
"""Findings of each check that are shown, and examples of each."""
ON_SERVER = "Length: the model runs on a server, which keeps its tokenizer to itself."
GONE = "This finding is not there any more. Check again to see what is."


@dataclass(frozen=True)
class Gathered:
    """What the checks of a collection work on."""

    lessons: Sequence[Kept]
    around: Surroundings
    accepted: Mapping[str, Acceptance]
    ruler: Ruler | None
    """None where the model is not on this machine."""

    def lengths(self, lessons: Sequence[Lesson]) -> tuple[list[Finding], list[str]]:
        """What is too long or, where the model cannot be read, why that could not be measured."""
        if self.ruler is None:
            return [], [ON_SERVER]
        try:
            return list(self.ruler.too_long(lessons)), []
        except AppError as error:
            return [], [f"Length: {error}"]

    def look(self, lessons: Sequence[Lesson]) -> list[Finding]:
        """What all checks find in these examples, beside each other."""
        return [*checks.look(lessons, self.around), *self.lengths(lessons)[0]]


@dataclass(frozen=True)
class Shown:
    """A report with the examples that are shown of it, by id: of each check's first findings, the first two."""

    collection: str
    report: Report
    examples: Mapping[int, Kept]


@dataclass(frozen=True)
class Checks(Personal):
    """The checks of the collections that a person looks after."""

    settings: Settings

    def report(self, collection: str) -> Report:
        """What all checks say of a collection's examples, those rejected left out.

        Raises `NotFoundError`, `NotAllowedError`.
        """
        return report(gather(self.sessions, self.person, self.settings, collection, resembling.CHECKED))

    def steps(self, collection: str) -> Iterator[Check | Shown]:
        """The same as it goes: each check when it begins, and the report with the examples that it shows at the end."""
        for step in steps(gather(self.sessions, self.person, self.settings, collection, resembling.CHECKED)):
            if isinstance(step, Check):
                yield step
                continue
            named = {example for check in Check for each in step.of(check)[:SHOWN] for example in each.examples[:PAIR]}
            yield Shown(collection, step, {each.id: each for each in self.examples(sorted(named))})

    def of(self, example_id: int) -> list[Finding]:
        """What the checks say of one example, beside the others of its collection. Raises as `report` does."""
        with self.sessions() as session:
            example = examples.get(session, rights.curated(session, self.person), example_id)
            asked = Short(example.id, example.wording.question, example.wording.completion)
            short = resembling.near_in_size(session, example.collection_id, asked)
            others = examples.those(session, [example.collection_id], duplicates.resembling(asked, short))
            collection = collections.name_of(session, example.collection_id)
        gathered = gather(self.sessions, self.person, self.settings, collection, ())
        found = checks.look_at(example, others, gathered.around)
        return judged([*found, *gathered.lengths([example])[0]], gathered.accepted)

    def examples(self, ids: Sequence[int]) -> list[Kept]:
        """The examples that a finding is about, to be shown side by side."""
        with self.sessions() as session:
            return examples.those(session, rights.curated(session, self.person), ids)

    def accept(self, example_ids: Sequence[int], digest: str, reason: str) -> Finding:
        """Let a finding in these examples stand, on record. Returns it. Raises `NotFoundError`, `InvalidInputError`."""
        reason = _reason(reason)
        collection_id, _, finding = self._found(example_ids, digest)
        with self.sessions.begin() as session:
            rights.curated(session, self.person, collections.name_of(session, collection_id))
            accepted.accept(session, collection_id, finding.check, [digest], reason, self.person.id)
            self._note(session, "accept finding", finding.keys, {"check": finding.check, "reason": reason})
        return finding

    def accept_all(self, collection: str, check: str, reason: str, kind: str = "") -> int:
        """Let all of a check's findings stand, or those of one kind. Returns how many were not accepted before."""
        if check not in list(Check):
            raise InvalidInputError(f"There is no check {check[:40]!r}. Checks: {', '.join(Check)}.")
        reason = _reason(reason)
        found = [each for each in self.report(collection).of(Check(check)) if kind in ("", each.kind)]
        with self.sessions.begin() as session:
            [collection_id] = rights.curated(session, self.person, collection)
            digests = [each.digest for each in found if each.accepted is None]
            count = accepted.accept(session, collection_id, check, digests, reason, self.person.id)
            after = {"check": check, "kind": kind, "findings": count, "reason": reason}
            self._note(session, "accept findings", [collection], after)
        return count

    def withdraw(self, example_ids: Sequence[int], digest: str) -> None:
        """Take an acceptance back. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            found = examples.those(session, rights.curated(session, self.person), example_ids)
            taken = found and accepted.withdraw(session, found[0].collection_id, [digest])
            if not taken:
                raise NotFoundError(GONE)
            self._note(session, "withdraw acceptance", [each.key for each in found], {})

    def redact(self, example_id: int, digest: str) -> int:
        """Take what a finding found out of an example, as a new version in the same state. Returns its number.

        Earlier versions keep it, until the example is deleted. Raises `NotFoundError`, and `InvalidInputError` for a
        finding that has no words to take out.
        """
        _, [example], finding = self._found([example_id], digest)
        if finding.check not in REDACTABLE:
            raise InvalidInputError("There are no words here to redact. Edit the example, or reject it.")
        note = f"redacted: {', '.join(dict.fromkeys(place.kind for place in finding.places))}"
        with self.sessions.begin() as session:
            scope = rights.curated(session, self.person)
            latest = examples.get(session, scope, example_id, lock=True)
            if latest.version_id != example.version_id:
                raise NotFoundError(GONE)
            wording = redacted(latest.wording, finding.places)
            examples.revise(session, latest, wording, user_id=self.person.id, note=note)
            if latest.state is not ExampleState.DRAFT:
                made = examples.get(session, scope, example_id)
                examples.review(session, [made], latest.state, reason=note, user_id=self.person.id)
            self._note(session, "redact example", [latest.key], {"version": latest.number + 1, "what": note})
        return latest.number + 1

    def _found(self, example_ids: Sequence[int], digest: str) -> tuple[int, list[Kept], Finding]:
        """The collection, the examples and the finding in them that has this digest. Raises `NotFoundError`."""
        found = self.examples(example_ids)
        if not found or len({each.collection_id for each in found}) > 1:
            raise NotFoundError(GONE)
        with self.sessions() as session:
            collection = collections.name_of(session, found[0].collection_id)
        findings = gather(self.sessions, self.person, self.settings, collection, ()).look(found)
        matching = [each for each in findings if each.digest == digest]
        if not matching:
            raise NotFoundError(GONE)
        return found[0].collection_id, found, matching[0]

    def _note(self, session: Any, action: str, subjects: Sequence[str], after: dict[str, Any]) -> None:
        subject = f"example {', '.join(subjects)}" if action != "accept findings" else f"collection {subjects[0]}"
        audit.note(session, self.person.id, self.person.name, action, subject, after=after)


def gather(
    sessions: Sessions, person: Person, settings: Settings, collection: str, states: Sequence[ExampleState]
) -> Gathered:
    """The collection's examples in these states, and what they are checked against. Raises as `rights.curated` does."""
    with sessions() as session:
        [collection_id] = rights.curated(session, person, collection)
        lessons = examples.of_collection(session, collection_id, *states) if states else []
        around = Surroundings(
            question_sets.held_out(session, collection_id),
            staleness.stale(session, [collection_id]),
            collections.language(session, collection_id),
            guess_language,
        )
        known = accepted.of_collection(session, collection_id)
    return Gathered(lessons, around, known, None if "://" in settings.model else Ruler(settings))


def report(gathered: Gathered) -> Report:
    """What all checks say of what was gathered. Opens no session."""
    return next(step for step in steps(gathered) if isinstance(step, Report))


def steps(gathered: Gathered) -> Iterator[Check | Report]:
    """Each check when it begins, and the report at the end. Opens no session."""
    found: list[Finding] = []
    for check, scan in checks.scans(gathered.lessons, gathered.around).items():
        yield check
        found += scan()
    yield Check.TOO_LONG
    lengths, unmeasured = gathered.lengths(gathered.lessons)
    order = list(Check)
    known = judged([*found, *lengths], gathered.accepted)
    findings = sorted(known, key=lambda finding: order.index(finding.check))
    yield Report(len(gathered.lessons), findings, unmeasured)


def _reason(said: str) -> str:
    reason = " ".join(str(said).replace("\x00", "").split())[:1_000]
    if len(reason) < SHORTEST_REASON:
        raise InvalidInputError("Say in a few words why it may stay: it is kept on record with your name.")
    return reason
