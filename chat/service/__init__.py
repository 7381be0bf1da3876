"""What askers can do, whatever they do it through: page, command line, HTTP. No Gradio, no SQL."""

from chat.service.adapting import Choice, Ways
from chat.service.assistant import Assistant
from chat.service.comparing import Beside, contender
from chat.service.record import Begun
from chat.service.shown import ShownConversation, ShownMessage
from chat.service.talks import Kept, Talks

__all__ = [
    "Assistant",
    "Begun",
    "Beside",
    "Choice",
    "Kept",
    "ShownConversation",
    "ShownMessage",
    "Talks",
    "Ways",
    "contender",
]
