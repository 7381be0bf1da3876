"""The benchmarks: measures against values worked out by hand, and one benchmark from its command to its page."""

import json
from math import log2
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import corpus
from benchmarks.__main__ import BENCHMARKS, cli
from benchmarks.beir import find_sets, read_set
from benchmarks.measures import ndcg, recall
from chat.errors import InvalidInputError

PLACES = ("the harbour", "the mill", "the school", "the bakery", "the observatory")
FACTS = (
    "{place} opens at seven in the morning",
    "{place} was painted green by its keeper",
    "{place} keeps an old brass bell",
    "{place} burned down in the great storm",
)


def write_set(folder: Path) -> Path:
    """Twenty passages, and for each of the first five a question that hardly another passage could answer."""
    folder.mkdir(parents=True)
    passages = [fact.format(place=place.capitalize()) for place in PLACES for fact in FACTS]
    corpus_rows = [{"_id": f"p{n}", "title": "", "text": text} for n, text in enumerate(passages)]
    asked = [{"_id": f"q{n}", "text": f"When does {place} open?"} for n, place in enumerate(PLACES)]
    for name, rows in {"corpus.jsonl": corpus_rows, "queries.jsonl": asked}.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged = "".join(f"q{n}\tp{n * len(FACTS)}\t1\n" for n in range(len(PLACES)))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return folder


def test_ndcg_discounts_by_rank_and_compares_with_the_ideal_order() -> None:
    grades = {7: 3, 8: 1, 9: 0}
    got = 1 / log2(2) + 3 / log2(4)
    best = 3 / log2(2) + 1 / log2(3)
    assert ndcg([8, 5, 7], grades) == pytest.approx(got / best)
    assert ndcg([7, 8], grades) == pytest.approx(1)
    assert ndcg([5, 9], grades) == 0


def test_ndcg_looks_no_deeper_than_k_on_either_side() -> None:
    assert ndcg([1, 2, 3], {1: 1, 2: 1, 3: 1}, k=2) == pytest.approx(1)
    assert ndcg([4, 5, 1], {1: 1}, k=2) == 0


def test_recall_is_the_share_of_relevant_passages_found() -> None:
    assert recall([1, 5, 2, 6], {1: 1, 2: 1, 3: 2, 6: 0}, k=3) == pytest.approx(2 / 3)
    assert recall([5, 6, 1], {1: 1}, k=2) == 0


def test_a_set_keeps_the_judgement_of_a_passage_without_words(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "village")
    rows = (folder / "corpus.jsonl").read_text().splitlines()
    rows[4] = json.dumps({"_id": "p4", "title": "", "text": ""})
    (folder / "corpus.jsonl").write_text("\n".join(rows))
    village = read_set(folder)
    assert len(village.passages) == 20
    assert village.passages[4] == "–"
    assert village.grades[1] == {4: 1}


def test_a_missing_folder_and_a_missing_file_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--data"):
        find_sets(tmp_path)
    folder = write_set(tmp_path / "retrieval" / "village")
    (folder / "qrels.tsv").unlink()
    with pytest.raises(InvalidInputError, match=r"village has no qrels\.tsv"):
        read_set(folder)


def test_chunks_of_a_corpus_are_the_spans_of_its_text() -> None:
    passages = ["one", "twenty-two", "three"]
    text = corpus.BETWEEN.join(passages)
    assert [text[chunk.start_char : chunk.end_char] for chunk in corpus.as_chunks(passages)] == passages


def test_jittered_copies_are_unit_vectors_near_their_originals() -> None:
    vectors = np.eye(3, 384, dtype=np.float32)
    copies = corpus.jittered(vectors, 7)
    assert np.linalg.norm(copies, axis=1) == pytest.approx(np.ones(7), abs=1e-5)
    assert (copies @ vectors.T).argmax(axis=1).tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert len(np.unique(copies, axis=0)) == 7


def test_an_unknown_benchmark_is_a_usage_error() -> None:
    outcome = CliRunner().invoke(cli, ["juggling"])
    assert outcome.exit_code == 2
    assert all(name in outcome.output for name in BENCHMARKS)


@pytest.mark.slow
def test_retrieval_finds_what_was_asked_and_writes_the_page(tmp_path: Path) -> None:
    write_set(tmp_path / "retrieval" / "village")
    page = tmp_path / "page.md"
    outcome = CliRunner().invoke(
        cli, ["retrieval", "--no-peer", "--data", str(tmp_path), "--markdown", str(page)], catch_exceptions=False
    )
    assert outcome.exit_code == 0
    rows = [line.strip("| ").split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    measured = {name: [float(figure) for figure in figures] for name, *figures in rows[2:]}
    assert list(measured) == ["Apprentice", "Apprentice, damping 60", "dense arm alone", "keyword arm alone"]
    assert measured["Apprentice"][:2] == [1, 1]
    assert all(quality > 0.6 for figures in measured.values() for quality in figures)
    assert "Retrieval quality: village, 20 passages, 5 questions" in page.read_text()
    assert "PostgreSQL 18" in page.read_text()
