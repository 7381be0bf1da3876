"""What people say of answers: ratings of their own, and votes between two that stood side by side."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from chat.errors import AppError, InvalidInputError, ModelError, NotAllowedError, NotFoundError
from chat.rag.answer import Answer, Event, Mode, Retrieved, Token
from chat.rights import Person
from chat.service import Assistant, Choice
from chat.service.comparing import beside
from chat.store import collections, users
from chat.store.feedback import LONGEST_COMMENT, Opinion, Reason
from chat.store.tables import UserRole
from chat.store.votes import Ballot, Contender, Winner
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, models

ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."
ANSWERS = (Choice(Mode.RAG), Choice(Mode.BASE))
BALLOT = Ballot(ASKED, Contender("rag", None, None, SAID), Contender("base", None, None, "At ten."), blind=True)


@pytest.fixture
def assistant(library: Library) -> Assistant:
    library.add("gate.md", "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening.\n")
    return speaking(library)


def speaking(library: Library, *answers: str, breaks_after: int | None = None) -> Assistant:
    model = Speaker(answers=list(answers) or [SAID], breaks_after=breaks_after)
    return Assistant(library.database.sessions, make_chain(library, models(model)), person=OWNER)


def stranger(assistant: Assistant, *, disabled: bool = False) -> Assistant:
    with assistant.sessions.begin() as session:
        user = users.add(session, "stranger", UserRole.ASKER)
        users.set_disabled(session, "stranger", disabled)
        return assistant.for_person(Person(user.id, user.name, UserRole.ASKER))


def answered(assistant: Assistant) -> tuple[UUID, UUID]:
    """Ids of a conversation and of the answer in it."""
    talk = assistant.start_conversation(ASKED)
    list(assistant.ask(ASKED, conversation_id=talk))
    return talk, assistant.conversation(talk).messages[-1].id


def opinion(assistant: Assistant, talk: UUID) -> Opinion | None:
    return assistant.conversation(talk).messages[-1].opinion


def test_an_opinion_is_kept_changed_and_taken_back(assistant: Assistant, library: Library) -> None:
    talk, message = answered(assistant)
    assert opinion(assistant, talk) is None
    assistant.rate(message, -1, ["style", "wrong"], "  Too late. ", "At 21:30.\x00")
    assert opinion(assistant, talk) == Opinion(-1, [Reason.WRONG, Reason.STYLE], "Too late.", "At 21:30.")
    library.database.engine.dispose()
    assistant.rate(message, 1)
    assert opinion(assistant, talk) == Opinion(1, [])
    assistant.unrate(message)
    assert opinion(assistant, talk) is None
    assistant.unrate(message)


def test_what_was_looked_into_is_open_again_when_more_is_said(assistant: Assistant, library: Library) -> None:
    _, message = answered(assistant)
    assistant.rate(message, -1)
    with library.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE feedback SET state = 'done', actions = '[{\"kind\": \"example\"}]'")
    assistant.rate(message, -1, ["outdated"])
    assert library.scalar("SELECT state FROM feedback") == "open"
    assert library.scalar("SELECT actions FROM feedback") == [{"kind": "example"}]


def test_an_answer_is_rated_by_who_got_it_and_by_nobody_else(assistant: Assistant, library: Library) -> None:
    talk, message = answered(assistant)
    question = assistant.conversation(talk).messages[0].id
    other = stranger(assistant)
    for attempt in (
        lambda: other.rate(message, 1),
        lambda: other.unrate(message),
        lambda: assistant.rate(question, 1),
        lambda: assistant.rate(uuid4(), 1),
    ):
        with pytest.raises(NotFoundError, match="does not exist"):
            attempt()
    assert library.scalar("SELECT count(*) FROM feedback") == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((0,), "1 for a good answer"),
        ((5,), "1 for a good answer"),
        ((-1, ["ugly"]), "'ugly' is none of the reasons: wrong, not in the documents"),
        ((-1, [], "x" * (LONGEST_COMMENT + 1)), r"comment has 2,001 characters; at most 2,000"),
        ((-1, [], "", "x" * 20_001), "corrected answer has 20,001"),
    ],
)
def test_what_is_no_opinion_is_told_in_words(assistant: Assistant, said: tuple[int], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        assistant.rate(uuid4(), *said)


def test_two_answers_rest_on_the_same_passages(assistant: Assistant, library: Library) -> None:
    way = (Choice(Mode.RAG), Choice(Mode.RAG_ADAPTER, "calm"))
    with pytest.raises(NotFoundError, match="no adapter 'calm'"):
        assistant.compare(ASKED, *way)
    first, second = sides(assistant, *ANSWERS)
    assert isinstance(first[0], Retrieved)
    assert isinstance(second[0], Token), "the model alone is given nothing"
    assert [side[-1].mode for side in (first, second) if isinstance(side[-1], Answer)] == [Mode.RAG, Mode.BASE]
    assert assistant.conversations() == [], "nothing of it is a conversation"


def sides(assistant: Assistant, first: Choice, second: Choice) -> list[list[Event | AppError]]:
    events = list(assistant.compare(ASKED, first, second))
    return [[event for place, event in events if place == side] for side in (0, 1)]


def test_what_is_the_same_is_not_compared(assistant: Assistant) -> None:
    with pytest.raises(InvalidInputError, match="two different ways"):
        assistant.compare(ASKED, Choice(Mode.RAG), Choice())


def test_one_side_that_fails_leaves_the_other(library: Library, assistant: Assistant) -> None:
    alone = Assistant(library.database.sessions, make_chain(library, models(None)), person=OWNER)
    first, second = sides(alone, *ANSWERS)
    assert isinstance(first[-1], Answer)
    assert [type(event) for event in second] == [ModelError]


def test_answers_are_written_at_the_same_time_and_closed_together() -> None:
    freed = []

    def endless(name: str) -> Iterator[Event]:
        try:
            while True:
                yield Token(name)
        finally:
            freed.append(name)

    both = beside([endless("a"), endless("b")])  # type: ignore[list-item]
    heard = set()
    while len(heard) < 2:
        heard.add(next(both)[0])
    both.close()
    assert sorted(freed) == ["a", "b"]


def test_what_no_person_can_cure_is_raised_from_either_side() -> None:
    def broken() -> Iterator[Event]:
        yield Token("a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(beside([broken()]))  # type: ignore[list-item]


def test_a_vote_is_kept_as_it_was_cast(assistant: Assistant, library: Library) -> None:
    for winner in Winner:
        assistant.vote(BALLOT, winner, collection="default")
    assistant.vote(replace(BALLOT, blind=False), Winner.TIE)
    rows = "SELECT array_agg(winner || ' ' || blind ORDER BY id) FROM votes"
    assert library.scalar(rows) == ["first true", "second true", "tie true", "neither true", "tie false"]
    assert library.scalar("SELECT first ->> 'mode' || ' ' || (second ->> 'answer') FROM votes LIMIT 1") == "rag At ten."
    assert library.scalar("SELECT count(*) FROM votes WHERE collection_id IS NULL AND user_id = 1") == 1


def test_a_vote_about_what_may_not_be_read_is_not_taken(assistant: Assistant, library: Library) -> None:
    with assistant.sessions.begin() as session:
        collections.get(session, "default").open = False
    other = stranger(assistant)
    with pytest.raises(NotFoundError, match="no collection 'default'"):
        other.vote(BALLOT, Winner.TIE, collection="default")
    with assistant.sessions.begin() as session:
        users.set_disabled(session, "stranger", True)
    with pytest.raises(NotAllowedError):
        other.vote(BALLOT, Winner.TIE)
    assert library.scalar("SELECT count(*) FROM votes") == 0
