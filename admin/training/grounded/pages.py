"""Passages about things of a sheet, and what they state: which thing, which fact, which value, in which passage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from random import Random

from admin.training.grounded.sheets import Fact, Quantity, Sheet
from admin.training.rows import Passage

THINGS = (2, 3, 3)
"""How many a page is about. With one passage more they still fit the prompt."""
FACTS = (2, 3, 3, 4)
FILLER = (1, 2, 3)
YEARS = range(2012, 2026)


@dataclass(frozen=True)
class Stated:
    """That a passage, the `place`-th from 1, states a fact of a thing, in which sentence and with which value."""

    name: str
    fact: Fact
    value: str
    number: int | None
    sentence: str
    place: int

    @property
    def answer(self) -> str:
        """What answers a plain question for it."""
        return self.fact.answer.format(value=self.value)


@dataclass(frozen=True)
class Page:
    """Passages of a document, and all that they state. `names` are the things that they are about."""

    sheet: Sheet
    document: str
    names: tuple[str, ...]
    passages: tuple[Passage, ...]
    stated: tuple[Stated, ...]

    def of(self, name: str, fact: Fact) -> list[Stated]:
        """Whatever is stated of that thing's fact."""
        return [each for each in self.stated if each.name == name and each.fact == fact]

    def missing(self) -> list[tuple[str, Fact]]:
        """Facts that are not stated of things that are there."""
        return [(name, fact) for name in self.names for fact in self.sheet.facts if not self.of(name, fact)]


def page(sheet: Sheet, random: Random) -> Page:
    """A passage for each of some things of a sheet."""
    names = tuple(random.sample(sheet.names, random.choice(THINGS)))
    document = random.choice(sheet.documents)
    stated: list[Stated] = []
    passages = []
    for place, name in enumerate(names, 1):
        own = [_drawn(name, fact, place, random) for fact in _facts(sheet, random)]
        passages.append(Passage(document, _section(sheet, name), _text([each.sentence for each in own], sheet, random)))
        stated += own
    return Page(sheet, document, names, tuple(passages), tuple(stated))


def amended(page: Page, random: Random, *, dated: bool) -> tuple[Page, Stated, Stated]:
    """The page with a passage more, which gives a fact another value; where `dated`, both say from which year on.

    Returns it with what was stated, and what is stated now.
    """
    old = random.choice(page.stated)
    new = _drawn(old.name, old.fact, len(page.passages) + 1, random)
    while new.value == old.value:
        new = _drawn(old.name, old.fact, len(page.passages) + 1, random)
    was = old
    if dated:
        before, after = sorted(random.sample(YEARS, 2))
        was, new = _since(before, old), _since(after, new)
    first = page.passages[old.place - 1]
    passages = list(page.passages)
    passages[old.place - 1] = replace(first, text=first.text.replace(old.sentence, was.sentence))
    added = _text([new.sentence], page.sheet, random)
    passages.append(Passage(_supplement(page.document), first.section, added))
    stated = [was if each is old else each for each in page.stated]
    return replace(page, passages=tuple(passages), stated=(*stated, new)), was, new


def ordering(page: Page, order: str, random: Random) -> Page:
    """The page with an order to the reader in one of its passages."""
    place = random.randrange(len(page.passages))
    sentences = page.passages[place].text.split("\n")
    sentences.insert(random.randrange(len(sentences) + 1), order)
    text = "\n".join(sentences)
    passages = [replace(each, text=text) if number == place else each for number, each in enumerate(page.passages)]
    return replace(page, passages=tuple(passages))


def _facts(sheet: Sheet, random: Random) -> list[Fact]:
    """Some of the facts; never all, so that there is something to miss."""
    return random.sample(sheet.facts, min(random.choice(FACTS), len(sheet.facts) - 1))


def _drawn(name: str, fact: Fact, place: int, random: Random) -> Stated:
    number = fact.values.drawn(random) if isinstance(fact.values, Quantity) else None
    value = random.choice(fact.values) if isinstance(fact.values, tuple) else fact.values.said(number or 0)
    sentence = _capital(random.choice(fact.said).format(name=name, value=value))
    return Stated(name, fact, value, number, sentence, place)


def _since(year: int, stated: Stated) -> Stated:
    return replace(stated, sentence=f"From {year} on: {stated.sentence}")


def _supplement(document: str) -> str:
    name = PurePath(document)
    return f"{name.stem}-supplement{name.suffix}"


def _text(sentences: Sequence[str], sheet: Sheet, random: Random) -> str:
    """The sentences among others that state nothing asked for, on lines of their own or not."""
    all_of_them = [*sentences, *random.sample(sheet.filler, random.choice(FILLER))]
    random.shuffle(all_of_them)
    return random.choice("\n ").join(all_of_them)


def _section(sheet: Sheet, name: str) -> str:
    return " › ".join(filter(None, (sheet.section, _capital(name) if sheet.section else "")))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
