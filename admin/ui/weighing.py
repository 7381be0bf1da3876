"""What a change of documents would break, told to the dialog that asks whether to make it.

The page's script sends the click here first, shows what comes back, and sends the change when the person confirms it.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from admin.curation.bench.regression import BrokenQuestion
from admin.service.bench import Bench
from admin.ui import retrieval_words as words
from admin.ui.handlers import number, numbers, sent
from admin.ui.markup import QUIETLY, asset, live_html
from admin.ui.words import count
from chat.errors import InvalidInputError
from chat.ui.edge import told

AT_ONCE = 4
"""How many changes may be weighed at the same time."""
NAMED = 10
"""Questions that are named; of the others, the number is said."""


@dataclass(frozen=True)
class WeighingHandlers:
    """What the dialog asks. May be called by anybody with anything."""

    bench: Bench

    @told
    def weighed(self, event: gr.EventData) -> str:
        """The labelled questions that a publish, a roll back or a deletion would break."""
        act, ids = sent(event, "act"), numbers(sent(event, "ids") or sent(event, "id"))
        if act == "remove":
            lost = self.bench.would_break_deletion(ids)
        elif act == "publish":
            lost = self.bench.would_break_publishing(ids)
        elif act == "rollback":
            lost = self.bench.would_break_rollback(ids[0], number(sent(event, "number")))
        else:
            raise InvalidInputError(words.WEIGHED_NOTHING)
        return answer(number(sent(event, "asked")), lost, sent(event, "number"))


def answer(asked: int, lost: Sequence[BrokenQuestion], version: str = "") -> str:
    """What the script reads, as HTML. `asked` is the number it gave the question."""
    named = [each.text for each in lost[:NAMED]]
    more = [words.MORE_LOST.format(len(lost) - NAMED)] if len(lost) > NAMED else []
    return _reply(
        asked=asked, lost=json.dumps(named + more),
        heading=words.LOSES.format(count(len(lost), "labelled question")),
        question=words.ROLL_BACK_QUESTION.format(version), warning=words.ROLL_BACK_WARNING, action=words.ROLL_BACK,
    )  # fmt: skip


def failed() -> str:
    """What the script reads where nothing could be weighed: that is told, and the person decides."""
    return _reply(
        asked="", when=time.time_ns(), lost=json.dumps([words.UNWEIGHED]), heading="",
        question=words.GO_ON, warning=words.ROLL_BACK_WARNING, action=words.ROLL_BACK,
    )  # fmt: skip


def _reply(**data: Any) -> str:
    return "<i hidden" + "".join(f' data-{name}="{escape(str(value))}"' for name, value in data.items()) + "></i>"


def draw() -> gr.HTML:
    """The component through which answers reach the script; nothing is seen of it."""
    return live_html("", "weighed", asset("weighed.js"))


def wire(reply: gr.HTML, events: Sequence[Any], handlers: WeighingHandlers) -> None:
    """Join the events that ask before a change to the handler."""
    for event in events:
        # Each is answered, also while an earlier one is: its dialog waits for it.
        asked = event(handlers.weighed, None, reply, trigger_mode="multiple", concurrency_limit=AT_ONCE, **QUIETLY)
        asked.failure(failed, None, reply, queue=False, **QUIETLY)
