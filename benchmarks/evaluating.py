"""What the harness of an evaluation adds to the model's own time, and what it gains by asking several at once.

Every question is asked once before anything is timed, so that no side finds a cache that another one filled.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter

from admin import demo
from admin.curation.bench import labelled
from admin.evaluation import starting
from admin.evaluation.arms import USUAL
from admin.evaluation.run import AT_ONCE, Evaluating
from admin.evaluation.starting import Wanted
from benchmarks.demo import ingest
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat import rights
from chat.models.chat import BATCH, ModelConnection
from chat.models.verifier import Verifier
from chat.rag.answer import Mode
from chat.rag.chain import Chain, Question
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Writer
from chat.rights import Person
from chat.settings import Settings
from chat.store.questions import NewQuestion

ASKED = 8
"""Questions, each of them put to two arms."""
ARMS = USUAL[:2]


def run(bench: Workbench) -> list[Table]:
    """One table: one question after the other, eight at once, and an evaluation of the same questions."""
    ingest(bench)
    with bench.database.sessions() as session:
        person = rights.owner(session)
    chosen = [each for each in labelled.read(demo.FOLDER / "questions.jsonl") if each.follows is None][:ASKED]
    models = ModelConnection(Settings(home=bench.home), BATCH)
    retriever = HybridRetriever(sessions=bench.database.sessions, embedder=bench.embedder, person=person)
    chain = Chain(retriever=retriever, verifier=Verifier(), writer=Writer(models, bench.embedder, wait=True))
    try:
        return [table(measure(bench, chain, person, chosen))]
    finally:
        models.close()


def measure(bench: Workbench, chain: Chain, person: Person, chosen: Sequence[NewQuestion]) -> dict[str, float]:
    """Seconds that each way of asking all questions takes."""
    asked = [Question(each.text, Mode(arm), demo.COLLECTION, person=person) for each in chosen for arm in ARMS]
    bench.say(f"Asking {len(asked)} questions four times …")
    timed(lambda: at_once(chain, asked, AT_ONCE))
    return {
        "one after the other": timed(lambda: at_once(chain, asked, 1)),
        "eight at once, nothing kept": timed(lambda: at_once(chain, asked, AT_ONCE)),
        "an evaluation": timed(lambda: evaluate(bench, chain, person, chosen)),
    }


def at_once(chain: Chain, asked: Sequence[Question], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda question: list(chain.stream(question)), asked))


def evaluate(bench: Workbench, chain: Chain, person: Person, chosen: Sequence[NewQuestion]) -> None:
    """An evaluation from its start to its verdict."""

    @contextmanager
    def asker() -> Iterator[Chain]:
        yield chain

    with bench.database.sessions.begin() as session:
        wanted = Wanted("bench", ARMS, demo.COLLECTION, anew=True, file=chosen)
        evaluation_id = starting.start(session, person, wanted, "bundled").id
    Evaluating(bench.database.sessions, asker).work(lambda: True, evaluation_id)


def timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def table(seconds: dict[str, float]) -> Table:
    alone, bare, _ = seconds.values()
    answers = ASKED * len(ARMS)
    rows = [
        [name, f"{took / answers:.2f}", f"{alone / took:.1f} ×", f"{took / bare - 1:+.1%}"]
        for name, took in seconds.items()
    ]
    return Table(
        "What an evaluation adds",
        ("", "seconds an answer", "faster than one after the other", "against the bare chain"),
        rows,
        f"{answers} answers of the bundled model, {' and '.join(ARMS)}; an evaluation's time includes every measure, "
        "test and interval at its end.",
    )
