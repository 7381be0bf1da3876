"""Leakage: what an adapter would learn of the questions that it is going to be judged by.

Train and evaluation are split by source document, never by chunk: an example made from a document that a held-out
question is about leaks, and more so one made from the same passage, or that asks the same question.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from admin.training.findings import Check, Finding, Held, Lesson, found
from admin.training.similarity import Index
from admin.training.wording import normalised, sequences
from chat import language
from chat.store.question_sets import HeldOut
from chat.store.tables import FOLDERS
from chat.store.wordings import Wording

CLEAR = 5
"""Words from which a question stands for itself; a shorter one is the same only after the same question."""
RUN = 4
"""Words in a row by which a passage is recognised."""
MOST = 0.5
"""Share of the runs of words from which two passages are the same."""
WHOLE = 0.75
"""Share of a passage's runs of words from which an answer recites it."""
LEAST_STEMS = 4
"""Words of meaning from which two questions with the same ones are nearly the same, in whatever order."""


class Leak(StrEnum):
    """How an example gives a held-out question away, the worst first."""

    QUESTION = "same question"
    NEAR_QUESTION = "nearly the same question"
    PASSAGE = "same passage"
    DOCUMENT = "same document"


@dataclass(frozen=True)
class Overlap:
    """What one example has in common with one held-out question."""

    lesson: Lesson
    leak: Leak
    question: HeldOut


class HeldOutIndex:
    """Held-out questions, so arranged that an example finds the ones that it gives away."""

    def __init__(self, questions: Sequence[HeldOut]) -> None:
        self._questions = questions
        self._same: dict[tuple[str, str], int] = {}
        self._by_document: dict[str, int] = {}
        self._runs: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._quoted: list[int] = []
        self._sizes: list[int] = []
        self._figures: list[set[str]] = []
        for place, question in enumerate(questions):
            self._same.setdefault(_asked(question.text, question.before), place)
            self._add_quotes(place, question)
        self._near = Index.of([question.text for question in questions])
        self._wordings = _Wordings([question.text for question in questions])
        self._borne: dict[str, dict[int, int]] = {}

    def _add_quotes(self, place: int, question: HeldOut) -> None:
        for quote in question.quotes:
            self._by_document.setdefault(_document(quote.document), place)
            runs = sequences(quote.text, RUN)
            if not runs or min(map(len, runs)) < RUN:
                continue
            number = len(self._quoted)
            self._quoted.append(place)
            self._sizes.append(len(runs))
            self._figures.append(language.numbers(quote.text))
            for run in runs:
                self._runs[run].append(number)

    def overlaps(self, lesson: Lesson) -> list[Overlap]:
        """What the example gives away, the worst first; each question once."""
        seen: set[int] = set()
        found: list[Overlap] = []
        for leak, finds in (
            (Leak.QUESTION, self._same_question),
            (Leak.NEAR_QUESTION, self._near_questions),
            (Leak.PASSAGE, self._same_passages),
            (Leak.DOCUMENT, self._same_documents),
        ):
            new = [place for place in dict.fromkeys(finds(lesson.wording)) if place not in seen]
            seen.update(new)
            found += (Overlap(lesson, leak, self._questions[place]) for place in new)
        return found

    def _same_question(self, wording: Wording) -> Iterator[int]:
        place = self._same.get(_asked(wording.question, _before(wording)))
        return iter(() if place is None else (place,))

    def _near_questions(self, wording: Wording) -> Iterator[int]:
        if len(normalised(wording.question).split()) < CLEAR:
            return
        proposed = [place for place, _ in self._near.near(wording.question)] + self._wordings.near(wording.question)
        yield from (place for place in proposed if len(normalised(self._questions[place].text).split()) >= CLEAR)

    def _same_passages(self, wording: Wording) -> Iterator[int]:
        for place in wording.sources:
            for number, shared in self._shared(place.quote).items():
                if shared >= MOST * min(self._sizes[number], len(sequences(place.quote, RUN))):
                    yield self._quoted[number]
        yield from (self._quoted[number] for number in self._held_by(wording.completion, WHOLE))
        for text in _seen(wording):
            held = self._held_by(text, MOST)
            yield from (self._quoted[number] for number in held if self._learned(wording, text, number))

    def _held_by(self, text: str, least: float) -> Iterator[int]:
        """Quotes of which the text holds that share of the runs of words, and every number."""
        figures = language.numbers(text)
        for number, shared in self._shared(text).items():
            if shared >= least * self._sizes[number] and self._figures[number] <= figures:
                yield number

    def _learned(self, wording: Wording, text: str, number: int) -> bool:
        """Whether the example is about that passage: it saw little else, or its answer is the question's."""
        if self._shared(text)[number] > MOST * len(sequences(text, RUN)):
            return True
        told = set(language.content_words(wording.completion)) | language.numbers(wording.completion)
        return any(answer and answer <= told for answer in map(_meaning, self._questions[self._quoted[number]].answers))

    def _shared(self, text: str) -> dict[int, int]:
        """How many runs of words the text has in common with each quote that it shares any with."""
        known = self._borne.get(text)
        if known is None:
            known = {}
            for run in sequences(text, RUN):
                for number in self._runs.get(run, ()):
                    known[number] = known.get(number, 0) + 1
            self._borne[text] = known
        return known

    def _same_documents(self, wording: Wording) -> Iterator[int]:
        for source in wording.sources:
            place = self._by_document.get(_document(source.document))
            if place is not None:
                yield place


