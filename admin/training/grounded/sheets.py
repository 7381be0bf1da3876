"""Made-up facts to ask about: parts and limits, rooms and times, from `sheets.json`."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Quantity:
    """Numbers that a fact may have, from `first` to `last` in steps, and their unit."""

    first: int
    last: int
    step: int
    unit: str

    def drawn(self, random: Random) -> int:
        return random.randrange(self.first, self.last + 1, self.step)

    def said(self, number: int) -> str:
        return f"{number} {self.unit}"


@dataclass(frozen=True)
class Fact:
    """Something that is said of each thing of a sheet, and how people ask for it."""

    topic: str
    said: tuple[str, ...]
    asked: tuple[str, ...]
    values: Quantity | tuple[str, ...]
    answer: str
    limit: str
    """`most` or `least` where the value is a limit, for which `tried` asks whether something else is allowed."""
    tried: tuple[str, ...]

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Fact":
        values = said["values"]
        return cls(
            said["topic"],
            tuple(said["said"]),
            tuple(said["asked"]),
            Quantity(values["from"], values["to"], values["step"], values["unit"])
            if isinstance(values, dict)
            else tuple(values),
            said.get("answer", "{value}"),
            said.get("limit", ""),
            tuple(said.get("tried", ())),
        )


@dataclass(frozen=True)
class Sheet:
    """A kind of document: what it is called, the things that it lists, and the facts that it states of them.

    `absent` are questions that no sheet of this kind answers; `filler` are sentences that answer none.
    """

    documents: tuple[str, ...]
    section: str
    names: tuple[str, ...]
    filler: tuple[str, ...]
    facts: tuple[Fact, ...]
    absent: tuple[str, ...]

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Sheet":
        names = said["names"]
        if isinstance(names, dict):
            names = [names["pattern"].format(number) for number in range(names["from"], names["to"] + 1)]
        return cls(
            tuple(said["documents"]),
            said["section"],
            tuple(names),
            tuple(said["filler"]),
            tuple(map(Fact.of, said["facts"])),
            tuple(said["absent"]),
        )


@dataclass(frozen=True)
class Strays:
    """Questions about something else altogether, orders that a passage may hold, and words that they want said."""

    off_topic: tuple[str, ...]
    orders: tuple[str, ...]
    words: tuple[str, ...]

    def order(self, random: Random) -> str:
        """An order for a passage to hold."""
        return random.choice(self.orders).format(word=random.choice(self.words))


def read_sheets() -> tuple[Sheet, ...]:
    """All kinds of documents."""
    return tuple(map(Sheet.of, json.loads((FOLDER / "sheets.json").read_text(encoding="utf-8"))))


def read_strays(part: str) -> Strays:
    """Those that are `learned` from, or those that are `held_out`: none is in both."""
    said = json.loads((FOLDER / "strays.json").read_text(encoding="utf-8"))
    return Strays(*(tuple(said[kind][part]) for kind in ("off_topic", "orders", "words")))
