"""A citation is a span that bears its sentence, character for character; what nothing bears has none."""

import pytest

from chat.rag.answer import Source
from chat.rag.citations import MARKER, Attributed, attribute
from tests.rag.library import source

FERRY = "A return ticket is valid for 21 days. Dogs travel free on a lead. Bicycles cost 4.50 marks each way."
CREW = "The crew rests for eleven hours. The engine room is checked every 30 minutes."
SOURCES = [source(FERRY), source(CREW, chunk_id=2, document="Watch", document_id=2, version_id=2, start=7)]


def require_exact(attributed: Attributed, sources: list[Source]) -> None:
    """Every citation is text[start:end] of its source, and every marker in the answer has its citation."""
    for citation in attributed.citations:
        [bearing] = [source for source in sources if source.chunk_id == citation.chunk_id]
        assert bearing.start <= citation.start < citation.end <= bearing.end
        assert citation.quote == bearing.text[citation.start - bearing.start : citation.end - bearing.start]
    markers = {int(marker) for marker in MARKER.findall(attributed.text)}
    assert markers == {citation.marker for citation in attributed.citations}
    assert sorted(markers) == list(range(1, len(markers) + 1))


def test_each_sentence_is_attributed_to_the_span_that_bears_it() -> None:
    attributed = attribute("Dogs travel free. The engine room is checked every 30 minutes.", "", SOURCES)
    assert attributed.text == "Dogs travel free. [1] The engine room is checked every 30 minutes. [2]"
    assert [citation.quote for citation in attributed.citations] == [
        "Dogs travel free on a lead.",
        "The engine room is checked every 30 minutes.",
    ]
    assert [citation.start for citation in attributed.citations] == [138, 40]
    require_exact(attributed, SOURCES)


def test_a_span_that_bears_two_sentences_is_cited_once() -> None:
    attributed = attribute("Dogs travel free on a lead. Free travel for dogs.", "", SOURCES)
    assert attributed.text == "Dogs travel free on a lead. [1] Free travel for dogs. [1]"
    assert len(attributed.citations) == 1


@pytest.mark.parametrize("marker", ["[1]", "[2]", "[7]", "[999]", "[0]", "[1][2]", "[1] [2]"])
def test_the_model_s_own_markers_are_dropped_where_nothing_supports_them(marker: str) -> None:
    attributed = attribute(f"Penguins fly south in winter {marker}. Dogs travel free {marker}.", "", SOURCES)
    [citation] = attributed.citations
    assert citation.quote == "Dogs travel free on a lead."
    assert MARKER.findall(attributed.text) == ["1"]
    require_exact(attributed, SOURCES)


def test_a_marker_never_means_a_position() -> None:
    """The model said [2], but what it says stands in the first passage."""
    attributed = attribute("A return ticket is valid for 21 days [2].", "", SOURCES)
    assert [citation.chunk_id for citation in attributed.citations] == [1]


@pytest.mark.parametrize(
    ("sentence", "borne"),
    [
        ("A return ticket is valid for 21 days.", True),
        ("A return ticket is valid for 12 days.", False),
        ("A return ticket is valid for 21 days or 22 days.", False),
        ("Bicycles cost 4.50 marks.", True),
        ("Bicycles cost 4.5 marks.", False),
        ("Bicycles cost 450 marks.", False),
    ],
)
def test_numbers_must_match(sentence: str, borne: bool) -> None:
    attributed = attribute(sentence, "", SOURCES)
    assert attributed.supported == bool(attributed.citations) == borne


def test_the_model_s_claim_decides_between_equals() -> None:
    twins = [source(FERRY), source(FERRY, chunk_id=2, document_id=2, version_id=2)]
    for claimed in (1, 2):
        [citation] = attribute(f"Dogs travel free on a lead [{claimed}].", "", twins).citations
        assert citation.chunk_id == claimed


def test_what_else_was_found_may_bear_a_sentence_too() -> None:
    attributed = attribute("The crew rests for eleven hours.", "", SOURCES[:1], SOURCES)
    assert [citation.document for citation in attributed.citations] == ["Watch"]


@pytest.mark.parametrize("draft", ["", "   ", "[1]", "[1] [2].", "...", "of the and", "🦭🦭🦭", "[1" * 500, "]" * 500])
def test_nothing_is_borne_by_nothing(draft: str) -> None:
    for sources in ([], SOURCES, [source("...")], [source("   ")]):
        attributed = attribute(draft, "of the and", sources)
        assert not attributed.supported
        assert not attributed.citations


def test_spans_in_any_script_are_exact() -> None:
    text = "渡轮在晚上十点停航。狗可以免费乘船。 🦭 Seals — “grey ones” — rest here; don’t feed them! Ça coûte 4,50 €."
    sources = [source(text, start=0)]
    attributed = attribute("狗可以免费乘船。Grey seals rest here.", "", sources)
    assert len(attributed.citations) == 2
    require_exact(attributed, sources)
