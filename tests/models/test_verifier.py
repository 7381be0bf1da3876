"""The answerability network that is shipped, on passages of no document that it has seen."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chat.errors import ModelError
from chat.models.verifier import ARTEFACT, FACTS, WEIGHTS, Verifier

pytestmark = pytest.mark.slow

POOL = (
    "Pool rules › Opening hours\nThe pool opens at 6:30 on weekdays and at 8:00 on Saturdays and Sundays. "
    "It closes at 21:00 every day. The last swimmers are let in one hour before it closes."
)
LIBRARY = (
    "Town library › Borrowing\nUp to twelve books may be borrowed at a time, for four weeks. A book that is late "
    "costs 20 cents a day. Reference works stay in the building."
)


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    """Float32, so that its numbers are the same on every machine."""
    return Verifier(dtype="float32")


@pytest.mark.parametrize(
    ("question", "bearer", "other"),
    [
        ("When does the pool open on weekdays?", POOL, LIBRARY),
        ("How many books may I borrow at a time?", LIBRARY, POOL),
        ("What does a late book cost?", LIBRARY, POOL),
    ],
)
def test_the_passage_with_the_answer_is_told_from_another(
    verifier: Verifier, question: str, bearer: str, other: str
) -> None:
    with_answer, without = verifier.probabilities(question, [bearer, other])
    assert without < verifier.threshold < with_answer
    assert with_answer - without > 0.3


@pytest.mark.parametrize(
    "question",
    ["Who won the chess championship in 1972?", "How do I bake sourdough bread?", "What is the capital of Peru?"],
)
def test_a_question_about_something_else_is_below_the_threshold(verifier: Verifier, question: str) -> None:
    assert max(verifier.probabilities(question, [POOL, LIBRARY])) < verifier.threshold


def test_a_near_miss_is_less_likely_than_what_the_passage_says(verifier: Verifier) -> None:
    said = verifier.probabilities("When does the pool open on weekdays?", [POOL])
    near_miss = verifier.probabilities("Which company built the pool's water slide?", [POOL])
    assert near_miss < said


def test_each_passage_is_judged_alone_whatever_stands_beside_it(verifier: Verifier) -> None:
    question = "What does a late book cost?"
    alone = [verifier.probabilities(question, [passage])[0] for passage in (POOL, LIBRARY)]
    together = verifier.probabilities(question, [POOL, LIBRARY] * 6)
    assert together == pytest.approx(alone * 6, abs=1e-3)


def test_many_threads_get_what_one_gets(verifier: Verifier) -> None:
    questions = [f"When does the pool open on day {number}?" for number in range(12)]
    one_by_one = [verifier.probabilities(question, [POOL, LIBRARY]) for question in questions]
    fresh = Verifier(dtype="float32")
    with ThreadPoolExecutor(6) as threads:
        at_once = list(threads.map(lambda question: fresh.probabilities(question, [POOL, LIBRARY]), questions))
    assert [value for row in at_once for value in row] == pytest.approx(
        [value for row in one_by_one for value in row], abs=1e-3
    )


def test_nothing_to_read_is_nothing_to_say(verifier: Verifier) -> None:
    assert verifier.probabilities("When does the pool open?", []) == []
    assert all(0 <= chance <= 1 for chance in verifier.probabilities("", ["", "   ", POOL]))
    assert len(verifier.probabilities("word " * 3000, ["word " * 9000])) == 1


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"python -m admin\.training\.answerability"):
        Verifier(folder=tmp_path).probabilities("When?", ["Now."])


def test_the_file_is_small_and_says_what_it_was_made_of() -> None:
    facts = json.loads((ARTEFACT / FACTS).read_text(encoding="utf-8"))
    assert (ARTEFACT / WEIGHTS).stat().st_size < 2_000_000
    assert "Rajpurkar" in facts["credit"]
    assert 0 < facts["threshold"] < 1
    assert len(facts["squad_sha256"]) == 64
