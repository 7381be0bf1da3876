"""The panel of a collection's members: `draw` makes its component, `wire` joins it to the handlers."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.service.members import Membership
from admin.ui import circle
from admin.ui.handlers import sent
from admin.ui.markup import QUIETLY, asset, live_html
from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.store.tables import MemberRole
from chat.ui.edge import told


@dataclass(frozen=True)
class MembersHandlers:
    """What the panel does. Each may be called by anybody with anything."""

    membership: Membership

    @told
    def opened(self, event: gr.EventData) -> str:
        """Whom the collection that was clicked is for, as HTML."""
        return self._shown(sent(event, "name"))

    @told
    def reached(self, event: gr.EventData) -> str:
        """Let everybody read it, or only members."""
        name = sent(event, "collection")
        self.membership.set_open(name, to_everybody=sent(event, "open") == "1")
        return self._shown(name)

    @told
    def admitted(self, event: gr.EventData) -> str:
        """Make a person a member, or change what a member may do."""
        name = sent(event, "collection")
        self.membership.put(name, sent(event, "name"), role(sent(event, "role")))
        return self._still_shown(name)

    @told
    def expelled(self, event: gr.EventData) -> str:
        """End a membership."""
        name = sent(event, "collection")
        self.membership.remove(name, sent(event, "name"))
        return self._still_shown(name)

    def _shown(self, collection: str) -> str:
        return circle.circle(self.membership.circle(collection), self.membership.person.name)

    def _still_shown(self, collection: str) -> str:
        """The panel, or nothing for who has just given up their own right to it."""
        try:
            return self._shown(collection)
        except (NotFoundError, NotAllowedError):
            return ""


def role(text: str) -> MemberRole:
    """What a member may do. Raises `InvalidInputError` for what is no role."""
    if text not in list(MemberRole):
        raise InvalidInputError(f"There is no role {text[:40]!r}. There are: {', '.join(MemberRole)}.")
    return MemberRole(text)


def draw() -> gr.HTML:
    """The panel, closed."""
    return live_html("", "members", asset("members.js"), "reach", "admit", "expel", "shut")


def wire(panel: gr.HTML, opening: Any, handlers: MembersHandlers) -> list[Any]:
    """Join the panel to the handlers. `opening` is the event that asks for it. Returns those that change something."""
    opening(handlers.opened, None, panel, **QUIETLY)
    panel.shut(lambda: "", None, panel, **QUIETLY)
    return [
        panel.reach(handlers.reached, None, panel, **QUIETLY),
        panel.admit(handlers.admitted, None, panel, **QUIETLY),
        panel.expel(handlers.expelled, None, panel, **QUIETLY),
    ]
