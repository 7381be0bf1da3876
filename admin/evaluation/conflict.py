"""Bearing passages that say otherwise than the truth: does an arm follow what it is given, or what it has learned?

As in Longpre et al. 2021, "Entity-Based Knowledge Conflicts in Question Answering": the answer is exchanged for another
one of its kind, taken from the other questions, so that the passage stays plausible.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from admin.evaluation.asked import Asked
from chat.rag.answer import Source

FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True)
class Conflict:
    """The passages as they are given, and the answer that now stands in them."""

    passages: Sequence[Source]
    answer: str


def conflict(asked: Asked, passages: Sequence[Source], every: Sequence[Asked]) -> Conflict | None:
    """The passages with the answer of `asked` exchanged; None where it does not stand there in so many words."""
    text = "\n".join(source.text for source in passages)
    for true in sorted(asked.answers, key=len, reverse=True):
        if not re.search(_standing(true), text, re.IGNORECASE):
            continue
        false = next((each for each in _others(asked, true, every) if each.casefold() not in text.casefold()), None)
        if false is not None:
            return Conflict([_exchanged(source, true, false) for source in passages], false)
    return None


def _others(asked: Asked, true: str, every: Sequence[Asked]) -> Iterator[str]:
    """Plausible answers in place of `true`: with another figure where it has one, else those of like questions."""
    others = [other for other in _shuffled(asked, every) if other.answerable and other.answers]
    figure = FIGURE.search(true)
    if figure is None:
        alike = [other for other in others if other.type == asked.type]
        yield from (other.answers[0] for other in alike if not FIGURE.search(other.answers[0]))
        return
    for other in others:
        found = FIGURE.search(other.answers[0])
        if found and found.group() != figure.group() and _shape(found.group()) == _shape(figure.group()):
            yield true.replace(figure.group(), found.group(), 1)


def _shuffled(asked: Asked, every: Sequence[Asked]) -> list[Asked]:
    """The other questions, in an order that is this question's own and always the same."""
    return sorted(
        (other for other in every if other.position != asked.position),
        key=lambda other: hashlib.sha256(f"{asked.id} {other.id}".encode()).digest(),
    )


def _shape(figure: str) -> str:
    """What sort of figure it is: `22:15` is one of `9:9`."""
    return re.sub(r"\d+", "9", figure)


def _exchanged(source: Source, true: str, false: str) -> Source:
    return replace(source, text=re.sub(_standing(true), lambda _: false, source.text, flags=re.IGNORECASE))


def _standing(answer: str) -> str:
    """A pattern of the answer as words of its own, whatever white space is between them."""
    return r"(?<!\w)" + r"\s+".join(map(re.escape, answer.split())) + r"(?!\w)"
