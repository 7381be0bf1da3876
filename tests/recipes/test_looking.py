"""Which questions are asked on which passages, and what is then to be answered."""

from random import Random

from admin.training.grounded import looking, squad
from admin.training.grounded.candidates import Candidate
from admin.training.grounded.groups import REFUSAL
from chat.rag.answer import Source

TEXTS = (
    "The mill was built in 1874. Its wheel has forty paddles.",
    "The bridge beside the mill carries carts of two tons. It was closed for a winter.",
    "The miller's house has nine windows, which look south. Swallows nest below its roof.",
    "The weir is opened by hand. In dry years it stays shut from June to September.",
)


def source(place: int) -> Source:
    return Source(
        place + 1, 1.0, 1, 1, 0.9, place, "mill.txt", 1, 1, 1, None, 100 * place, 100 * place + 90, "", TEXTS[place]
    )  # fmt: skip


def fact(number: int, answer: str, quote: str) -> Candidate:
    return Candidate(f"q{number}", f"question {number}?", "mill.txt", "mill.txt", answer, quote, [answer])


BUILT = fact(1, "1874", "The mill was built in 1874.")
PADDLES = fact(2, "forty", "Its wheel has forty paddles.")
CARTS = fact(3, "two tons", "The bridge beside the mill carries carts of two tons.")
NEAR = Candidate("q4", "When was the bridge built?", "mill.txt", "mill.txt", near=TEXTS[1])


def test_the_answer_names_the_passage_that_bears_it() -> None:
    assert CARTS.completion([source(0), source(1)]) == "two tons [2]"
    assert CARTS.completion([source(1), source(0)]) == "two tons [1]"
    assert NEAR.completion([source(0), source(1)]) == REFUSAL


def test_what_was_not_found_is_refused_unless_the_answer_stands_elsewhere() -> None:
    assert CARTS.completion([source(2), source(3)]) == REFUSAL
    elsewhere = Candidate("q5", "How many?", "mill.txt", "mill.txt", "nine", "There are nine of them.", ["nine"])
    assert elsewhere.completion([source(2)]) is None, "a passage that nobody marked says it"


def test_questions_of_the_same_passages_are_asked_together_and_each_once() -> None:
    def look(_question: str) -> list[Source]:
        return [source(0), source(1)]

    made = list(looking.groups([BUILT, PADDLES, CARTS, NEAR], look, "x-", Random(1)))
    ids = [asked.id for group in made for asked in group.asked]
    assert len(ids) == len(set(ids))
    assert all(len(group.asked) >= looking.LEAST_ASKED for group in made)
    assert made[0].document == "mill.txt"
    assert [passage.text for passage in made[0].passages] == [*TEXTS[: len(made[0].passages)]]


def test_a_question_is_near_only_where_its_own_paragraph_is_shown() -> None:
    assert NEAR.comes_near([source(1)])
    assert not NEAR.comes_near([source(2)])


def test_of_the_sentences_that_hold_the_answer_the_one_like_the_question_bears_it() -> None:
    context = "In 1874 nothing happened. The mill was built in 1874 by the village. Later it burned."
    assert squad.bearing_sentence(context, "When was the mill built?", ["1874"]).startswith("The mill was built")
    assert squad.shortest(["in 1874", "1874", "1874"]) == "1874"
