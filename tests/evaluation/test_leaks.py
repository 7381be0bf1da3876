"""An adapter that was trained on the questions it is asked is named, and its numbers are said to prove nothing."""

from admin.service.snapshots import Snapshots, Wanted
from chat.store.tables import Adapter, Run
from tests.checks.conftest import Add, add, snapshots, told
from tests.evaluation.conftest import QUESTIONS, bench_with
from tests.rag.library import Library, Speaker, models

__all__ = ["add", "snapshots"]


def adapter(library: Library, name: str, snapshot_id: int) -> None:
    """Register an adapter that a training run made of that snapshot."""
    collection = library.scalar("SELECT id FROM collections WHERE name = 'ferries'")
    with library.database.sessions.begin() as session:
        run = Run(snapshot_id=snapshot_id, collection_id=collection, preset="p", base="b", settings={})
        session.add(run)
        session.flush()
        digest = name[0] * 64
        session.add(Adapter(name=name, digest=digest, base="b", rank=4, bytes=1, origin="training", run_id=run.id))


def test_an_adapter_that_learned_the_questions_is_named(library: Library, add: Add, snapshots: Snapshots) -> None:
    for name, question in (("exam", QUESTIONS[0].text), ("fair", "Who sweeps the long quay at night?")):
        add({name: told(question, "Whoever it is.")}, "ferries" if name == "exam" else "other")
    learned = snapshots.create(Wanted("exam", "ferries"))
    fair = snapshots.create(Wanted("fair", "other"))
    adapter(library, "exam", learned.id)
    adapter(library, "fair", fair.id)
    bench = bench_with(library, models(Speaker(answers=["21 days"]), "speaker"))
    made = bench.evaluate("rag", "rag+adapter:exam", "rag+adapter:fair")
    (leak,) = made.result["leaked"]
    assert (leak["adapter"], leak["snapshot"], leak["questions"]) == ("exam", "exam", ["q1"])
    assert made.advice[0].finding.startswith("The adapter exam was trained on questions of this set")
