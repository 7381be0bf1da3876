"""Which adapter answers a question, and what is put on record where it could not."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat import rights
from chat.errors import InvalidInputError
from chat.rag.answer import Missed, Mode
from chat.rights import Personal
from chat.store import adapters, audit
from chat.store.adapters import Named

MISSED = "adapter did not answer"
"""The action in the audit log."""
NOTED_EVERY_S = 3600
"""An adapter that cannot answer is put on record again after this long, however many ask for it meanwhile."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """How somebody wants to be answered. Without a mode: by what serves, or with the adapter that is named."""

    mode: Mode | None = None
    adapter: str | None = None


@dataclass(frozen=True)
class Ways:
    """The adapters that a person may ask with, by name, and the one that answers where nobody names any."""

    adapters: Sequence[str]
    serving: str | None


@dataclass(frozen=True)
class Adapting(Personal):
    """The adapters, for one person: what was learned from a collection is for who may read that, or where it serves."""

    def ways(self, collection: str | None) -> Ways:
        """What there is to choose from. Raises `NotFoundError` for a collection that may not be read."""
        serving = self._serving(collection)
        names = {*self._offered(), *([serving.name] if serving else [])}
        return Ways(sorted(names), serving.name if serving else None)

    def chosen(
        self, choice: Choice, collection: str | None, conversation_id: UUID | None = None
    ) -> tuple[Mode, Named | None]:
        """The mode, and the adapter where it takes one. A conversation may be one that tries another adapter.

        Raises `NotFoundError` for an adapter or a collection that there is not, as far as the person may know, and
        `InvalidInputError` where none serves, or one is named for a mode that takes none.
        """
        mode = choice.mode
        if mode is not None and not mode.adapts:
            if choice.adapter is not None:
                raise InvalidInputError(f"The mode {mode} answers without an adapter. Choose adapter or rag+adapter.")
            return mode, None
        serving = self._serving(collection, conversation_id)
        if choice.adapter is not None and (serving is None or serving.name != choice.adapter):
            return mode or Mode.RAG_ADAPTER, self._named(choice.adapter)
        if mode is not None and serving is None:
            raise InvalidInputError(self._none_serves())
        return mode or (Mode.RAG_ADAPTER if serving else Mode.RAG), serving

    def report(self, missed: Missed) -> None:
        """Tell who looks after adapters that one did not answer when it was asked."""
        log.warning("The adapter %s did not answer: %s", missed.adapter.name, missed.reason)
        with self.sessions.begin() as session:
            if not audit.noted(session, MISSED, missed.adapter.name, NOTED_EVERY_S):
                after = {"digest": missed.adapter.digest, "reason": missed.reason}
                audit.note(session, self.person.id, self.person.name, MISSED, missed.adapter.name, after=after)

    def _serving(self, collection: str | None, conversation_id: UUID | None = None) -> Named | None:
        with self.sessions() as session:
            rights.active(session, self.person)
            return adapters.shared(session, rights.readable(session, self.person, collection), conversation_id)

    def _named(self, name: str) -> Named:
        with self.sessions() as session:
            found = rights.adapter(session, self.person, name)
        if found.retired_at is not None:
            raise InvalidInputError(f"The adapter {name} was retired. Choose another one.")
        return Named(found.name, found.digest)

    def _offered(self) -> list[str]:
        with self.sessions() as session:
            known = adapters.listed(session, rights.overseen(session, self.person))
        return sorted(adapter.name for adapter in known if adapter.retired_at is None)

    def _none_serves(self) -> str:
        if names := ", ".join(self._offered()):
            return f"No adapter answers here unless it is named. Name one: {names}. Or let an approver promote one."
        return (
            "There is no adapter yet. `python -m admin train` makes one; `python -m admin adapters import` takes one."
        )
