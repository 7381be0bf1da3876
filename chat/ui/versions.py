"""What can be done with a message: the buttons beside it, and the way through its versions, as HTML.

Gradio leaves a message's elements their class and title and nothing else: the class says which message is meant.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from chat.ui import words


class Versions(Protocol):
    """Where a message stands among its versions, the oldest first. `place` counts from 0."""

    @property
    def ids(self) -> Sequence[UUID]: ...
    @property
    def place(self) -> int: ...


def beside_question(message_id: UUID, versions: Versions | None) -> str:
    """The way through a question's versions, and the button that puts it in other words."""
    return f'<p class="tools">{_way_through(versions)}{_button("edit", words.EDIT, message_id)}</p>'


def beside_answer(message_id: UUID, versions: Versions | None) -> str:
    """The button that asks again, the one that goes on elsewhere, and the way through an answer's versions."""
    again, branch = _button("again", words.AGAIN, message_id), _button("branch", words.BRANCH, message_id)
    return f"{again}{branch}{_way_through(versions)}"


def _way_through(versions: Versions | None) -> str:
    if versions is None or len(versions.ids) < 2:
        return ""
    place, count = versions.place, len(versions.ids)
    before = _button("turn before", words.EARLIER_VERSION, versions.ids[place - 1] if place else None)
    after = _button("turn after", words.LATER_VERSION, versions.ids[place + 1] if place + 1 < count else None)
    return f'<span class="versions">{before}<span class="place">{place + 1}/{count}</span>{after}</span>'


def _button(sign: str, does: str, message_id: UUID | None) -> str:
    """A button that is there but leads nowhere, where there is no message: nothing moves under the pointer."""
    which = f"of-{message_id}" if message_id else "nowhere"
    return f'<button type="button" class="icon {sign} {which}" title="{does}"></button>'
