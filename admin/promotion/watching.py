"""Watching the trials that are running, and taking back an adapter that does worse."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from admin.promotion import canary, thresholds
from admin.promotion.canary import Signal
from chat.store import audit, collections, promotions, signing, trials
from chat.store.adapters import Named
from chat.store.promotions import Author, Decision, Kind
from chat.store.session import Sessions
from chat.store.tables import Promotion

AUTHOR = "the sequential test"
"""Who decides, on record, where a trial is ended by itself."""
EVERYWHERE = "everywhere"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watched:
    """A trial, and how it does."""

    collection: str | None
    adapter: str
    share: float
    least: int
    """Answers that each side has to give before it may be ended by itself."""
    signals: Sequence[Signal]

    @property
    def worse(self) -> Sequence[Signal]:
        return [signal for signal in self.signals if signal.worse]


def watch(sessions: Sessions, home: Path) -> list[str]:
    """End every trial that does worse, each on record with what it was judged by. Returns the adapters' names."""
    key, ended = signing.key(home), []
    with sessions() as session:
        places = [each.collection_id for each in trials.running(session)]
    for place in places:
        with sessions.begin() as session:
            promotions.hold(session)
            trying = promotions.canary(session, place)
            found = watched(session, trying) if trying else None
            if trying and found and found.worse:
                _take_back(session, Author(None, AUTHOR, key), trying, found)
                ended.append(found.adapter)
    return ended


def watched(session: Session, trying: Promotion) -> Watched:
    """How a trial does, up to now."""
    place = trying.collection_id
    asked = thresholds.in_force(session, place)
    mine, present = trials.sides(session, trying)
    return Watched(
        collections.name_of(session, place) if place is not None else None,
        trying.adapter or "",
        trying.share or 0.0,
        asked.least_answers,
        canary.signals(mine, present, asked.least_answers),
    )


def _take_back(session: Session, author: Author, trying: Promotion, found: Watched) -> None:
    why = "; ".join(
        f"{each.words}: {each.trial.rate:.0%} of {each.trial.of:,} answers, beside it {each.present.rate:.0%} of "
        f"{each.present.of:,} (p = {each.p:.4f})"
        for each in found.worse
    )
    now = promotions.live(session, trying.collection_id)
    to = Named(now.adapter, now.digest) if now and now.adapter and now.digest else None
    evidence = {"trial": trying.id, "signals": [asdict(each) for each in found.signals]}
    promotions.end_trial(
        session, author, trying.collection_id, Decision(Kind.RETURN, to, f"It did worse. {why}", evidence=evidence)
    )
    audit.note(
        session, None, author.name, "return adapter", found.collection or EVERYWHERE,
        before={"adapter": found.adapter, "digest": trying.digest}, after={"reason": why},
    )  # fmt: skip
    log.warning("%s was taken back in %s: %s", found.adapter, found.collection or EVERYWHERE, why)
