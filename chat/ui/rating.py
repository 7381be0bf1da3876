"""What a person thinks of an answer: the thumbs under it, and what they said, shown again.

Gradio leaves a message's elements their class and title and nothing else: these say which answer, and what was said.
"""

from collections.abc import Sequence
from html import escape
from typing import Protocol
from uuid import UUID

from chat.store.feedback import Reason
from chat.ui import words


class Opinion(Protocol):
    """What was said of an answer: 1 is good, -1 bad."""

    @property
    def rating(self) -> int: ...
    @property
    def reasons(self) -> Sequence[Reason]: ...
    @property
    def comment(self) -> str: ...
    @property
    def correction(self) -> str: ...


def thumbs(message_id: UUID, opinion: Opinion | None) -> str:
    """Two buttons, as HTML, of which one may be pressed."""
    rating = opinion.rating if opinion else 0
    return "".join(
        f'<button type="button" class="icon rate {sign}{" pressed" if rating == value else ""} of-{message_id}" '
        f'title="{does}"></button>'
        for sign, value, does in (("good", 1, words.GOOD), ("bad", -1, words.BAD))
    )


def said(opinion: Opinion | None) -> str:
    """What was said of a bad answer, as HTML; nothing where that was nothing."""
    if opinion is None or not (opinion.reasons or opinion.comment or opinion.correction):
        return ""
    reasons = " · ".join(words.REASONS[reason] for reason in opinion.reasons)
    parts = (
        _line("reasons", reasons, "|".join(opinion.reasons)),
        _line("comment", opinion.comment),
        _line("correction", opinion.correction),
    )
    return f'<dl class="opinion">{"".join(parts)}</dl>'


def _line(name: str, text: str, title: str = "") -> str:
    shown = f'<dt>{words.SAID[name]}</dt><dd class="{name}" title="{escape(title)}">{escape(text)}</dd>'
    return shown if text else ""
