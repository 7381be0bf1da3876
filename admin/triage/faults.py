"""Where an answer can go wrong, and what helps."""

from dataclasses import dataclass
from enum import StrEnum


class Cure(StrEnum):
    """What can be done about a bad answer."""

    DOCUMENT = "document"
    LABEL = "label"
    EXAMPLE = "example"


class Fault(StrEnum):
    """Where it went wrong, in the order of an answer's way."""

    ALONE = "alone"
    NOWHERE = "nowhere"
    UNCLEAR = "unclear"
    NOT_LIVE = "not live"
    SWITCHED_OFF = "switched off"
    LATER = "later"
    NOT_FOUND = "not found"
    REFUSED = "refused"
    NOT_IN_PROMPT = "not in the prompt"
    MODEL_REFUSED = "model refused"
    NOT_CITED = "not cited"
    CITED = "cited"


CURES = {
    Fault.ALONE: Cure.EXAMPLE,
    Fault.NOWHERE: Cure.DOCUMENT,
    Fault.UNCLEAR: Cure.LABEL,
    Fault.NOT_LIVE: Cure.DOCUMENT,
    Fault.SWITCHED_OFF: Cure.DOCUMENT,
    Fault.LATER: Cure.LABEL,
    Fault.NOT_FOUND: Cure.LABEL,
    Fault.REFUSED: Cure.LABEL,
    Fault.NOT_IN_PROMPT: Cure.LABEL,
    Fault.MODEL_REFUSED: Cure.EXAMPLE,
    Fault.NOT_CITED: Cure.EXAMPLE,
    Fault.CITED: Cure.DOCUMENT,
}
"""What helps most: documents are mended, finding learns from labels, and the model from examples."""


@dataclass(frozen=True)
class Step:
    """A step of the way: whether what is needed came through it, None where that cannot be said, and why, in words."""

    name: str
    passed: bool | None
    said: str
