"""Whether the passages bear on the question at all: decided here, in code, before any model speaks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.models.verifier import Verifier
from chat.rag.answer import Source

REFUSAL = "That is not in the documents."
REFUSED = re.compile(
    r"\b(do(es)? not (say|mention|state)|not in the (documents|passages)|no information)\b", re.IGNORECASE
)
"""How a model says, in the words that the prompt gave it or near them, that the answer is not there."""
LOOKED_AT = 5
"""How many of the best passages are looked at."""
FAR = 0.3
"""Cosine below which a question is about something else altogether. Chosen on the demo's questions."""


@dataclass(frozen=True)
class Verdict:
    """Whether to refuse, and the evidence, which the trace keeps."""

    refuse: bool
    similarity: float
    """Cosine of the question and the passage nearest in meaning; 0 where nothing was found."""
    probability: float
    """That the passage which answers the question best answers it."""


def judge(question: str, sources: Sequence[Source], verifier: Verifier, threshold: float | None = None) -> Verdict:
    """Refuse where no passage is near in meaning, or none seems to answer the question.

    `threshold` is the least probability that counts as an answer; without one, the verifier's own.
    """
    looked_at = sources[:LOOKED_AT]
    similarity = max((source.similarity or 0.0 for source in looked_at), default=0.0)
    if similarity < FAR:
        return Verdict(True, similarity, 0.0)
    probability = max(verifier.probabilities(question, [_in_context(source) for source in looked_at]))
    least = verifier.threshold if threshold is None else threshold
    return Verdict(probability < least, similarity, probability)


def _in_context(source: Source) -> str:
    """A passage as the verifier was trained to read it."""
    where = " › ".join(part for part in (source.document, source.section) if part)
    return f"{where}\n{source.text}"


def is_refusal(answer: str) -> bool:
    """Whether a model's answer says that there is none."""
    return bool(REFUSED.search(answer[:200])) or not answer.strip()
