"""An answer goes on whoever looks: pages and processes come and go, and the text at its end is the same."""

import asyncio
import os
import random
import time
from contextlib import aclosing
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa

from chat import live as live_module
from chat.errors import AppError, BusyError, NotFoundError
from chat.live import Desk, Growth, Live
from chat.rag.answer import Mode
from chat.rights import Person
from chat.service import Assistant, Choice, ShownMessage
from chat.store import conversations, notices, users
from chat.store.database import Database
from chat.store.tables import AnswerStatus, UserRole
from tests.conftest import OWNER
from tests.live.conftest import SAID, WORDS, Elsewhere, Slow
from tests.rag.library import Library, make_chain, models

RECONNECTS = int(os.environ.get("RECONNECTS", "20"))
"""How often a follower leaves and comes back in one answer."""
ALONE = Choice(Mode.BASE)


def begun(live: Live, question: str = "What is there?") -> tuple[UUID, UUID]:
    """A conversation in which an answer is being written, and that answer's id."""
    conversation_id = live.begin(question, ALONE)
    return conversation_id, shown(live, conversation_id).id


def shown(live: Live, conversation_id: UUID) -> ShownMessage:
    return live.assistant.conversation(conversation_id).messages[-1]


def ended(live: Live, conversation_id: UUID, within_s: float = 20) -> ShownMessage:
    """The answer, once it has ended."""
    until = time.monotonic() + within_s
    while (answer := shown(live, conversation_id)).status == AnswerStatus.STREAMING and time.monotonic() < until:
        time.sleep(0.02)
    return answer


async def growths(live: Live, message_id: UUID, most: int = 10**6) -> list[Growth]:
    """The first so many of what a follower sees."""
    seen: list[Growth] = []
    async with aclosing(live.follow(message_id)) as following:
        async for growth in following:
            seen.append(growth)
            if len(seen) == most:
                break
    return seen


async def spoken(live: Live, message_id: UUID) -> None:
    """Wait until there are words."""
    async for growth in live.follow(message_id):
        if growth.text:
            return


def test_an_answer_that_nobody_looks_at_comes_to_its_end(live: Live) -> None:
    conversation_id, _ = begun(live)
    answer = ended(live, conversation_id)
    assert (answer.text, answer.status) == (SAID, AnswerStatus.COMPLETE)
    assert live.assistant.conversation(conversation_id).title == "What is there?"


async def test_whoever_leaves_and_comes_back_reads_the_same_to_the_end(live: Live, model: Slow) -> None:
    model.pause_s = max(0.02, RECONNECTS * 0.15 / len(WORDS))
    conversation_id, message_id = begun(live)
    read = ""
    for _ in range(RECONNECTS):
        seen = await growths(live, message_id, most=random.randint(1, 3))
        assert all(SAID.startswith(growth.text) for growth in seen)
        assert len(seen[0].text) >= len(read), "nothing that was shown is taken away again"
        read = seen[-1].text
    assert read, "all of that happened while it was being written"
    together = await asyncio.gather(*(growths(live, message_id) for _ in range(3)))
    assert {seen[-1] for seen in together} == {Growth(SAID, True, True)}
    assert model.prompts == model.prompts[:1], "the model was asked once"
    assert shown(live, conversation_id).text == SAID


def test_a_second_process_sees_it_grow_and_end(
    live: Live, model: Slow, database: Database, elsewhere: Elsewhere
) -> None:
    model.pause_s = 0.05
    _, message_id = begun(live)
    lines = list(elsewhere.does(database, "follow", message_id))
    assert lines[-1] == SAID
    assert len(lines) >= 3
    assert all(SAID.startswith(line) for line in lines)


async def test_another_process_stops_it(live: Live, model: Slow, database: Database, elsewhere: Elsewhere) -> None:
    model.pause_s = 0.25
    conversation_id, message_id = begun(live)
    await spoken(live, message_id)
    await asyncio.to_thread(list, elsewhere.does(database, "stop", conversation_id))
    answer = shown(live, conversation_id)
    assert answer.status == AnswerStatus.STOPPED
    assert SAID.startswith(answer.text)
    assert answer.text
    [*_, last] = await growths(live, message_id)
    assert last == Growth(answer.text, True, True)
    await asyncio.sleep(2 * model.pause_s)
    assert model.freed
    assert model.spoken < len(WORDS)


async def test_stop_needs_no_word_of_the_model(live: Live, model: Slow) -> None:
    model.pause_s = 3.0
    conversation_id, message_id = begun(live)
    began = time.monotonic()
    live.stop(conversation_id)
    assert shown(live, conversation_id).status == AnswerStatus.STOPPED
    assert (await growths(live, message_id))[-1].ended
    assert time.monotonic() - began < 1.5


def test_what_a_dead_process_wrote_is_kept_and_can_be_stopped(
    live: Live, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "OBEYED_S", 0.2)
    conversation_id = live.assistant.start_conversation("What is there?")
    other = Elsewhere()
    assert next(other.does(database, "write", conversation_id)) == "(begun)"
    until = time.monotonic() + 20
    while not shown(live, conversation_id).text and time.monotonic() < until:
        time.sleep(0.05)
    other.end()
    left = shown(live, conversation_id)
    assert (left.status, left.text.startswith("word0 word1 ")) == (AnswerStatus.STREAMING, True)
    live.stop(conversation_id)
    stopped = shown(live, conversation_id)
    assert (stopped.status, stopped.text) == (AnswerStatus.STOPPED, left.text)


