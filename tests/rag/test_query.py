"""A follow-up is searched for with what it leans on; a question that stands alone is left alone."""

import pytest

from chat.rag.answer import Turn
from chat.rag.query import condense_by_model, condense_by_rule, leans
from tests.rag.library import Speaker, texts

HISTORY = [
    Turn("What is on the menu?", "Herring."),
    Turn("How many days of leave do full-timers get?", "They get 30 days."),
]
FOLLOW_UP = "And for part-timers?"


@pytest.mark.parametrize(
    "question", [FOLLOW_UP, "Why?", "How long is it valid?", "What about Sundays then?", "und am Sonntag?", "When?"]
)
def test_a_question_that_leans_is_put_after_the_one_before(question: str) -> None:
    assert leans(question)
    assert condense_by_rule(question, HISTORY) == f"How many days of leave do full-timers get? {question}"


@pytest.mark.parametrize(
    "question",
    ["How much luggage may passengers carry on board?", "Which certificates must an engineer renew every year?"],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    silent = Speaker(answers=["something else"])
    assert condense_by_rule(question, HISTORY) == question
    assert condense_by_model(question, HISTORY, silent) == question
    assert not silent.prompts, "a model need not be asked"


def test_without_history_nothing_is_leaned_on() -> None:
    assert condense_by_rule(FOLLOW_UP, []) == FOLLOW_UP
    assert condense_by_model(FOLLOW_UP, [], Speaker(answers=["x"])) == FOLLOW_UP


def test_a_model_that_can_rewrites_the_question() -> None:
    model = Speaker(answers=['"How many days of leave do part-timers get?"'])
    assert condense_by_model(FOLLOW_UP, HISTORY, model) == "How many days of leave do part-timers get?"
    [prompt] = model.prompts
    assert "full-timers" in texts(prompt)[-1]
    assert FOLLOW_UP in texts(prompt)[-1]


@pytest.mark.parametrize("useless", ["", "  ", '""', "Sure!\nHere it is: leave", "leave " * 200])
def test_what_a_model_writes_that_is_no_use_is_replaced_by_the_rule(useless: str) -> None:
    assert condense_by_model(FOLLOW_UP, HISTORY, Speaker(answers=[useless])) == condense_by_rule(FOLLOW_UP, HISTORY)
