import random

import pytest

from admin.curation.documents.chunking import Chunk, chunk
from admin.curation.formats.loaders import ParsedDocument

SENTENCE = "The quick brown fox jumps over the lazy dog by the river. "


def chunks_of(text: str, target: int = 700, limit: int = 1000, title: str | None = None) -> list[Chunk]:
    """Chunk the text and check what holds of all chunks."""
    chunks = chunk(ParsedDocument(text, title), target, limit)
    position = 0
    for ordinal, piece in enumerate(chunks):
        assert piece.ordinal == ordinal
        assert piece.text == text[piece.start : piece.end]
        assert piece.text == piece.text.strip()
        assert 0 < len(piece.text) <= limit
        assert not text[position : piece.start].strip()
        position = piece.end
    assert not text[position:].strip()
    return chunks


def visible(*chunks: Chunk) -> str:
    """What the chunks say, one after another, without any white space."""
    return "".join("".join(piece.text.split()) for piece in chunks)


def random_text(source: random.Random) -> str:
    parts = [
        "# One\n", "## Two\n", "### Three\n\n", "Title\n===\n", "Under\n---\n", "CAPITALS\n", "\n", "\n\n", "    ",
        "- item\n", "  1. item ", "| a | b |\n", "```\n", "~~~~\n", "word ", "End. ", "年假为二十天。", "a" * 90,
        SENTENCE * 3, "\t", "\u3000", "#", "...", '."', "\x1f",
    ]  # fmt: skip
    return "".join(source.choice(parts) for _ in range(source.randrange(120)))


@pytest.mark.parametrize("seed", range(300))
def test_chunks_hold_every_visible_character_once(seed: int) -> None:
    source = random.Random(seed)
    limit = source.choice([40, 200, 1000])
    text = random_text(source)
    assert visible(*chunks_of(text, source.randrange(10, limit + 1), limit)) == "".join(text.split())


def test_chunks_follow_headings() -> None:
    text = (
        f"# Handbook\n\nIntroduction. {SENTENCE}\n\n## Annual leave\n\n{SENTENCE * 8}\n\n"
        f"### Carrying over\n\n{SENTENCE * 9}\n\n## Pay\n\nOn the 25th."
    )
    chunks = chunks_of(text, title="Handbook")
    assert [piece.section for piece in chunks] == [
        "",
        "Annual leave",
        "Annual leave › Carrying over",
        "Pay",
    ]
    assert chunks[3].text == "## Pay\n\nOn the 25th."
    assert chunks_of(text)[1].section == "Handbook › Annual leave"


def test_small_sections_below_level_two_are_joined_and_others_are_not() -> None:
    small = "\n\n".join(f"### Case {name}\n\n{SENTENCE * 4}" for name in "ABC")
    joined = chunks_of(f"## Cases\n\n{SENTENCE}\n\n{small}")
    assert [piece.section for piece in joined] == ["Cases", "Cases › Case C"]
    apart = chunks_of(small.replace("###", "##"))
    assert [piece.section for piece in apart] == ["Case A", "Case B", "Case C"]


def test_a_heading_stays_with_the_text_below_it() -> None:
    paragraph = "word " * 199
    chunks = chunks_of(f"Before. {SENTENCE * 10}\n\n# A\n\n## B\n\n{paragraph}")
    assert chunks[-2].text.startswith("# A\n\n## B\n\nword word")
    assert {piece.section for piece in chunks[1:]} == {"A › B"}


@pytest.mark.parametrize("heading", ["ANNUAL LEAVE", "Annual leave\n============", "Annual leave\n---"])
def test_headings_of_plain_text(heading: str) -> None:
    chunks = chunks_of(f"Some words before.\n\n{heading}\n\n{SENTENCE}")
    assert [piece.section for piece in chunks] == ["", heading.partition("\n")[0]]
    assert chunks[1].text.startswith(heading)


def test_what_is_no_heading() -> None:
    for text in ("ALL IS\nWRITTEN LOUD", "NAME: ANNA, DAYS: 28", "```\n# comment\n```", "a | b\n--|--", "#tag"):
        assert [piece.section for piece in chunks_of(text)] == [""], text


def test_whole_paragraphs_rows_and_code_where_they_fit() -> None:
    code = "```\n" + "x = 1  # a line of code\n\n" * 30 + "```"
    rows = "\n".join(f"| row {n} | {'cell ' * 10}|" for n in range(40))
    items = "\n".join(f"- item {n} {SENTENCE}" for n in range(40))
    chunks = chunks_of(f"{SENTENCE * 5}\n\n{code}\n\n{rows}\n\n{items}\n\nLast. {SENTENCE * 9}")
    assert any(piece.text == code for piece in chunks)
    for piece in chunks:
        for line in piece.text.split("\n"):
            assert not line.startswith("| row") or line.endswith("|")
            assert not line.startswith("- item") or line.rstrip().endswith("river.")


def test_csv_rows_stay_whole() -> None:
    rows = [f"Name: Person {n}, Days: {n}, Note: {'x' * (n % 90)}" for n in range(200)]
    chunks = chunks_of("\n\n".join(rows))
    assert [row for piece in chunks for row in piece.text.split("\n\n")] == rows


@pytest.mark.parametrize("length", [61, 100, 119, 140, 400])
def test_each_record_is_a_chunk_of_its_own(length: int) -> None:
    """However short of what prose needs to be understood: only records that fit in the target together are."""
    records = [f"Name: Person {n:03}, Note: ".ljust(length, "x") for n in range(50)]
    assert [piece.text for piece in chunks_of("\n\n".join(records), target=120)] == records


def test_only_records_that_fit_in_the_target_share_a_chunk() -> None:
    chunks = chunks_of("\n\n".join(f"Route: {n:03}, Price: {'9' * (n % 40)}" for n in range(200)), target=120)
    assert max(len(piece.text) for piece in chunks) <= 120


def test_long_paragraphs_break_between_sentences() -> None:
    for piece in chunks_of((SENTENCE * 60).strip()):
        assert piece.text.startswith("The")
        assert piece.text.endswith("river.")
    for piece in chunks_of("员工每年享有二十天年假，可以结转到下一年。" * 100):
        assert piece.text.endswith("。")


def test_long_sentences_break_between_words_and_long_words_anywhere() -> None:
    assert all(piece.text.startswith("word") for piece in chunks_of("word " * 1000))
    assert [len(piece.text) for piece in chunks_of("x" * 2_000_000)] == [1000] * 2000


def test_a_tiny_remainder_joins_its_neighbour() -> None:
    chunks = chunks_of(f"## A\n\n{'word ' * 150}.\n\nShort end.\n\n## B\n\nTiny.")
    assert [piece.section for piece in chunks] == ["A", "B"]
    assert chunks[0].text.endswith("Short end.")


def test_pages_count_from_one() -> None:
    pages = [SENTENCE * 14, "", SENTENCE * 14]
    document = ParsedDocument("".join(pages), page_starts=[0, len(pages[0]), len(pages[0])])
    found = [piece.page for piece in chunk(document)]
    assert found[0] == 1
    assert found[-1] == 3
    assert {piece.page for piece in chunk(ParsedDocument("No pages."))} == {None}


@pytest.mark.parametrize("unit", [SENTENCE * 20 + "\n\n", "x", ".", " ", '."', "- a b c d e f g\n", "``` \n"])
def test_a_million_characters_take_seconds(unit: str) -> None:
    # Quadratic time would take hours, so no clock is needed.
    text = unit * (1_000_000 // len(unit))
    assert visible(*chunks_of(text)) == "".join(text.split())