async def test_followers_see_that_the_sweeper_ended_it(live: Live) -> None:
    conversation_id = live.assistant.start_conversation("What is there?")
    with live.assistant.sessions.begin() as session:
        dead = conversations.add_turn(session, conversation_id, "What is there?", Mode.BASE)
        conversations.grow(session, dead.id, "word0")
    following = asyncio.create_task(growths(live, dead.id))
    await asyncio.sleep(0.1)
    with live.assistant.sessions.begin() as session:
        conversations.seal_abandoned(session, silent_s=0)
    assert (await asyncio.wait_for(following, 5))[-1] == Growth("word0", True, True)


async def test_a_hundred_answers_with_a_follower_each_share_a_few_connections(
    live: Live, model: Slow, database: Database
) -> None:
    model.pause_s = 1.0
    conversation_ids = [await asyncio.to_thread(live.begin, "What is there?", ALONE) for _ in range(100)]
    ids = [shown(live, each).id for each in conversation_ids]
    model.pause_s = 0.05
    following = [asyncio.create_task(growths(live, each)) for each in ids]
    await asyncio.sleep(1)
    with database.sessions() as session:
        count = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        connections = session.execute(count).scalar_one()
    read = await asyncio.wait_for(asyncio.gather(*following), 60)
    assert {seen[-1].text for seen in read} == {SAID}
    assert sum(len(seen) > 3 for seen in read) > 50, "most were at it while theirs was written"
    assert connections <= 20 + 2, "the pool, the one that listens, and this one"


async def test_a_lost_connection_of_the_listener_is_made_anew(
    live: Live, model: Slow, database: Database, elsewhere: Elsewhere
) -> None:
    model.pause_s = 0.5
    with database.sessions.begin() as session:
        listening = sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        until = time.monotonic() + 5
        while not session.execute(listening).all() and time.monotonic() < until:
            await asyncio.sleep(0.05)
    conversation_id, message_id = begun(live)
    await spoken(live, message_id)
    await asyncio.sleep(notices.RETRY_S + 0.5)
    await asyncio.to_thread(list, elsewhere.does(database, "stop", conversation_id))
    await asyncio.sleep(2 * model.pause_s)
    assert model.freed, "the notice was heard on the new connection"


async def test_without_notices_a_follower_is_at_most_a_second_behind(
    library: Library, live: Live, model: Slow, database: Database
) -> None:
    model.pause_s = 0.1
    deaf = Live(live.assistant, Desk(database.conninfo))
    _, message_id = begun(live)
    times = [time.monotonic()]
    async for growth in deaf.follow(message_id):
        times.append(time.monotonic())
        assert SAID.startswith(growth.text)
    assert growth.text == SAID
    assert max(later - before for before, later in pairwise(times[1:])) < 2.0


def test_deleting_the_conversation_frees_the_model(live: Live, model: Slow) -> None:
    model.pause_s = 0.1
    conversation_id, _ = begun(live)
    live.assistant.delete_conversation(conversation_id)
    until = time.monotonic() + 10
    while not model.freed and time.monotonic() < until:
        time.sleep(0.05)
    assert model.spoken < len(WORDS)


def test_a_failure_says_why_to_whoever_looks_later(library: Library, desk: Desk) -> None:
    nobody = Assistant(library.database.sessions, make_chain(library, models(None)), person=OWNER)
    live = Live(nobody, desk)
    conversation_id, _ = begun(live)
    answer = ended(live, conversation_id)
    assert answer.status == AnswerStatus.FAILED
    assert "model" in answer.problem


def test_what_cannot_be_begun_leaves_no_conversation(live: Live) -> None:
    for question, choice in (("", ALONE), ("What is there?", Choice(None, "no-such-adapter"))):
        with pytest.raises(AppError):
            live.begin(question, choice)
    assert live.assistant.conversations() == []


async def test_what_others_ask_is_not_there(live: Live, model: Slow) -> None:
    conversation_id, message_id = begun(live)
    with live.assistant.sessions.begin() as session:
        added = users.add(session, "stranger", UserRole.ASKER)
        stranger = Person(added.id, "stranger", UserRole.ASKER)
    theirs = Live(live.assistant.for_person(stranger), live.desk)
    with pytest.raises(NotFoundError):
        await growths(theirs, message_id)
    for call in (
        lambda: theirs.stop(conversation_id),
        lambda: theirs.begin("And now?", ALONE, conversation_id=conversation_id),
        lambda: theirs.begin("And now?", ALONE, conversation_id=conversation_id, instead_of=message_id),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert ended(live, conversation_id).text == SAID


def test_the_end_of_the_process_keeps_what_was_said_and_takes_no_more(live: Live, model: Slow) -> None:
    model.pause_s = 0.1
    conversation_id, _ = begun(live)
    time.sleep(0.5)
    live.desk.close()
    answer = shown(live, conversation_id)
    assert (answer.status, SAID.startswith(answer.text), bool(answer.text)) == (AnswerStatus.STOPPED, True, True)
    with pytest.raises(BusyError):
        live.begin("And now?", ALONE)
