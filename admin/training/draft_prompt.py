"""What a model is asked, to draft an example from a passage, and the form that its draft has."""

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

INSTRUCTIONS = (
    "You write training examples. Read the passage, then write one question that it answers, the short answer, and "
    "the words of the passage that say so, copied exactly. Write three lines and nothing else:\n"
    "Question: …\nAnswer: …\nQuote: …"
)
SHOWN = (
    (
        "Swimming pool › Hours\nThe pool is open from 7:00 to 21:30. On Sundays it closes at 18:00, and children swim "
        "only with an adult beside them.",
        "Question: When does the pool close on Sundays?\nAnswer: At 18:00.\nQuote: On Sundays it closes at 18:00",
    ),
    (
        "Library rules › Lending\nA book is lent for three weeks. It can be renewed twice, if nobody waits for it. "
        "Each day that it is late costs 20 cents.",
        "Question: How much does a late book cost for each day?\nAnswer: 20 cents.\n"
        "Quote: Each day that it is late costs 20 cents",
    ),
)
"""What a model is shown before its passage: small ones follow an example better than an instruction."""
LINES = re.compile(r"Question: *(?P<question>.+)\s+Answer: *(?P<answer>.+)(?:\s+Quote: *(?P<quote>.+))?")
"""Without a quotation, the answer itself is looked for in the passage."""
STOP = "\nQuestion:"
"""How a model begins that goes on with passages of its own."""


def messages(passage: str) -> Sequence[BaseMessage]:
    """The instructions, two passages with what to make of them, and the passage."""
    shown = [said for given, draft in SHOWN for said in (HumanMessage(_asked(given)), AIMessage(draft))]
    return [SystemMessage(INSTRUCTIONS), *shown, HumanMessage(_asked(passage))]


def _asked(passage: str) -> str:
    return f"Passage:\n\n{passage}"