class _Wordings:
    """Questions by their words: those that another one holds whole, and those of the same words of meaning."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [normalised(text) for text in texts]
        self._beginnings: dict[str, list[int]] = defaultdict(list)
        self._meanings: dict[frozenset[str], list[int]] = defaultdict(list)
        for place, text in enumerate(self._texts):
            self._beginnings[" ".join(text.split()[:CLEAR])].append(place)
            self._meanings[frozenset(language.content_words(text))].append(place)

    def near(self, text: str) -> list[int]:
        """Places of the questions that this one holds, whatever is said before and after, or says in another order."""
        asked = normalised(text)
        runs = asked.split()
        starts = (" ".join(runs[at : at + CLEAR]) for at in range(len(runs) - CLEAR + 1))
        held = [place for start in starts for place in self._beginnings.get(start, ()) if self._texts[place] in asked]
        meaning = frozenset(language.content_words(text))
        return held + (self._meanings.get(meaning, []) if len(meaning) >= LEAST_STEMS else [])


def overlaps(lessons: Sequence[Lesson], questions: Sequence[HeldOut]) -> list[Overlap]:
    """What these examples give away of these questions, example by example, the worst first."""
    if not questions:
        return []
    index = HeldOutIndex(questions)
    return [overlap for lesson in lessons for overlap in index.overlaps(lesson)]


def leaks(lessons: Sequence[Lesson], questions: Sequence[HeldOut]) -> list[Finding]:
    """A finding for each example that gives held-out questions away, by the worst of what it has in common."""
    by_lesson: dict[int, list[Overlap]] = defaultdict(list)
    for overlap in overlaps(lessons, questions):
        by_lesson[overlap.lesson.id].append(overlap)
    return [_finding(found) for found in by_lesson.values()]


def _finding(overlapping: Sequence[Overlap]) -> Finding:
    worst = overlapping[0]
    question = worst.question
    what = f"{worst.leak.capitalize()} as {question.key} of {question.set}"
    if worst.leak is Leak.DOCUMENT:
        documents = {_document(quote.document) for quote in question.quotes}
        name = next(s.document for s in worst.lesson.wording.sources if _document(s.document) in documents)
        what = f"Made from {name}, which {question.key} of {question.set} is about"
    if len(overlapping) > 1:
        what += f", and {len(overlapping) - 1} more"
    held = Held(question.set, question.key, question.text)
    about = sorted({overlap.question.text for overlap in overlapping})
    return found(Check.LEAKS, [worst.lesson], what, held=held, kind=worst.leak, about=about)


def _asked(question: str, before: str | None) -> tuple[str, str]:
    """A question as it is looked up: a short one together with what was asked before it."""
    text = normalised(question)
    return text, "" if len(text.split()) >= CLEAR else normalised(before or "")


def _before(wording: Wording) -> str | None:
    earlier = [str(turn["content"]) for turn in wording.prompt[:-1] if turn["role"] == "user"]
    return earlier[-1] if earlier else None


def _seen(wording: Wording) -> Iterator[str]:
    """What the example shows beside its answer: passages, and turns long enough to hold one."""
    yield from (str(passage.get("text", "")) for passage in wording.passages)
    yield from (str(turn["content"]) for turn in wording.prompt)


def _meaning(answer: str) -> set[str]:
    return set(language.content_words(answer)) | language.numbers(answer)


def _document(name: str) -> str:
    """A document's name as it is compared: without folders, in small letters."""
    return re.sub(FOLDERS, "", name).casefold()
