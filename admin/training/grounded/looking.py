"""Which questions are asked on which passages: those that the chat's own retrieval finds for one of them.

What it finds is what the model will see: now and then the bearing passage is not among it, and the answer is that the
documents do not say.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from admin.training.grounded.candidates import Candidate
from admin.training.grounded.groups import Asked, Group
from admin.training.rows import Passage
from chat.rag import prompt
from chat.rag.answer import Source

Look = Callable[[str], Sequence[Source]]
"""What the chat finds for a question, best first."""

SHOWN = (1, 2, 2, 3, 3, 4, 4, 4)
"""How many of the best passages a prompt has; as many as fit, in use."""
TAKEN_AWAY = 0.08
"""Share of the groups whose bearing passage is taken away, as retrieval misses it."""
MOST_ASKED = 8
"""Questions of a group."""
LEAST_ASKED = 2
"""Passages are dear to read: where there are questions enough, a group of fewer is left out."""


def groups(
    candidates: Sequence[Candidate], look: Look, prefix: str, random: Random, least: int = LEAST_ASKED
) -> Iterator[Group]:
    """Groups that ask each candidate once at most; ids are those of the candidates behind `prefix`."""
    waiting = list(candidates)
    random.shuffle(waiting)
    while waiting:
        first = waiting[0]
        shown = passages(first, look(first.question), random)
        asked = list(_asked(waiting, shown, prefix))
        taken = {each.id for each in asked}
        waiting = [each for each in waiting if each is not first and f"{prefix}{each.id}" not in taken]
        if len(asked) >= least:
            yield Group(first.document, [Passage(s.document, s.section, s.text) for s in shown], asked)


def passages(first: Candidate, found: Sequence[Source], random: Random) -> list[Source]:
    """What a prompt shows of what was found, in the prompt's order."""
    if first.answerable and random.random() < TAKEN_AWAY:
        found = [source for source in found if first.bearer([source]) is None]
    return prompt.select(found[: random.choice(SHOWN)])


def _asked(waiting: Sequence[Candidate], shown: Sequence[Source], prefix: str) -> Iterator[Asked]:
    """The first of those that wait, whatever was found for it, and others that belong to what is shown."""
    first, *others = waiting
    fitting = [each for each in others if (each.bearer(shown) if each.answerable else each.comes_near(shown))]
    for candidate in [first, *fitting][:MOST_ASKED]:
        completion = candidate.completion(shown)
        if completion is not None:
            yield Asked(f"{prefix}{candidate.id}", candidate.question, completion)
