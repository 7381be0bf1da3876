"""The prompt's order is fixed, it is the same for the same passages, and it fits whatever it is made of."""

import random
from itertools import permutations

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from chat.models.quoting import PASSAGES
from chat.rag import prompt
from chat.rag.answer import Turn
from tests.rag.library import source

CHANCE = random.Random(1)
TEXTS = {
    "prose": "The ferry leaves at nine. " * 400,
    "emoji": "🦭🏴‍☠️👩🏽‍🚀" * 1000,
    "chinese": "渡轮在晚上十点停航。" * 800,
    "base64": "".join(CHANCE.choices("ABCDEFabcdef0123456789+/", k=9000)),
    "digits": "0123456789" * 900,
    "marks": "|-#*{}\\" * 1200,
    "no spaces": "x" * 9000,
    "surrogate": "a\ud800b" * 2000,
}
WINDOW = 4000
"""Tokens: less than half of what the bundled model can hold, by a bound that holds for any byte-level tokenizer."""


def test_order_is_system_passages_history_question() -> None:
    turns = [Turn("first?", "one"), Turn("second?", "two")]
    messages = prompt.rag_messages("third?", turns, [source("Alpha."), source("Beta.", rank=2)])
    kinds = [SystemMessage, HumanMessage, AIMessage, HumanMessage, AIMessage, HumanMessage]
    assert [type(message) for message in messages] == kinds
    assert [message.content for message in messages[1:]] == ["first?", "one", "second?", "two", "third?"]
    system = str(messages[0].content)
    assert system.index(prompt.INSTRUCTIONS) < system.index("[1] Rules\nAlpha.") < system.index("[2] Rules\nBeta.")


def test_the_same_passages_make_the_same_prompt_in_whatever_order_they_were_found() -> None:
    found = [source("Alpha.", rank=1), source("Beta.", rank=2, start=300), source("Gamma.", rank=3, document_id=2)]
    prompts = {prompt.digest(prompt.rag_messages("why?", [], prompt.select(order)[:1])) for order in [found]}
    prompts |= {str(prompt.rag_messages("why?", [], prompt.select(order))[0].content) for order in permutations(found)}
    assert len(prompts) == 2, "one digest and one system message"


def test_quotations_are_made_from_the_best_passage_first() -> None:
    found = [source("Best.", rank=1, document_id=9), source("Second.", rank=2, document_id=1)]
    chosen = prompt.select(found)
    assert [passage.text for passage in chosen] == ["Second.", "Best."]
    assert prompt.rag_messages("why?", [], chosen)[-1].additional_kwargs[PASSAGES] == ["Best.", "Second."]


@pytest.mark.parametrize("kind", TEXTS)
def test_it_fits_the_window_whatever_the_texts_are(kind: str) -> None:
    text = TEXTS[kind]
    found = [source(text, rank=rank, section=text, document=text, document_id=rank) for rank in range(1, 9)]
    messages = prompt.rag_messages(text, [Turn(text, text)] * 5, prompt.select(found))
    size = sum(prompt.tokens_at_most(str(message.content)) + 10 for message in messages)
    assert size + prompt.ANSWER_TOKENS < WINDOW
    assert messages[-1].content, "something of the question is always left"


@pytest.mark.parametrize("kind", [kind for kind in TEXTS if kind != "surrogate"])
def test_the_bound_holds_for_a_real_tokenizer(kind: str) -> None:
    """The bundled embedder's tokenizer folds unknown text together; raw bytes are the worst case there can be."""
    text = TEXTS[kind]
    assert prompt.tokens_at_most(prompt.clip(text, 500)) <= 500
    if not text.isascii():
        assert prompt.tokens_at_most(text) >= len(text.encode())


@pytest.mark.parametrize("tokens", [1, 2, 10, 799, 800, 100_000])
def test_clip_keeps_the_beginning_and_all_that_fits(tokens: int) -> None:
    for text in ("", "a", "word " * 300, "🦭" * 300):
        clipped = prompt.clip(text, tokens)
        assert text.startswith(clipped)
        assert prompt.tokens_at_most(clipped) <= tokens
        if prompt.tokens_at_most(text) <= tokens:
            assert clipped == text


def test_at_least_one_passage_is_chosen_and_never_too_many() -> None:
    assert prompt.select([]) == []
    assert len(prompt.select([source("x" * 9000), source("y")])) == 1
    assert len(prompt.select([source("short", rank=rank) for rank in range(1, 11)])) == prompt.MOST_PASSAGES


def test_a_prompt_is_known_by_what_it_says() -> None:
    one = prompt.rag_messages("why?", [], [source("Alpha.")])
    assert prompt.digest(one) == prompt.digest(prompt.rag_messages("why?", [], [source("Alpha.")]))
    assert prompt.digest(one) != prompt.digest(prompt.rag_messages("why?", [], [source("Beta.")]))
    assert len(prompt.digest(prompt.base_messages("lone \ud800 surrogate", []))) == 64
