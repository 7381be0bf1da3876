"""What askers can do, whatever they do it through: page, command line, HTTP. No Gradio, no SQL."""

from chat.service.adapting import Choice, Ways
from chat.service.assistant import Assistant
from chat.service.comparing import Beside, contender
from chat.service.shown import ShownConversation, ShownMessage

__all__ = ["Assistant", "Beside", "Choice", "ShownConversation", "ShownMessage", "Ways", "contender"]
