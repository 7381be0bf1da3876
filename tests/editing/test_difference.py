"""What changed between two texts: every line that came and went, and nothing else."""

import time

from admin.curation.documents.difference import MOST_SHOWN, Difference, compare

BEFORE = "\n".join(f"Line {number} says the same as ever." for number in range(1, 41))


def texts(difference: Difference, sign: str) -> list[str]:
    return ["".join(piece for piece, _ in line.pieces) for line in difference.lines if line.sign == sign]


def test_the_words_that_differ_are_told_from_those_that_do_not() -> None:
    difference = compare("A day ticket costs 12 marks.", "A day ticket costs 15 marks.")
    assert (difference.added, difference.removed) == (1, 1)
    gone, come = difference.lines
    assert (gone.sign, come.sign) == ("-", "+")
    assert [piece for piece, changed in gone.pieces if changed] == ["12"]
    assert [piece for piece, changed in come.pieces if changed] == ["15"]


def test_what_stayed_is_counted_and_only_shown_beside_a_change() -> None:
    after = BEFORE.replace("Line 20 says the same as ever.", "Line 20 is new.\nSo is this.")
    difference = compare(BEFORE, after)
    assert (difference.added, difference.removed) == (2, 1)
    assert texts(difference, "+") == ["Line 20 is new.", "So is this."]
    assert [line.skipped for line in difference.lines if line.sign == "…"] == [17, 18]
    assert len(texts(difference, " ")) == 4


def test_texts_that_are_the_same_have_no_changes() -> None:
    difference = compare(BEFORE, BEFORE)
    assert (difference.added, difference.removed, difference.cut) == (0, 0, False)


def test_lines_added_and_taken_away_at_either_end() -> None:
    assert compare("b", "a\nb").added == 1
    assert compare("a\nb", "b").removed == 1
    assert compare("", "a").added == 1
    assert compare("a\nb\na", "a").removed == 2


def test_texts_of_many_lines_with_nothing_in_common_are_compared_at_once() -> None:
    before = "\n".join(f"{number} before" for number in range(50_000))
    after = "\n".join(f"after {number}" for number in range(50_000))
    started = time.perf_counter()
    difference = compare(before, after)
    assert time.perf_counter() - started < 10
    assert difference.added == difference.removed == 50_000
    assert difference.cut
    assert len(difference.lines) == MOST_SHOWN
