"""Texts made comparable: the same words are the same text, whatever their case, spacing and full stops."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from chat import language

TOKEN = re.compile(r"\w+")
MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})
TRAILING = re.compile(r"[.,;:!?…\"']+(?=\s|$)|(?<!\S)[\"'¿¡]+")


def normalised(text: str) -> str:
    """The text without what does not change its meaning: case, spacing, full stops and quotation marks."""
    plain = unicodedata.normalize("NFKC", text).translate(MARKS).casefold()
    return " ".join(TRAILING.sub(" ", plain).split())


def words(text: str) -> list[str]:
    """The words of a text in order, small letters; of Chinese, Japanese and Korean, pairs of characters."""
    found: list[str] = []
    for word in TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if language.CJK.search(word) and len(word) > 1:
            found += (word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.append(word)
    return found


def sequences(text: str, length: int) -> set[tuple[str, ...]]:
    """All runs of `length` words; of a shorter text, the whole of it."""
    found = words(text)
    if len(found) <= length:
        return {tuple(found)} if found else set()
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


def turns(prompt: Iterable[Mapping[str, Any]]) -> str:
    """A prompt as one text: turns of another role are another text."""
    return "\n".join(f"{turn['role']}: {normalised(str(turn['content']))}" for turn in prompt)


def other_numbers(one: set[str], other: set[str]) -> bool:
    """Whether each of two texts has a number that the other lacks: then they say different things."""
    return bool(one - other) and bool(other - one)
