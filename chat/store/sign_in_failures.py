"""Names and passwords that did not belong together: counted, so that nobody tries them all."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chat.store.tables import SignInFailure

WITHIN = timedelta(minutes=15)
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Failures:
    """How often it was tried lately."""

    with_name: int
    from_address: int
    with_both: int


def note(session: Session, name: str, address: str) -> Failures:
    """Count a try as failed before it is known to be, and return how many there are with it.

    Tries with that name or from that address stand in line until the transaction ends: many at once are counted too.
    """
    for held in (f"sign in from {address}", f"sign in as {name}"):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(held, 0))))
    session.execute(delete(SignInFailure).where(SignInFailure.at < func.now() - KEPT))
    session.add(SignInFailure(name=name, address=address))
    session.flush()
    same_name, same_address = SignInFailure.name == name, SignInFailure.address == address
    counts = select(*(func.count().filter(each) for each in (same_name, same_address, same_name & same_address)))
    recent = counts.where(same_name | same_address, SignInFailure.at > func.now() - WITHIN)
    found = session.execute(recent).one()
    return Failures(with_name=found[0], from_address=found[1], with_both=found[2])


def forget(session: Session, name: str, address: str) -> None:
    """Count no longer what was tried with this name from this address: it was the right person after all."""
    session.execute(delete(SignInFailure).where(SignInFailure.name == name, SignInFailure.address == address))
