"""Which adapter answers, and where: promoting, rolling back, trying out. No Gradio, no SQL."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from admin.service.adapter_files import AdapterFiles
from admin.serving import Serving
from chat import rights
from chat.errors import InvalidInputError, ModelError, NotFoundError
from chat.rights import Personal
from chat.settings import Settings
from chat.store import audit, collections, promotion_history, promotions, signing
from chat.store.adapters import Named
from chat.store.promotion_history import Decided, Standing
from chat.store.promotions import RESTORES, Author, Decision, Kind
from chat.store.tables import Promotion

BASE = "base"
"""The name that stands for the model without an adapter."""
EVERYWHERE = "everywhere"
HISTORY_SHOWN = 200
log = logging.getLogger(__name__)

Act = Callable[..., Promotion]
"""What the store does with a decision: `flip`, `withdraw`, `try_out` or `end_trial`."""


@dataclass(frozen=True)
class Place:
    """What answers in a collection or, without one, everywhere else; and whether this person decides about it."""

    standing: Standing
    may_decide: bool


@dataclass(frozen=True)
class Outcome:
    """Whether what was asked for was done, under which number, and what answers now in place of what.

    A name is None where the model answers alone. `rules` are what it was judged by. `waits`: it was put on record, and
    a second person has to ask for the same before it is done.
    """

    done: bool
    decision: int | None = None
    before: str | None = None
    after: str | None = None
    rules: Sequence[Mapping[str, Any]] = ()
    waits: bool = False


@dataclass(frozen=True)
class Promoting(Personal):
    """The decisions about adapters that a person may know of or take. The files are in the settings' HOME."""

    settings: Settings

    @property
    def files(self) -> AdapterFiles:
        return AdapterFiles(self.settings.home)

    @property
    def key(self) -> bytes:
        """What decisions are signed with."""
        return signing.key(self.settings.home)

    def history(self, limit: int | None = HISTORY_SHOWN) -> Sequence[Decided]:
        """The decisions about everywhere and the collections that this person may read, the newest first."""
        with self.sessions() as session:
            return promotion_history.history(session, self.key, rights.overseen(session, self.person), limit)

    def places(self) -> Sequence[Place]:
        """What answers everywhere, then the collections with a decision of their own that this person may read."""
        with self.sessions() as session:
            decided = {collections.name_of(session, each) for each in rights.decided(session, self.person)}
            approves = rights.approves(session, self.person)
            return [
                Place(each, approves if each.collection is None else each.collection in decided)
                for each in promotion_history.standing(session, self.key, rights.overseen(session, self.person))
            ]

    def enact(
        self,
        name: str,
        collection: str | None = None,
        reason: str = "",
        *,
        evidence: Mapping[str, Any] | None = None,
        overridden: bool = False,
    ) -> Outcome:
        """Let an adapter, or `base`, answer in a collection or everywhere else from the next question on.

        `evidence` is the gate's verdict: {"rules": [{"rule", "passed", "evidence"}, …], …}. A rule that did not pass
        (False; None is one that does not apply) stops it unless it is `overridden`, which takes a reason. Raises
        `NotFoundError`, `NotAllowedError`, `InvalidInputError`, and `AdapterError` where its files are gone or changed.
        """
        to = self._offered(name, collection)
        if overridden:
            require_reason(reason)
        verdict = dict(evidence or {})
        rules = verdict.get("rules", [])
        if not overridden and any(rule["passed"] is False for rule in rules):
            return Outcome(False, rules=rules)
        decision = Decision(Kind.PROMOTE, to, reason, overridden, verdict)
        return replace(self._decide(promotions.flip, collection, decision), rules=rules)

    def rollback(self, collection: str | None = None, to: int | None = None, reason: str = "") -> Outcome:
        """Let answer again what an earlier decision put there: number `to`, or what answered before.

        Before the first decision nothing was decided: a collection then follows what answers everywhere. Raises as
        `enact` does.
        """
        with self.sessions() as session:
            place = rights.deciding(session, self.person, collection)
            back = promotions.get(session, to, place) if to else promotions.way_back(session, place)
            decision = Decision(Kind.ROLLBACK, _named(back), reason, evidence={RESTORES: back.id} if back else {})
        return self._decide(promotions.flip if back else promotions.withdraw, collection, decision)

    def try_out(self, name: str, share: float, collection: str | None = None, reason: str = "") -> Outcome:
        """Let an adapter answer that share of the conversations, as a canary. Raises as `enact` does."""
        decision = Decision(Kind.CANARY, self._offered(name, collection), reason)
        return self._decide(partial(promotions.try_out, share=share), collection, decision)

    def end_trial(self, collection: str | None = None, reason: str = "") -> Outcome:
        """End the canary: what answered beside it answers all. Raises as `enact` does."""
        with self.sessions() as session:
            now = promotions.live(session, rights.deciding(session, self.person, collection))
            decision = Decision(Kind.RETURN, _named(now), reason)
        return self._decide(promotions.end_trial, collection, decision)

    def _offered(self, name: str, collection: str | None) -> Named | None:
        """What is to answer, for who may decide that; None for the model alone."""
        with self.sessions() as session:
            rights.deciding(session, self.person, collection)
            if name == BASE:
                return None
            found = rights.adapter(session, self.person, name)
            if found.retired_at is not None:
                raise InvalidInputError(
                    f"{name} is retired. `python -m admin adapters retire {name} --undo` offers it."
                )
            return Named(found.name, found.digest)

    def _require_loaded(self, to: Named) -> None:
        """Raise `InvalidInputError` where the model is elsewhere, and that server does not have the adapter.

        A server that cannot be asked answers nobody, so that nothing is lost by deciding.
        """
        serving = Serving(self.sessions, self.settings)
        if not serving.remote:
            return
        try:
            missing = serving.difference().missing
        except ModelError as error:
            log.warning("whether %s is loaded could not be asked: %s", to.name, error)
            return
        if to.digest in missing:
            raise InvalidInputError(
                f"The model server at {self.settings.model} has not loaded {to.name}, so that it could not answer. "
                "`python -m admin adapters sync` loads it, or says why it cannot."
            )

    def _decide(self, act: Act, collection: str | None, decision: Decision) -> Outcome:
        """Take the decision, in one transaction with its entry in the audit log."""
        if decision.to is not None:
            self.files.check(decision.to.digest)
            self._require_loaded(decision.to)
        author = Author(self.person.id, self.person.name, self.key)
        with self.sessions.begin() as session:
            promotions.hold(session)
            place = rights.deciding(session, self.person, collection)
            before = promotions.live(session, place)
            made = act(session, author, place, decision)
            audit.note(
                session, author.user_id, author.name, f"{decision.kind} adapter", collection or EVERYWHERE,
                before=_entry(before), after=_entry(made) | {"reason": made.reason, "overridden": made.overridden},
            )  # fmt: skip
            return Outcome(True, made.id, before.adapter if before else None, made.adapter)


def require_reason(reason: str) -> None:
    """Raise `InvalidInputError` where a decision against the rules comes without one."""
    if not reason.strip():
        raise InvalidInputError("To decide against the rules takes a reason, which is kept on record.")


def _named(row: Promotion | None) -> Named | None:
    """What it lets answer; None is the model alone. Raises `NotFoundError` where that was deleted."""
    if row is None or row.adapter is None or row.digest is None:
        return None
    if not promotions.there(row):
        raise NotFoundError(f"{row.adapter}, which answered then, was deleted. Import it again, and promote that.")
    return Named(row.adapter, row.digest)


def _entry(row: Promotion | None) -> dict[str, Any]:
    """A decision as the audit log tells it."""
    return {"decision": row.id, "adapter": row.adapter, "digest": row.digest} if row else {}
