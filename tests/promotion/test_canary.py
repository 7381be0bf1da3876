"""Trials: who is asked to try, what is counted, and when one is taken back by itself."""

from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy as sa

from admin.promotion import watching
from admin.promotion.canary import Share, always_valid, signals
from admin.promotion.strengths import strengths
from admin.service.adapters import Adapters
from chat.errors import NotAllowedError
from chat.store import adapters
from chat.store.adapters import Named
from chat.store.tables import AnswerStatus, Conversation, Message, Stage, UserRole
from chat.store.trials import Answers
from chat.store.votes import Duel, Winner
from tests.adapters.test_registry import Somebody


def test_a_conversation_stays_with_what_it_tries_and_the_share_is_kept(three: Adapters) -> None:
    three.enact("one")
    three.try_out("two", 0.25)
    with three.sessions() as session:
        ids = [uuid4() for _ in range(400)]
        first = [adapters.serving(session, None, each) for each in ids]
        assert [adapters.serving(session, None, each) for each in ids] == first
        names = [found.name for found in first if found]
        assert 60 <= names.count("two") <= 140
        assert len(names) == 400
        plain = adapters.serving(session, None)
    assert plain is not None
    assert plain.name == "one"
    three.enact("two")
    assert three.watched() == []


@pytest.mark.parametrize(("refused", "ends"), [(0.6, True), (0.1, False)])
def test_one_that_refuses_more_is_taken_back_on_record(three: Adapters, refused: float, ends: bool) -> None:
    three.enact("one")
    three.try_out("two", 0.5)
    answered(three, 240, {"one": 0.1, "two": refused})
    [seen] = three.watched()
    assert sum(each.of for each in (seen.signals[0].trial, seen.signals[0].present)) == 240
    assert watching.watch(three.sessions, three.settings.home) == (["two"] if ends else [])
    latest = three.history()[0]
    assert latest.fits
    assert (latest.kind, latest.person) == (("return", watching.AUTHOR) if ends else ("canary", "owner"))
    assert ("It did worse. refused: " in latest.reason) is ends
    assert [place.standing.trying is None for place in three.places()] == [ends]
    assert latest.stage == (Stage.ENDED if ends else Stage.CANARY)


def answered(registry: Adapters, conversations: int, refused: dict[str, float]) -> None:
    """So many conversations of one answer each, by whatever answers them, refused at these rates."""
    chance = np.random.default_rng(3)
    with registry.sessions.begin() as session:
        for _ in range(conversations):
            talk = Conversation(user_id=1, title="talk")
            session.add(talk)
            session.flush()
            by = adapters.serving(session, None, talk.id) or Named("", "")
            session.add(
                Message(
                    conversation_id=talk.id, role="assistant", status=AnswerStatus.COMPLETE, mode="rag+adapter",
                    adapter=by.digest, refused=bool(chance.random() < refused[by.name]), receipt={},
                )
            )  # fmt: skip


def test_watching_an_equal_one_at_every_answer_seldom_says_that_it_is_worse() -> None:
    """A thousand answers on each side, looked at after every ten of them."""
    wrong, trials = 0, 200
    chance = np.random.default_rng(5)
    for _ in range(trials):
        mine, others = np.cumsum(chance.random((2, 1000)) < 0.2, axis=1)
        looks = range(49, 1000, 10)
        wrong += any(always_valid(Share(int(mine[n]), n + 1), Share(int(others[n]), n + 1)) < 0.05 for n in looks)
    assert wrong / trials <= 0.05


def test_too_few_answers_are_never_enough() -> None:
    bad, good = Answers(40, 40, 0, 0, 40), Answers(40, 0, 40, 40, 0)
    assert not any(signal.worse for signal in signals(bad, good, 50))
    assert all(signal.worse for signal in signals(bad, good, 40))
    assert {signal.p for signal in signals(good, bad, 40)} == {1.0}


def test_strengths_follow_the_votes_and_a_tie_is_half() -> None:
    won = [Duel("a", "b", Winner.FIRST)] * 30 + [Duel("b", "a", Winner.FIRST)] * 10
    first, second = strengths(won)
    assert (first.way, first.votes) == ("a", 40)
    assert first.preferred == pytest.approx(0.75, abs=0.02)
    assert first.low < first.preferred < first.high
    assert first.preferred + second.preferred == pytest.approx(1)
    [one, other] = strengths([Duel("a", "b", Winner.TIE)] * 8)
    assert one.preferred == pytest.approx(other.preferred, abs=1e-6)
    assert strengths([Duel("a", "b", Winner.NEITHER)]) == []


def test_what_is_asked_of_a_collection_is_kept(three: Adapters) -> None:
    with three.sessions.begin() as session:
        session.execute(sa.text("INSERT INTO collections (name) VALUES ('harbour')"))
    three.set_thresholds("harbour", {"most_lost": "0.02"})
    assert three.thresholds("harbour").most_lost == 0.02
    assert three.thresholds().most_lost == 0.1


def test_a_collection_follows_what_is_asked_everywhere_but_for_what_it_says_itself(three: Adapters) -> None:
    with three.sessions.begin() as session:
        session.execute(sa.text("INSERT INTO collections (name) VALUES ('harbour')"))
    three.set_thresholds("harbour", {"most_lost": "0.02"})
    three.set_thresholds(None, {"most_lost": "0.2", "least_answers": "7"})
    everywhere, harbour = three.thresholds(), three.thresholds("harbour")
    assert (everywhere.most_lost, everywhere.least_answers) == (0.2, 7)
    assert (harbour.most_lost, harbour.least_answers) == (0.02, 7)
    three.enact("one")
    three.try_out("two", 0.5)
    [seen] = three.watched()
    assert seen.least == 7
    with three.sessions() as session:
        noted = session.scalars(sa.text("SELECT subject FROM audit WHERE action = 'change the rules' ORDER BY id"))
        assert list(noted) == ["harbour", "everywhere"]


def test_what_is_asked_everywhere_is_for_approvers(three: Adapters, somebody: Somebody) -> None:
    with pytest.raises(NotAllowedError):
        three.for_person(somebody(UserRole.TRAINER)).set_thresholds(None, {"most_lost": "1"})
