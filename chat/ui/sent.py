"""What the page sent, taken for no more than it is: anybody can send anything."""

from uuid import UUID

import gradio as gr

from chat.errors import NotFoundError
from chat.ui import words


def text_of(value: object) -> str:
    """What a component holds, if it is the text that it should be."""
    return value if isinstance(value, str) else ""


def sent(event: gr.EventData, name: str) -> str:
    """What the page sent along with an event, or nothing."""
    return str(event._data.get(name, "")) if isinstance(event._data, dict) else ""


def identified(text: object, otherwise: str = words.BAD_LINK) -> UUID:
    """The id that a text is. Raises `NotFoundError` with the words for what leads nowhere."""
    try:
        return UUID(str(text))
    except ValueError as error:
        raise NotFoundError(otherwise) from error
