"""A small library about ferries, questions to it, and evaluations of it, run without waiting for a worker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from admin.curation.formats.parser import Parser
from admin.evaluation.reading import Report
from admin.evaluation.run import Evaluating
from admin.evaluation.starting import Wanted
from admin.service.evaluations import Evaluations
from chat.models.chat import ModelConnection
from chat.models.embedder import Embedder
from chat.models.quoting import QuotingChatModel
from chat.rag.chain import Chain
from chat.store.database import Database
from chat.store.questions import Label, NewQuestion
from tests.conftest import OWNER
from tests.rag.library import Library, make_chain, make_library, models

DOCUMENTS = {
    "tickets.md": "# Tickets\n\nA return ticket must be used within 21 days of the outward crossing. It is green.\n",
    "dogs.md": "# Dogs\n\nDogs travel free of charge on the car deck. In the saloon a dog pays 4 marks.\n",
    "harbour.md": "# Harbour\n\nThe harbour gate closes at 22:15 in the evening, and opens again at 05:30.\n",
}


def question(key: str, text: str, answer: str, document: str, quote: str, kind: str = "number") -> NewQuestion:
    return NewQuestion(key, text, [answer], type=kind, labels=[Label(document, quote)])


RETURN = "A return ticket must be used within 21 days of the outward crossing."
QUESTIONS = [
    question("q1", "How long is a return ticket valid?", "21 days", "tickets.md", RETURN),
    question("q2", "When does the harbour gate close?", "22:15", "harbour.md", "The harbour gate closes at 22:15"),
    question("q3", "What does a dog pay in the saloon?", "4 marks", "dogs.md", "In the saloon a dog pays 4 marks."),
    question("q4", "Which colour has a return ticket?", "green", "tickets.md", "It is green.", "fact"),
    NewQuestion("q5", "Who painted the ceiling of the opera house in Vienna?", answerable=False, type="unanswerable"),
]


class Quotes(QuotingChatModel):
    """Says what stands in its passages; without any, that it has none."""

    def _quote(self, messages: Sequence[BaseMessage]) -> str:
        return super()._quote(messages) or "The documents do not say."


@dataclass(frozen=True)
class Bench:
    """Starts evaluations and runs them at once, with whatever model the test brings along."""

    service: Evaluations
    library: Library
    chain: Callable[[], Chain]

    def evaluating(self) -> Evaluating:
        @contextmanager
        def asker() -> Iterator[Chain]:
            yield self.chain()

        return Evaluating(self.library.database.sessions, asker)

    def start(self, *arms: str, **more: Any) -> int:
        wanted = Wanted("ferries", arms, "ferries", file=more.pop("file", QUESTIONS), **more)
        return self.service.start(wanted)

    def run(self, evaluation_id: int, go_on: Callable[[], bool] = lambda: True) -> None:
        self.evaluating().work(go_on, evaluation_id)

    def evaluate(self, *arms: str, **more: Any) -> Report:
        evaluation_id = self.start(*arms, **more)
        self.run(evaluation_id)
        return self.service.report(evaluation_id)


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    library = make_library(database, embedder, parser, home)
    for name, text in DOCUMENTS.items():
        library.add(name, text, "ferries")
    return library


@pytest.fixture
def quotes(embedder: Embedder) -> ModelConnection:
    """A model that answers with the documents' own sentences, and the same ones every time."""
    return models(Quotes(embedder=embedder), "quotes")


@pytest.fixture
def bench(library: Library, quotes: ModelConnection) -> Bench:
    return bench_with(library, quotes)


def bench_with(library: Library, way: ModelConnection) -> Bench:
    service = Evaluations(library.database.sessions, "bundled", person=OWNER)
    return Bench(service, library, lambda: make_chain(library, way))


def values(report: Report, arm: str) -> dict[str, float]:
    """The means of an arm, without times: those are never the same twice."""
    return {name: found.value for name, found in report.findings.arms[arm].items() if not name.endswith("_ms")}
