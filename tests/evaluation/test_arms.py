"""How arms are written, and the passages that say otherwise."""

import pytest

from admin.evaluation import arms
from admin.evaluation.arms import Arm, Given
from admin.evaluation.asked import Asked, read
from admin.evaluation.conflict import conflict
from chat.errors import InvalidInputError
from chat.rag.answer import Mode
from chat.store.adapters import Named
from tests.rag.library import source

FORMAL = Named("formal", "f" * 64)


@pytest.mark.parametrize(
    ("name", "mode", "given", "adapts"),
    [
        ("base", Mode.BASE, None, False),
        ("rag@3", Mode.RAG, None, False),
        ("adapter", Mode.ADAPTER, None, True),
        ("rag+adapter:formal", Mode.RAG_ADAPTER, None, True),
        ("oracle", Mode.RAG, Given.ORACLE, False),
        ("empty+adapter:formal", Mode.RAG_ADAPTER, Given.EMPTY, True),
    ],
)
def test_an_arm_is_what_its_name_says(name: str, mode: Mode, given: Given | None, adapts: bool) -> None:
    (written,) = arms.read([name])
    made = arms.made(written, FORMAL)
    assert (made.mode, made.given, made.adapter) == (mode, given, FORMAL if adapts else None)
    assert Arm.of(made.as_dict()) == made


@pytest.mark.parametrize("name", ["", "magic", "rag:formal", "base@3", "oracle@3", "rag+adapter:For mal", "rag@x"])
def test_what_is_no_arm_is_refused_in_words(name: str) -> None:
    with pytest.raises(InvalidInputError):
        arms.read([name])


def asked(position: int, answer: str, kind: str = "number") -> Asked:
    return Asked(position, f"q{position}", "?", [answer], type=kind)


def test_a_figure_is_exchanged_for_another_of_its_shape_and_keeps_its_unit() -> None:
    every = [asked(0, "21 days"), asked(1, "22:15"), asked(2, "96 marks")]
    found = conflict(every[0], [source("Valid for 21 days, not 121 days.")], every)
    assert found is not None
    assert (found.answer, found.passages[0].text) == ("96 days", "Valid for 96 days, not 121 days.")


def test_words_are_exchanged_for_an_answer_of_the_same_type() -> None:
    every = [asked(0, "the purser", "person"), asked(1, "the captain", "person"), asked(2, "green", "colour")]
    found = conflict(every[0], [source("Ask the Purser.")], every)
    assert found is not None
    assert found.passages[0].text == "Ask the captain."


def test_an_answer_that_does_not_stand_there_cannot_be_exchanged() -> None:
    assert conflict(asked(0, "no"), [source("Nobody may.")], [asked(0, "no"), asked(1, "yes")]) is None


def test_a_sample_is_the_same_every_time_and_keeps_its_order() -> None:
    rows = [{"id": str(n), "question": f"Question {n}?", "follows": str(n - 1) if n else None} for n in range(50)]
    some = read(rows, 10)
    assert len(some) == 10
    assert some == read(rows, 10)
    assert [each.position for each in some] == sorted(each.position for each in some)
    assert all(each.history[0].question == f"Question {each.position - 1}?" for each in some if each.position)
