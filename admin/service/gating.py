"""The gate as people meet it: what an adapter has to show, what it shows, and the decision. No Gradio, no SQL."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from admin.promotion import gathering, rules, thresholds
from admin.promotion.evidence import Evidence, Fact, Lessons, Scores
from admin.promotion.rules import Rule
from admin.promotion.thresholds import Thresholds
from admin.service.promoting import BASE, EVERYWHERE, Outcome, Promoting, require_reason
from chat import rights
from chat.engine import fingerprint
from chat.engine.adapters import AdapterError
from chat.models.chat import answering
from chat.rights import Person
from chat.store import adapters, audit, judging
from chat.store.adapters import Named
from chat.store.tables import Adapter

ASKED = "ask to override the rules"
"""The action in the audit log, by which a second person finds what the first one asked for."""
CONFIRM_WITHIN_S = 7 * 24 * 3600


@dataclass(frozen=True)
class Verdict:
    """What the rules say of one adapter in one place, and the digest of the evaluation that they were judged by."""

    to: Named | None
    rules: tuple[Rule, ...]
    evaluation: str
    second_person: bool
    """Whether a decision against the rules takes a second person here."""

    @property
    def allows(self) -> bool:
        return rules.allows(self.rules)

    def as_dict(self) -> dict[str, Any]:
        """As the decision keeps it, signed."""
        return {"rules": [rule.as_dict() for rule in self.rules], "evaluation": self.evaluation}


@dataclass(frozen=True)
class Background:
    """What is known of an adapter before anybody decides: its latest numbers, and what it learned from."""

    scores: Scores | None
    lessons: Lessons | None


@dataclass(frozen=True)
class Gating(Promoting):
    """Promotion through the gate, for one person."""

    def background(self, name: str) -> Background:
        """The latest evaluation of an adapter that this person may read, and what it learned from."""
        with self.sessions() as session:
            row = rights.adapter(session, self.person, name)
            scores = gathering.scores(session, rights.readable(session, self.person), row.digest)
            return Background(scores, gathering.lessons(session, row))

    def thresholds(self, collection: str | None = None) -> Thresholds:
        """What the gate asks for in a collection or, without one, everywhere else. Raises `NotFoundError`."""
        with self.sessions() as session:
            place = rights.readable(session, self.person, collection)[0] if collection else None
            return thresholds.in_force(session, place)

    def set_thresholds(self, collection: str | None, changes: Mapping[str, str]) -> Thresholds:
        """Change what the gate of a collection asks for or, without one, of all that do not say it themselves.

        Raises `NotFoundError`, `NotAllowedError`, and `InvalidInputError` for what cannot be asked.
        """
        with self.sessions.begin() as session:
            place = rights.deciding(session, self.person, collection)
            before = thresholds.in_force(session, place)
            after = before.but(changes)
            thresholds.set_in_force(session, place, after)
            audit.note(
                session, self.person.id, self.person.name, "change the rules", collection or EVERYWHERE,
                before=asdict(before), after=asdict(after),
            )  # fmt: skip
            return after

    def judged(self, name: str, collection: str | None = None) -> Verdict:
        """What the rules say of an adapter, or of `base`, before anybody decides. Raises as `promote` does."""
        asked = self.thresholds(collection)
        evidence = self._evidence(name, collection, asked.measure)
        found = tuple(rules.judge(evidence, asked))
        measured = evidence.measured
        return Verdict(evidence.candidate, found, measured.digest if measured else "", evidence.deciders > 1)

    def promote(
        self, name: str, collection: str | None = None, reason: str = "", *, overridden: bool = False
    ) -> Outcome:
        """Let an adapter, or `base`, answer in a collection or everywhere else from the next question on.

        The rules decide, unless they are `overridden`, with a reason: where two people may decide, two of them have to
        ask for that, and the first request is on record. Raises `NotFoundError`, `NotAllowedError`,
        `InvalidInputError`, and `AdapterError` where its files are gone or changed.
        """
        if overridden:
            require_reason(reason)
        verdict = self.judged(name, collection)
        overrides = overridden and not verdict.allows
        if overrides and verdict.second_person and not self._seconded(verdict, collection, reason):
            return Outcome(False, rules=verdict.as_dict()["rules"], waits=True)
        return self.enact(name, collection, reason, evidence=verdict.as_dict(), overridden=overrides)

    def _seconded(self, verdict: Verdict, collection: str | None, reason: str) -> bool:
        """Whether somebody else asked for the same in the last week. If not, this request is put on record."""
        subject = f"{verdict.to.digest if verdict.to else BASE} in {collection or EVERYWHERE}"
        with self.sessions.begin() as session:
            place = rights.deciding(session, self.person, collection)
            others = set(rights.deciders(session, place)) - {self.person.id}
            if audit.noted_by(session, ASKED, subject, CONFIRM_WITHIN_S) & others:
                return True
            audit.note(
                session, self.person.id, self.person.name, ASKED, subject,
                after={"adapter": verdict.to.name if verdict.to else BASE, "reason": reason} | verdict.as_dict(),
            )  # fmt: skip
            return False

    def _evidence(self, name: str, collection: str | None, measure: str) -> Evidence:
        to = self._offered(name, collection)
        files = self._files_of(to) if to else Fact(None, "")
        with self.sessions() as session:
            place = rights.deciding(session, self.person, collection)
            scope = rights.readable(session, self.person, collection)
            labelled, deciders = len(judging.labelled(session, scope)), len(rights.deciders(session, place))
            present = adapters.serving(session, place)
            if to is None:
                return Evidence(None, present, labelled=labelled, deciders=deciders)
            row = rights.adapter(session, self.person, to.name)
            return Evidence(
                candidate=to,
                present=present,
                measured=gathering.measured(session, scope, to, present, answering(self.settings), measure),
                labelled=labelled,
                lessons=gathering.lessons(session, row),
                bytes=files,
                fingerprint=self._fingerprint(row),
                deciders=deciders,
                own=_own(row, self.person),
                advice=gathering.command(to, collection=collection),
            )

    def _files_of(self, to: Named) -> Fact:
        try:
            self.files.check(to.digest)
        except AdapterError as error:
            return Fact(False, str(error))
        return Fact(True, f"Their sha256 is {to.digest[:12]}…, as it was registered.")

    def _fingerprint(self, row: Adapter) -> Fact:
        """Whether what the engine compares it with, each time it loads it, is what was heard at first."""
        if not row.fingerprint:
            return Fact(None, "Not applicable: the model is elsewhere, and nobody could hear it.")
        try:
            kept = fingerprint.read(self.files.folder(row.digest))
        except AdapterError as error:
            return Fact(False, str(error))
        if kept is None or list(kept.logprobs) != list(row.fingerprint["logprobs"]):
            return Fact(False, "The fingerprint beside its files is not the registered one. Import it again.")
        return Fact(True, f"Heard in {kept.dtype} when it was registered; the engine compares each time it loads it.")


def _own(row: Adapter, person: Person) -> bool:
    return row.user_id == person.id
