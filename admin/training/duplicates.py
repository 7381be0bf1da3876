"""Examples that say the same twice, nearly the same, or that contradict each other."""

from collections import defaultdict
from collections.abc import Sequence

from admin.training.findings import Check, Finding, Lesson, found
from admin.training.similarity import Index, grouped
from admin.training.wording import normalised, turns
from chat import language
from chat.store.resembling import Short
from chat.store.wordings import Wording

ROUGHLY = 0.4
"""Share of two texts' words, with the marks that stand at them, below which they are not compared in full."""
DENIALS = frozenset(
    "no not never none nothing cannot can't don't doesn't isn't aren't won't mustn't without "
    "nein nicht kein keine nie non pas jamais ne nunca".split()
)


def duplicates(lessons: Sequence[Lesson]) -> list[Finding]:
    """Examples with the same turns, passages and answer."""
    return [
        found(Check.DUPLICATES, group, f"{len(group)} examples say the same")
        for group in _alike(lessons)
        if len(group) > 1
    ]


def near_duplicates(lessons: Sequence[Lesson]) -> list[Finding]:
    """Examples whose turns and answer share at least .8 of their words. Those that say the same count as one here."""
    distinct = [group[0] for group in _alike(lessons)]
    index = Index.of([_told(lesson.wording) for lesson in distinct])
    near = [
        (one, other, score)
        for one, other, score in index.pairs()
        if not contradict(distinct[one].wording, distinct[other].wording)
    ]
    return [
        _near(distinct, group, min(score for one, _, score in near if one in set(group)))
        for group in grouped(len(distinct), ((one, other) for one, other, _ in near))
    ]


def resembling(asked: Short, others: Sequence[Short]) -> list[int]:
    """Ids of those of the others that might be told beside this one.

    A rough look that only has to miss none; what it lets through is compared in full.
    """
    words, question = _rough(asked), normalised(asked.question)
    return [
        other.id
        for other in others
        if len(words & (said := _rough(other))) >= ROUGHLY * len(words | said)
        or (len(other.question) <= 2 * len(asked.question) and normalised(other.question) == question)
    ]


def _rough(short: Short) -> set[str]:
    return set(f"{short.question} {short.answer}".casefold().split())


def contradictions(lessons: Sequence[Lesson]) -> list[Finding]:
    """Examples with the same question and passages, and answers that cannot all be right."""
    asked: dict[tuple[object, ...], list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        asked[_asked(lesson.wording)].append(lesson)
    return [
        found(Check.CONTRADICTIONS, group, f"{len(group)} examples answer the same question differently")
        for group in asked.values()
        if any(disagree(group[0].wording.completion, other.wording.completion) for other in group[1:])
    ]


def contradict(one: Wording, other: Wording) -> bool:
    """Whether two examples answer the same question, over the same passages, differently."""
    return _asked(one) == _asked(other) and disagree(one.completion, other.completion)


def disagree(one: str, other: str) -> bool:
    """Whether two answers to one question say different things.

    They agree where one is the other with more words: the shorter's words and numbers all stand in the longer, and
    both deny or neither does.
    """
    if normalised(one) == normalised(other):
        return False
    short, long = sorted((_said(one), _said(other)), key=lambda said: len(said[0]))
    return not (short[0] and short[0] <= long[0] and short[1] == long[1])


def _said(answer: str) -> tuple[set[str], bool]:
    """The words that carry an answer's meaning, and whether it denies."""
    denies = not DENIALS.isdisjoint(normalised(answer).replace(",", " ").split())
    return set(language.content_words(answer)) | language.numbers(answer), denies


def _alike(lessons: Sequence[Lesson]) -> list[list[Lesson]]:
    """The examples, those that say the same together, in the order of the first of them."""
    groups: dict[tuple[object, ...], list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        wording = lesson.wording
        told = (*_asked(wording), normalised(wording.completion), normalised(wording.rejected or ""))
        groups[told].append(lesson)
    return list(groups.values())


def _asked(wording: Wording) -> tuple[object, ...]:
    passages = sorted(normalised(str(passage.get("text", ""))) for passage in wording.passages)
    return turns(wording.prompt), tuple(passages)


def _told(wording: Wording) -> str:
    return "\n".join([*(str(turn["content"]) for turn in wording.prompt), wording.completion])


def _near(distinct: Sequence[Lesson], group: Sequence[int], least: float) -> Finding:
    what = f"{len(group)} examples share at least {100 * least:.0f} % of their words"
    return found(Check.NEAR_DUPLICATES, [distinct[place] for place in group], what)
