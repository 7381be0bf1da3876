"""Known answers: every measure, worked out by hand."""

from typing import Any

import pytest

from admin.evaluation import metrics, wording
from admin.evaluation.arms import Arm, Given
from admin.evaluation.asked import Asked, Bearing, Place
from admin.evaluation.metrics import Said
from chat.rag.abstain import REFUSAL
from chat.rag.answer import Mode, Source
from tests.rag.library import source

RAG, BASE = Arm("rag", Mode.RAG), Arm("base", Mode.BASE)
ASKED = Asked(0, "q", "How long is it valid?", ["21 days", "three weeks"])
TEXT = "A return must be used within 21 days. The day of the crossing counts."
QUOTE = "A return must be used within 21 days."
BEARING = Bearing([[Place(1, 7, 100, 100 + len(QUOTE))]], {1: 1, 2: 1})


def passage(chunk_id: int = 1, text: str = TEXT, **fields: Any) -> Source:
    return source(text, chunk_id=chunk_id, version_id=7, **fields)


def cited(start: int, end: int, quote: str = "", version: int = 7) -> dict[str, Any]:
    return {"version_id": version, "start": start, "end": end, "quote": quote}


def said(text: str, **fields: Any) -> Said:
    return Said(text, fields.pop("refused", False), **{"draft": text, **fields})


@pytest.mark.parametrize(
    ("text", "exact", "f1", "contained"),
    [
        ("21 days", 1, 1, 1),
        ("The 21 days!", 1, 1, 1),
        ("It is valid for 21 days. [1]", 0, 2 * 2 / (6 + 2), 1),
        ("Three weeks.", 1, 1, 1),
        ("121 days", 0, 0.5, 0),
        ("days 21", 0, 1, 0),
        ("", 0, 0, 0),
    ],
)
def test_words_are_compared_as_squad_does(text: str, exact: float, f1: float, contained: float) -> None:
    accepted = ["21 days", "three weeks"]
    assert wording.exact_match(text, accepted) == exact
    assert wording.f1(text, accepted) == pytest.approx(f1)
    assert wording.contained(text, accepted) == contained


def test_a_language_without_spaces_is_compared_by_character() -> None:
    assert wording.contained("門は午後十時に閉まります。", ["午後十時"]) == 1
    assert wording.f1("午後十時", ["午後九時"]) == pytest.approx(3 / 4)
    assert wording.words("La maison “verte”, d’été") == ["la", "maison", "verte", "dété"]


def test_a_refusal_is_no_answer_whatever_it_contains() -> None:
    values = metrics.measure(BASE, ASKED, Bearing(), said("There is no information on 21 days."))
    assert (values[metrics.REFUSED_ANSWERABLE], values[metrics.CONTAINED]) == (1, 0)
    values = metrics.measure(BASE, ASKED, Bearing(), said("21 days"))
    assert (values[metrics.REFUSED_ANSWERABLE], values[metrics.CONTAINED]) == (0, 1)


def test_what_has_no_answer_is_only_asked_for_a_refusal() -> None:
    nobody = Asked(0, "q", "Who?", answerable=False)
    assert metrics.measure(RAG, nobody, Bearing(), said(REFUSAL, refused=True)) == {metrics.REFUSED_UNANSWERABLE: 1}
    told = metrics.measure(RAG, nobody, Bearing(), said("The purser.", retrieved=[passage()]))
    assert told == {metrics.REFUSED_UNANSWERABLE: 0, metrics.SUPPORT: 0}


def test_measures_that_do_not_apply_are_absent() -> None:
    values = metrics.measure(BASE, ASKED, BEARING, said("21 days"))
    assert set(values) == {metrics.EXACT_MATCH, metrics.F1, metrics.CONTAINED, metrics.REFUSED_ANSWERABLE}
    assert metrics.CONTAINED not in metrics.measure(RAG, Asked(0, "q", "Why?"), Bearing(), said("So."))


@pytest.mark.parametrize(
    ("citations", "precision", "recall"),
    [
        ([cited(100, 137)], 1, 1),
        ([cited(100, 137), cited(138, 169, "The day counts.")], 0.5, 1),
        ([cited(130, 169)], 0, 0),
        ([cited(118, 140)], 1, 1),
        ([cited(100, 137, version=8)], 0, 0),
        ([cited(500, 520, "valid for 21 days")], 1, 0),
    ],
)
def test_a_citation_bears_where_it_overlaps_or_has_the_answer(
    citations: list[dict[str, Any]], precision: float, recall: float
) -> None:
    values = metrics.measure(RAG, ASKED, BEARING, said("21 days", citations=citations, retrieved=[passage()]))
    assert values[metrics.CITATION_PRECISION] == precision
    assert values[metrics.CITATION_RECALL] == recall


def test_without_marked_passages_a_citation_must_have_the_answer() -> None:
    citations = [cited(0, 9, "within 21 days")]
    values = metrics.measure(RAG, ASKED, Bearing(), said("21 days", citations=citations))
    assert (values[metrics.CITATION_PRECISION], values[metrics.CITATION_RECALL]) == (1, 1)


def test_a_refusal_cites_nothing_and_recalls_nothing() -> None:
    values = metrics.measure(RAG, ASKED, BEARING, said(REFUSAL, refused=True, draft=""))
    assert metrics.CITATION_PRECISION not in values
    assert metrics.SUPPORT not in values
    assert values[metrics.CITATION_RECALL] == 0


def test_support_is_the_share_of_written_sentences_that_a_passage_bears() -> None:
    draft = "A return must be used within 21 days. Penguins may fly it to Mars."
    values = metrics.measure(
        RAG, ASKED, BEARING, said(QUOTE, draft=draft, searched=ASKED.text, retrieved=[passage()], in_prompt=[1])
    )
    assert values[metrics.SUPPORT] == 0.5


def test_retrieval_is_counted_as_the_bench_counts_it() -> None:
    found = [passage(9, rank=1), passage(1, rank=2)]
    values = metrics.measure(RAG, ASKED, BEARING, said("21 days", retrieved=found))
    assert values[metrics.RECALL] == 0.5
    assert values[metrics.NDCG] == pytest.approx(0.6309 / 1.6309, abs=1e-4)


def test_probes_are_read_in_what_the_model_wrote() -> None:
    empty, conflict = Arm("empty", Mode.RAG, given=Given.EMPTY), Arm("conflict", Mode.RAG, given=Given.CONFLICT)
    recited = metrics.measure(empty, ASKED, BEARING, said(REFUSAL, refused=True, draft="Within 21 days."))
    assert recited == {metrics.REFUSED_EMPTY: 0, metrics.RECITED: 1}
    honest = metrics.measure(empty, ASKED, BEARING, said(REFUSAL, refused=True, draft="The documents do not say."))
    assert honest == {metrics.REFUSED_EMPTY: 1, metrics.RECITED: 0}
    followed = metrics.measure(conflict, ASKED, BEARING, said("", draft="Within 96 days.", planted="96 days"))
    assert followed == {metrics.FOLLOWED_PASSAGE: 1, metrics.FOLLOWED_WEIGHTS: 0}


def test_times_and_tokens_are_kept_as_they_are() -> None:
    values = metrics.measure(
        BASE, ASKED, Bearing(), said("x", timings_ms={"first_token": 80.5, "total": 900}, tokens=7)
    )
    assert (values[metrics.FIRST_TOKEN], values[metrics.TOTAL], values[metrics.TOKENS]) == (80.5, 900, 7)
