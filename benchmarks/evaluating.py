"""What the harness of an evaluation adds to the model's own time, and what it gains by asking several at once.

Every side begins with an engine that has just started: none finds prompts that another one let it read.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from langchain_core.messages import BaseMessage

from admin import demo
from admin.curation.bench import labelled
from admin.evaluation import planning, starting
from admin.evaluation.arms import USUAL
from admin.evaluation.run import AT_ONCE, Asking, Evaluating, Task, tasks
from admin.evaluation.starting import Wanted
from benchmarks.demo import ingest
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat import rights
from chat.engine.process import Address, stop_unused
from chat.models.chat import BATCH, ModelConnection
from chat.models.verifier import Verifier
from chat.rag import abstain, prompt
from chat.rag.chain import Chain
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Clock, Writer
from chat.rights import Person
from chat.settings import Settings
from chat.store.questions import NewQuestion

ASKED = 10
"""Questions, each of them put to two arms."""
ARMS = USUAL[:2]
Asked = TypeVar("Asked")
ALONE, MODEL, CHAIN, EVALUATION = "one after the other", "the model alone", "the bare chain", "an evaluation"


@dataclass(frozen=True)
class Stand:
    """What all sides are asked with."""

    bench: Workbench
    models: ModelConnection
    chain: Chain
    person: Person

    def fresh(self) -> None:
        """See to it that an engine answers which has read nothing yet."""
        self.models.close()
        stop_unused(self.bench.home)
        while Address.read(self.bench.home):
            time.sleep(0.05)
        self.models.get()

    def evaluation(self, chosen: Sequence[NewQuestion]) -> int:
        """A new evaluation of these questions. Returns its id."""
        with self.bench.database.sessions.begin() as session:
            wanted = Wanted("bench", ARMS, demo.COLLECTION, anew=True, file=chosen)
            return starting.start(session, self.person, wanted, "bundled").id

    def evaluate(self, evaluation_id: int) -> None:
        """Run it, from its plan to its verdict."""

        @contextmanager
        def asker() -> Iterator[Chain]:
            yield self.chain

        Evaluating(self.bench.database.sessions, asker).work(lambda: True, evaluation_id)

    def asking(self, evaluation_id: int) -> Asking:
        """What asks the questions of that evaluation."""
        with self.bench.database.sessions() as session:
            made = planning.plan(session, evaluation_id)
        return Asking(self.bench.database.sessions, self.chain, self.models.get(), made)


def run(bench: Workbench) -> list[Table]:
    """One table: the same questions one by one, as bare prompts, through the bare chain, and as an evaluation."""
    ingest(bench)
    with bench.database.sessions() as session:
        person = rights.owner(session)
    chosen = [each for each in labelled.read(demo.FOLDER / "questions.jsonl") if each.follows is None][:ASKED]
    models = ModelConnection(Settings(home=bench.home), BATCH)
    retriever = HybridRetriever(sessions=bench.database.sessions, embedder=bench.embedder, person=person)
    chain = Chain(retriever=retriever, verifier=Verifier(), writer=Writer(models, bench.embedder, wait=True))
    try:
        return [table(measure(Stand(bench, models, chain, person), chosen))]
    finally:
        models.close()


def measure(stand: Stand, chosen: Sequence[NewQuestion]) -> dict[str, float]:
    """Seconds that each way of asking all questions takes."""
    stand.bench.say("Preparing the bundled model …")
    stand.evaluate(stand.evaluation(chosen[:1]))  # whatever is read or imported once, is now
    evaluation_id = stand.evaluation(chosen)
    asking = stand.asking(evaluation_id)
    asked = list(tasks(asking.made))
    written = [messages for task in asked if (messages := prompt_of(asking, task))]
    sides: dict[str, Callable[[], object]] = {
        ALONE: lambda: at_once(lambda task: answer(asking, task), asked, 1),
        MODEL: lambda: at_once(lambda messages: write(stand.chain, messages), written, AT_ONCE),
        CHAIN: lambda: at_once(lambda task: answer(asking, task), asked, AT_ONCE),
        EVALUATION: lambda: stand.evaluate(evaluation_id),
    }
    return {name: timed(stand, name, side) for name, side in sides.items()}


def prompt_of(asking: Asking, task: Task) -> Sequence[BaseMessage]:
    """What the model reads for it; nothing where the chain refuses before the model is asked."""
    chain, question = asking.asker(task), asking.question(task)
    if not question.mode.retrieves:
        return prompt.base_messages(question.text, question.history)
    found = chain.find(question)
    assert found.retrieved_with is not None
    refused = abstain.judge(found.searched, found.sources, chain.verifier, found.retrieved_with.threshold).refuse
    return [] if refused else prompt.rag_messages(question.text, question.history, found.chosen())


def at_once(ask: Callable[[Asked], object], asked: Sequence[Asked], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, asked))


def write(chain: Chain, messages: Sequence[BaseMessage]) -> None:
    """Let the model write, and do nothing with it."""
    for _ in chain.writer.write(messages, Clock()):
        pass


def answer(asking: Asking, task: Task) -> None:
    """Let the chain answer, and keep nothing."""
    for _ in asking.asker(task).stream(asking.question(task)):
        pass


def timed(stand: Stand, name: str, work: Callable[[], object]) -> float:
    stand.fresh()
    stand.bench.say(f"Asking: {name} …")
    began = perf_counter()
    work()
    return perf_counter() - began


def table(seconds: dict[str, float]) -> Table:
    answers = ASKED * len(ARMS)
    rows = [
        [name, f"{took / answers:.2f}", f"{seconds[ALONE] / took:.1f} ×", f"{took / seconds[MODEL] - 1:+.1%}"]
        for name, took in seconds.items()
    ]
    note = (
        f"{answers} answers of the bundled model, {' and '.join(ARMS)}; all but the first row {AT_ONCE} at once, "
        "each row with an engine that has just started. The model alone is given the very prompts, and nothing is done "
        "with what it writes; an evaluation's time includes every measure, test and interval at its end. Aims: 3 × and "
        "at most +5 %."
    )
    columns = ("", "seconds an answer", "faster than one by one", "more than the model alone")
    return Table("What an evaluation adds", columns, rows, note)
