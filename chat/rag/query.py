"""A question that leans on the one before it, made into one that can be searched alone."""

import re
from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from chat.language import content_words
from chat.rag.answer import Turn

LEANING = re.compile(
    r"^(and|but|or|also|then|so|what about|how about|what if|und|aber|et|mais|y|pero)\b"
    r"|\b(it|its|that|this|those|these|they|them|their|there|he|she|one|ones|same|instead|else|otherwise"
    r"|either|both|such|as well|too)\b",
    re.IGNORECASE,
)
FEW_WORDS = 3
"""A question of so few words that carry meaning seldom stands alone."""
INSTRUCTION = (
    "Rewrite the last question so that it can be understood without the conversation. "
    "Keep its language. Answer with the rewritten question only."
)


def leans(question: str) -> bool:
    """Whether the question seems to need the one before it to be understood."""
    return bool(LEANING.search(question)) or len(content_words(question)) < FEW_WORDS


def condense_by_rule(question: str, history: Sequence[Turn]) -> str:
    """The question, with the one before it put in front where it leans on that."""
    if not history or not leans(question):
        return question
    return f"{history[-1].question.strip()} {question}"


def condense_by_model(question: str, history: Sequence[Turn], model: BaseChatModel) -> str:
    """The question as `model` rewrites it; by rule where what it writes is no use."""
    if not history or not leans(question):
        return question
    turns = "\n".join(f"Question: {turn.question}\nAnswer: {turn.answer[:500]}" for turn in history[-2:])
    messages = [SystemMessage(INSTRUCTION), HumanMessage(f"{turns}\nLast question: {question}")]
    written = str(model.invoke(messages, temperature=0, max_tokens=80).content).strip().strip('"')
    useful = 0 < len(written) <= 3 * len(question) + 200 and "\n" not in written
    return written if useful else condense_by_rule(question, history)
