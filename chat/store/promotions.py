"""Decisions about which adapter answers. A decision is a row, and a row is never changed but to end it.

The invariant: whoever decides, or removes an adapter, holds `hold` until the transaction ends. So at every moment there
is one state or the other, and the partial unique indexes are only the last guard.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store import signing
from chat.store.adapters import Named
from chat.store.tables import Adapter, Promotion, Stage

LOCK = 0x70726F6D6F7465
RESTORES = "restores"
"""In a rollback's evidence: the id of the decision that it went back to."""


class Kind(StrEnum):
    """What a decision does."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"
    CANARY = "canary"
    RETURN = "return"


@dataclass(frozen=True)
class Author:
    """Who decides, and the key that is signed with."""

    user_id: int | None
    name: str
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Decision:
    """What is decided, and why. Without an adapter, the model answers alone."""

    kind: Kind
    to: Named | None
    reason: str = ""
    overridden: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)


def hold(session: Session) -> None:
    """From here to the end of the transaction, nobody else decides about adapters or removes one."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def live(session: Session, collection_id: int | None) -> Promotion | None:
    """The decision that is in effect in that very place: a collection, or all that have none of their own."""
    return _at(session, collection_id, Stage.LIVE)


def canary(session: Session, collection_id: int | None) -> Promotion | None:
    """What answers a share of the conversations in that very place."""
    return _at(session, collection_id, Stage.CANARY)


def get(session: Session, promotion_id: int, collection_id: int | None) -> Promotion:
    """A decision about that place. Raises `NotFoundError`."""
    found = session.get(Promotion, promotion_id)
    if found is None or found.collection_id != collection_id:
        raise NotFoundError(
            f"No decision {promotion_id} was made there. `python -m admin adapters history` lists them."
        )
    return found


def flip(session: Session, author: Author, collection_id: int | None, decision: Decision) -> Promotion:
    """Let what was decided answer from the end of this transaction on, in place of what does. A canary there ends.

    Raises `InvalidInputError` where it answers there already, `NotFoundError` where it is gone.
    """
    hold(session)
    now = live(session, collection_id)
    if now is not None and now.digest == (decision.to and decision.to.digest):
        raise InvalidInputError(f"{now.adapter or 'The model alone'} answers there already. Nothing was changed.")
    _end(session, now, canary(session, collection_id))
    return _record(session, author, collection_id, decision, now, Stage.LIVE)


def withdraw(session: Session, author: Author, collection_id: int | None, decision: Decision) -> Promotion:
    """End what answers in that place, and put nothing there: as if nothing had ever been decided for it.

    Raises `NotFoundError` where nothing is in effect there.
    """
    hold(session)
    now = _in_effect(session, collection_id)
    _end(session, now, canary(session, collection_id))
    return _record(session, author, collection_id, decision, now, Stage.ENDED)


def try_out(
    session: Session, author: Author, collection_id: int | None, decision: Decision, *, share: float
) -> Promotion:
    """Let an adapter answer that share of the conversations, between 0 and 1, beside what answers the others.

    Raises `InvalidInputError` where there is a canary already, or it answers all of them.
    """
    hold(session)
    if not 0 < share < 1:
        raise InvalidInputError("A canary's share lies between 0 and 1, such as 0.1 for a tenth of the conversations.")
    now, trying = live(session, collection_id), canary(session, collection_id)
    if trying is not None:
        raise InvalidInputError(f"{trying.adapter} is being tried there already. End that first.")
    if decision.to is None or (now is not None and now.digest == decision.to.digest):
        raise InvalidInputError("What answers there already cannot be tried beside itself.")
    return _record(session, author, collection_id, decision, now, Stage.CANARY, share)


def end_trial(session: Session, author: Author, collection_id: int | None, decision: Decision) -> Promotion:
    """End the canary of that place, and put on record why. Raises `NotFoundError` where there is none."""
    hold(session)
    trying = canary(session, collection_id)
    if trying is None:
        raise NotFoundError("No adapter is being tried there.")
    _end(session, trying)
    return _record(session, author, collection_id, decision, trying, Stage.ENDED)


