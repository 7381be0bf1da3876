"""Traces: how an answer came about."""

from sqlalchemy.orm import Session

from chat.store.tables import Trace


def add(session: Session, trace: Trace) -> None:
    """Keep the trace of an answer that belongs to no conversation, such as one given on the command line."""
    session.add(trace)
    session.flush()
