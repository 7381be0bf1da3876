"""The list of conversations, grouped by the day they were last continued."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from html import escape
from itertools import groupby
from typing import Protocol
from uuid import UUID

from chat.ui import words
from chat.ui.kit import icon_button

_ACTIONS = (("rename", words.RENAME), ("delete", words.DELETE))


class ConversationSummary(Protocol):
    """One line of the list."""

    @property
    def id(self) -> UUID: ...
    @property
    def title(self) -> str: ...
    @property
    def updated_at(self) -> datetime: ...


def conversation_list(conversations: Iterable[ConversationSummary], current: str, searched: bool) -> str:
    """The list as HTML. `conversations` come latest first; `current` is the id of the one that is open, or empty."""
    today = datetime.now().astimezone().date()
    groups = groupby(conversations, key=lambda each: _day(each.updated_at, today))
    listed = "".join(_group(name, each, current) for name, each in groups)
    empty = words.NOTHING_FOUND if searched else words.NO_CONVERSATIONS
    return f'<nav aria-label="{words.CONVERSATIONS}">{listed or f"<p>{empty}</p>"}</nav>'


def _day(moment: datetime, today: date) -> str:
    day = moment.astimezone().date()
    if day >= today:
        return words.TODAY
    return words.YESTERDAY if day == today - timedelta(days=1) else words.EARLIER


def _group(name: str, conversations: Iterable[ConversationSummary], current: str) -> str:
    lines = "".join(_line(each, current) for each in conversations)
    return f"<h2>{name}</h2><ul>{lines}</ul>"


def _line(conversation: ConversationSummary, current: str) -> str:
    title, here = escape(conversation.title), ' aria-current="page"' if str(conversation.id) == current else ""
    buttons = (icon_button(sign, does, conversation.title) for sign, does in _ACTIONS)
    return (
        f'<li data-id="{conversation.id}"><a href="?c={conversation.id}" title="{title}"{here}>{title}</a>'
        f"{''.join(buttons)}</li>"
    )
