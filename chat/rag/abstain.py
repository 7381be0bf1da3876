"""Whether the passages bear on the question at all: decided here, in code, before any model speaks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat import language
from chat.rag.answer import Source

REFUSAL = "That is not in the documents."
REFUSED = re.compile(
    r"\b(do(es)? not (say|mention|state)|not in the (documents|passages)|no information)\b", re.IGNORECASE
)
"""How a model says, in the words that the prompt gave it or near them, that the answer is not there."""
LOOKED_AT = 5
"""How many of the best passages are looked at."""


@dataclass(frozen=True)
class Verdict:
    """Whether to refuse, and the evidence, which the trace keeps."""

    refuse: bool
    similarity: float
    """Cosine of the question and the passage nearest in meaning; 0 where nothing was found."""
    coverage: float
    """Share of the question's telling words that the best-covering passage has."""


def judge(question: str, sources: Sequence[Source]) -> Verdict:
    """Refuse where no passage is near in meaning, or none has the words that the question turns on."""
    looked_at = sources[:LOOKED_AT]
    similarity = max((source.similarity or 0.0 for source in looked_at), default=0.0)
    wanted = language.content_words(question)
    covered = max(
        (
            language.coverage(wanted, set(language.content_words(f"{source.document} {source.section} {source.text}")))
            for source in looked_at
        ),
        default=0.0,
    )
    return Verdict(similarity < 0.25, similarity, covered)


def is_refusal(answer: str) -> bool:
    """Whether a model's answer says that there is none."""
    return bool(REFUSED.search(answer[:200])) or not answer.strip()
