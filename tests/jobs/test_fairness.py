"""Who queues thousands does not keep others waiting, and is not kept waiting by them."""

from collections.abc import Callable

import sqlalchemy as sa

from admin.worker import Task
from chat.store import jobs
from tests.jobs.running import nothing, run_until, work_for
from tests.rag.library import Library


def queue(library: Library, *owners: str) -> None:
    with library.database.sessions.begin() as session:
        for owner in owners:
            jobs.enqueue(session, "note", share=owner, owner=owner)


def noting(order: list[str], then: Callable[[str], None] = nothing) -> Task:
    """A task that writes down whose job it is."""

    def note(_go_on: Callable[[], bool], owner: str) -> None:
        order.append(owner)
        then(owner)

    return Task("note", note, nothing)


def test_one_job_beside_two_thousand_is_among_the_next_few(library: Library) -> None:
    queue(library, *["many"] * 2000)
    order: list[str] = []
    run_until(work_for(library, noting(order)), lambda: len(order) >= 5)
    begun = len(order)
    queue(library, "one")
    run_until(work_for(library, noting(order)), lambda: "one" in order)
    assert order.index("one") - begun <= 2
    assert order[:5] == ["many"] * 5


def test_whoever_queued_much_gets_every_second_turn_while_others_go_on_queueing(library: Library) -> None:
    queue(library, *["many"] * 40, *["few"] * 3)
    order: list[str] = []

    def another(owner: str) -> None:
        if owner == "few":
            queue(library, "few", "few")

    run_until(work_for(library, noting(order, another)), lambda: len(order) >= 40)
    assert 18 <= order[:40].count("many") <= 22


def test_shares_take_turns(library: Library) -> None:
    queue(library, *"aaaabbc")
    order: list[str] = []
    run_until(work_for(library, noting(order)), lambda: len(order) >= 7)
    assert "".join(order) == "abcabaa"


def test_a_queue_of_100_000_jobs_costs_no_more_than_a_short_one(library: Library) -> None:
    """Measured in what Postgres reads, so that a busy machine does not matter."""
    with library.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER"))
        connection.execute(
            sa.text("""
                INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)
                SELECT 'default', 'note', -number, jsonb_build_object('share', 'many', 'owner', 'many')
                FROM generate_series(0, 99999) AS number
            """)
        )
        connection.execute(sa.text("ALTER TABLE procrastinate_jobs ENABLE TRIGGER USER"))
        connection.execute(sa.text("ANALYZE procrastinate_jobs"))
    with library.database.sessions() as session:
        plan = session.execute(
            sa.text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {jobs.NEXT_TURN.text}"),
            {"queue": jobs.QUEUE, "share": "one"},
        )
        root = plan.scalar_one()[0]["Plan"]
        assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < 50
        assert session.execute(jobs.NEXT_TURN, {"queue": jobs.QUEUE, "share": "many"}).scalar_one() == 100_000
    queue(library, "one")
    order: list[str] = []
    run_until(work_for(library, noting(order)), lambda: len(order) >= 2)
    assert "one" in order[:2]
