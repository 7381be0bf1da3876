"""What processes tell each other of answers, through the database: that one went on, or shall stop.

A notice only says when to look. What is true stands in the rows: one that gets lost costs time and nothing else.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import func, select
from sqlalchemy.orm import Session

CHANNEL = "answers"
LOOK_S = 0.5
"""How often a listener looks whether it shall end."""
RETRY_S = 1.0
"""How long it waits before it connects again."""
KEEPALIVES = {"keepalives": 1, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
"""Without these, a connection that a firewall dropped is silent for hours."""
log = logging.getLogger(__name__)


class About(StrEnum):
    """What a notice says of an answer."""

    GREW = "grew"
    STOP = "stop"


@dataclass(frozen=True)
class Notice:
    """Something about one answer."""

    about: About
    message_id: UUID


def send(session: Session, about: About, message_id: UUID) -> None:
    """Tell every process, when the transaction commits."""
    session.execute(select(func.pg_notify(CHANNEL, f"{about} {message_id}")))


class Listener:
    """Hears notices on one connection of its own, in a thread, for as long as it is open; a lost one is made anew.

    `hear` gets each notice. `resume` is called whenever listening began: what was said before that was not heard.
    """

    def __init__(self, conninfo: str, hear: Callable[[Notice], None], resume: Callable[[], None]) -> None:
        self._conninfo = make_conninfo(conninfo, connect_timeout=5, **KEEPALIVES)
        self._hear = hear
        self._resume = resume
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Returns within about `LOOK_S`, but for a connection that is just being made."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * LOOK_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except psycopg.OperationalError as error:
                log.warning("Notices of answers are not heard, trying again: %s", str(error).strip())
                self._closed.wait(RETRY_S)

    def _listen(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
            self._resume()
            while not self._closed.is_set():
                for notify in connection.notifies(timeout=LOOK_S):
                    if notice := parsed(notify.payload):
                        self._hear(notice)


def parsed(payload: str) -> Notice | None:
    """The notice that a payload is; None for what this program does not know."""
    about, _, message_id = payload.partition(" ")
    try:
        return Notice(About(about), UUID(message_id))
    except ValueError:
        return None
