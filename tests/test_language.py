"""Words and sentences, as quoting, attribution and abstention compare them."""

import random
import time
from itertools import pairwise

import pytest

from chat.language import content_words, numbers, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is one. Two is two!", ["One is one.", "Two is two!"]),
        ("It costs 4.50 marks. Really?", ["It costs 4.50 marks.", "Really?"]),
        ('He said "no." Then he left.', ['He said "no', "Then he left."]),
        ("at 9 a.m. on the pier", ["at 9 a.m. on the pier"]),
        ("- one\n- two\n\n- three", ["- one", "- two", "- three"]),
        ("渡轮停航。狗可以乘船。", ["渡轮停航。", "狗可以乘船。"]),
        ("Wait… Élan vital. Ça va?", ["Wait…", "Élan vital.", "Ça va?"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    found = [text[start:end] for start, end in sentences(text)]
    if '"' in text:  # where the quotation mark goes is a matter of taste; that both are found is not
        assert [piece.strip('."') for piece in found] == [piece.strip('."') for piece in expected]
    else:
        assert found == expected


def test_sentences_hold_every_visible_character_in_order() -> None:
    chance = random.Random(2)
    for _ in range(300):
        text = "".join(chance.choices("ab A9.!?…\n。”)(-", k=60))
        spans = sentences(text)
        assert all(start < end and text[start:end] == text[start:end].strip() for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        kept = "".join(text[start:end] for start, end in spans)
        assert kept.translate(str.maketrans("", "", " \n”)")) == text.translate(str.maketrans("", "", " \n”)"))


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("The dogs were travelling", "dog travel"),
        ("the crew's lockers", "crew locker"),
        ("Don’t feed", "don't feeding"),
    ],
)
def test_words_are_compared_by_their_stems(text: str, same_as: str) -> None:
    assert content_words(text) == content_words(same_as)


def test_words_without_meaning_do_not_count() -> None:
    assert content_words("When do they get it from the one that was there?") == []
    assert content_words("? ! & | <->") == []


def test_scripts_without_spaces_are_compared_by_pairs() -> None:
    assert content_words("免费乘船") == ["免费", "费乘", "乘船"]
    assert content_words("船") == ["船"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 22:15 to 6:00", {"22:15", "6:00"}),
        ("1,000 marks and 12.50", {"1000", "12.50"}),
        ("1,234,567", {"1234567"}),
        ("4,5 Stunden", {"4,5"}),
        ("form QK-6", {"6"}),
        ("none", set()),
    ],
)
def test_numbers(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text", ["." * 100_000, ' "' * 50_000, "a. " * 50_000, "\n" * 100_000, "1," * 50_000, "’" * 100_000]
)
def test_long_texts_take_linear_time(text: str) -> None:
    began = time.perf_counter()
    sentences(text)
    content_words(text)
    numbers(text)
    assert time.perf_counter() - began < 5
