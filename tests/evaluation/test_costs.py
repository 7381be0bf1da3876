"""What answers cost beside time: prices by tokens, and the memory of the engine."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from admin.evaluation import costs, figures, metrics, report
from admin.evaluation.metrics import Said
from chat.engine.process import Address
from chat.models.chat import Connected, ModelConnection
from chat.models.embedder import Embedder
from chat.settings import Settings
from tests.evaluation.conftest import Quotes, bench_with
from tests.rag.library import Library, models

PRICED = Settings(model="http://127.0.0.1:9/v1", price_prompt=0.5, price_answer=2.0)
TOLD: dict[str, Any] = {"model": "large", "usage": {"prompt_tokens": 1_000, "completion_tokens": 100}}


@pytest.mark.parametrize(
    ("settings", "receipt", "price"),
    [
        (PRICED, TOLD, 700.0),
        (PRICED.model_copy(update={"price_answer": None}), TOLD, 500.0),
        (Settings(), TOLD, None),
        (PRICED, TOLD | {"usage": None}, None),
        (PRICED, {"model": None, "usage": None}, 0.0),
    ],
    ids=["of both", "of the prompt alone", "none is set", "tokens not told", "no model was asked"],
)
def test_the_price_of_a_thousand_answers(settings: Settings, receipt: dict[str, Any], price: float | None) -> None:
    assert costs.price(settings, receipt) == price


def test_a_price_is_an_amount_of_which_less_is_better() -> None:
    values = metrics._cost(Said("It is green.", refused=False, tokens=3, price=0.25))
    assert values == {metrics.TOKENS: 3.0, metrics.PRICE: 0.25}
    assert metrics.PRICE in metrics.AMOUNTS & metrics.LESS_IS_BETTER
    assert figures.gain(metrics.PRICE, -0.25) == "−0.25"


def test_the_memory_is_that_of_the_engine_of_this_machine(home: Path) -> None:
    settings = Settings(home=home)
    assert costs.memory(settings) is None
    Address("http://127.0.0.1:9", "key", os.getpid(), "tiny", "bundled").write(home)
    assert costs.memory(settings) == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    assert costs.memory(settings.model_copy(update={"model": PRICED.model})) is None
    Address("http://127.0.0.1:9", "key", 2**22 + 1, "tiny", "bundled").write(home)
    assert costs.memory(settings) is None


def test_the_report_sets_quality_against_price_where_there_is_one(library: Library, embedder: Embedder) -> None:
    free = bench_with(library, models(Quotes(embedder=embedder), "quotes")).evaluate("rag")
    assert "Quality against price" not in report.body(free)
    way = ModelConnection(PRICED, _connected=Connected(Paid(embedder=embedder), "quotes"))
    paid = bench_with(library, way).evaluate("rag", anew=True)
    [answered] = [each for key, each in paid.replies.items() if key == ("rag", 0)]
    assert answered.measures[metrics.PRICE] == 1_000 * (200 * 0.5 + 10 * 2.0) / 1_000
    page = report.body(paid)
    assert "Quality against price" in page
    assert "for 1,000 answers" in page


class Paid(Quotes):
    """Says how many tokens it took."""

    def _stream(self, *args: Any, **more: Any) -> Iterator[ChatGenerationChunk]:
        yield from super()._stream(*args, **more)
        usage = UsageMetadata(input_tokens=200, output_tokens=10, total_tokens=210)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))