def way_back(session: Session, collection_id: int | None) -> Promotion | None:
    """The decision that a rollback returns to: what answered before, or before that where its adapter is gone.

    None where nothing answered before. Rolling back twice goes further back, and never to what was taken back. Raises
    `NotFoundError` where nothing is in effect there.
    """
    now = _in_effect(session, collection_id)
    earlier = _before(session, _origin(session, now))
    while earlier is not None and (not there(earlier) or earlier.digest == now.digest):
        earlier = _before(session, _origin(session, earlier))
    return earlier and _origin(session, earlier)


def _in_effect(session: Session, collection_id: int | None) -> Promotion:
    now = live(session, collection_id)
    if now is None:
        raise NotFoundError("Nothing is in effect there that could be taken back.")
    return now


def _at(session: Session, collection_id: int | None, stage: Stage) -> Promotion | None:
    here = Promotion.collection_id == collection_id if collection_id else Promotion.collection_id.is_(None)
    return session.scalar(select(Promotion).where(here, Promotion.stage == stage))


def _end(session: Session, *rows: Promotion | None) -> None:
    for row in rows:
        if row is not None:
            row.stage, row.ended_at = Stage.ENDED, datetime.now(UTC)
    session.flush()


def _record(
    session: Session,
    author: Author,
    collection_id: int | None,
    decision: Decision,
    before: Promotion | None,
    stage: Stage,
    share: float | None = None,
) -> Promotion:
    row = Promotion(
        collection_id=collection_id,
        adapter_id=_adapter_id(session, decision.to, stage),
        adapter=decision.to and decision.to.name,
        digest=decision.to and decision.to.digest,
        stage=stage,
        share=share,
        before_id=before and before.id,
        kind=decision.kind,
        reason=decision.reason.strip(),
        overridden=decision.overridden,
        evidence=dict(decision.evidence),
        person=author.name,
        user_id=author.user_id,
        signature="",
        ended_at=datetime.now(UTC) if stage is Stage.ENDED else None,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise InvalidInputError(
            "Somebody else decided about this at the same moment, and that stands. Look what answers now, then decide."
        ) from error
    # Signed as the database gives it back: it rounds times and rewrites numbers.
    session.refresh(row)
    row.signature = signing.sign(author.key, said(row))
    session.flush()
    return row


def _adapter_id(session: Session, to: Named | None, stage: Stage) -> int | None:
    """The id of what was decided for. What answers is not retired. Raises `NotFoundError`."""
    if to is None:
        return None
    found = session.scalar(select(Adapter).where(Adapter.digest == to.digest))
    if found is None:
        raise NotFoundError(f"The adapter {to.name} ({to.digest[:12]}) is not registered any more. Import it again.")
    if stage is not Stage.ENDED:
        found.retired_at = None
    return found.id


def said(row: Promotion) -> dict[str, Any]:
    """What is signed: who, when, where, why, from and to, with what it was judged by."""
    return {
        "id": row.id,
        "kind": row.kind,
        "who": row.person,
        "when": row.created_at.astimezone(UTC).isoformat(),
        "where": row.collection_id,
        "why": row.reason,
        "from": row.before_id,
        "to": [row.adapter, row.digest],
        "share": row.share,
        "overridden": row.overridden,
        "evidence": row.evidence,
    }


def _before(session: Session, row: Promotion) -> Promotion | None:
    return session.get(Promotion, row.before_id) if row.before_id is not None else None


def _origin(session: Session, row: Promotion) -> Promotion:
    """The decision that a rollback went back to; any other is its own."""
    restored = session.get(Promotion, row.evidence[RESTORES]) if row.evidence.get(RESTORES) else None
    return restored or row


def there(row: Promotion) -> bool:
    """Whether its adapter is still registered, or it needs none."""
    return row.digest is None or row.adapter_id is not None
