"""What speaks when no model can: sentences of the passages, word for word, as a LangChain chat model."""

import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from chat.models.embedder import Embedder
from chat.models.quoting import MOST_SENTENCES, PASSAGES, QuotingChatModel, best_sentences, quotation

PETS = "# Pets\n\n- Dogs travel free on a lead.\n- Cats stay in a basket.\n\nThe saloon opens at nine."
LEAVE = "Crew get 31 days of annual leave.\nUnused days expire in March."


def asked(question: str, *passages: str) -> HumanMessage:
    return HumanMessage(question, additional_kwargs={PASSAGES: list(passages)})


class TestUnit(ChatModelUnitTests):
    """LangChain's own suite, without asking."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuotingChatModel

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {"embedder": Embedder(dtype="float32")}


class TestIntegration(ChatModelIntegrationTests):
    """LangChain's own suite; the passages it does not know of are given with every question."""

    @pytest.fixture(autouse=True)
    def _embedder(self, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
        quote = QuotingChatModel._quote
        monkeypatch.setattr(QuotingChatModel, "_quote", lambda self, messages: quote(self, [asked("dogs", PETS)]))
        self.embedder = embedder

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuotingChatModel

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {"embedder": Embedder(dtype="float32")}

    @property
    def returns_usage_metadata(self) -> bool:
        return False

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False


def test_the_best_sentence_is_said_word_for_word(embedder: Embedder) -> None:
    model = QuotingChatModel(embedder=embedder)
    messages = [SystemMessage("Be kind."), asked("Do dogs travel free?", PETS, LEAVE)]
    assert model.invoke(messages).text == "Dogs travel free on a lead."
    assert "".join(chunk.text for chunk in model.stream(messages)) == "Dogs travel free on a lead."
    assert len(list(model.stream(messages))) > 3


def test_every_quote_is_a_span_of_its_passage(embedder: Embedder) -> None:
    quotes = best_sentences("How many days of leave are there?", [PETS, LEAVE], embedder)
    assert 1 <= len(quotes) <= MOST_SENTENCES
    assert quotes[0].passage == 1
    assert LEAVE[quotes[0].start : quotes[0].end] == "Crew get 31 days of annual leave."
    assert quotes == sorted(quotes, key=lambda quote: -quote.score)


@pytest.mark.parametrize("passages", [[], [""], ["   \n"], ["# Only a heading"], ["|---|---|", "```"]])
def test_where_there_is_no_sentence_nothing_is_said(embedder: Embedder, passages: list[str]) -> None:
    assert quotation("Do dogs travel free?", passages, embedder) == ""
    assert QuotingChatModel(embedder=embedder).invoke([asked("dogs?", *passages)]).text == ""


@pytest.mark.parametrize("question", ["", "the of", "🦭", "' \\ % {}", "x" * 20_000])
def test_any_question_is_answered_with_a_sentence(embedder: Embedder, question: str) -> None:
    said = quotation(question, [PETS, LEAVE], embedder)
    assert said
    assert all(line in f"{PETS}\n{LEAVE}" for line in said.split("\n\n"))
    assert np.isfinite([quote.score for quote in best_sentences(question, [PETS], embedder)]).all()
