"""What the page does to share a conversation. Each handler may be called by anybody with anything."""

from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

from chat.ui.edge import told
from chat.ui.sent import identified

NONE = "none"
"""What the page is told where there is no link."""


class Talks(Protocol):
    """What sharing needs of a person's conversations."""

    def for_account(self, name: str | None) -> Self: ...
    def link(self, conversation_id: UUID) -> UUID | None: ...
    def share(self, conversation_id: UUID) -> UUID: ...
    def unshare(self, conversation_id: UUID) -> int: ...


@dataclass(frozen=True)
class Sharing:
    """The handlers of sharing; each returns the id of the link that there is then, or `NONE`."""

    talks: Talks

    @told
    def link(self, conversation_id: str) -> str:
        """The link that somebody may have."""
        return str(self.talks.link(identified(conversation_id)) or NONE)

    @told
    def published(self, conversation_id: str) -> str:
        """A link to the conversation as it is now."""
        return str(self.talks.share(identified(conversation_id)))

    @told
    def revoked(self, conversation_id: str) -> str:
        """No link any more."""
        self.talks.unshare(identified(conversation_id))
        return NONE
