"""What rated answers become, from real conversations with the chat."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from admin.service.examples import Examples
from admin.training.rated import SAYS_NOT
from chat.errors import InvalidInputError, NotFoundError
from chat.rag.answer import Mode
from chat.rights import Person
from chat.service import Assistant
from chat.store import collections, feedback, rated
from chat.store.feedback import Opinion
from chat.store.tables import ExampleOrigin, ExampleState, Feedback, MemberRole
from tests.conftest import OWNER
from tests.examples.conftest import GATE
from tests.rag.library import Library, Speaker, make_chain, models

ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."
DOGS = "# Dogs\n\nDogs travel free of charge on every ferry, as long as they are on a lead.\n"
Ask = Callable[..., UUID]


@pytest.fixture
def ask(library: Library) -> Ask:
    """Ask as a person, after other questions perhaps, and rate the last answer. Returns its message's id."""
    library.add("gate.md", GATE)
    library.add("dogs.md", DOGS)

    def ask(*questions: str, says: str = SAID, opinion: Opinion | None = None, mode: Mode = Mode.RAG) -> UUID:
        chain = make_chain(library, models(Speaker(answers=[says])))
        service = Assistant(library.database.sessions, chain, person=OWNER)
        conversation_id = service.start_conversation(questions[0])
        for question in questions:
            for _ in service.ask(question, mode=mode, conversation_id=conversation_id):
                pass
        message_id = service.conversation(conversation_id).messages[-1].id
        if opinion is not None:
            with library.database.sessions.begin() as session:
                feedback.put(session, message_id, OWNER.id, opinion)
        return message_id

    return ask


def test_a_good_answer_is_an_example_with_the_passages_it_saw(ask: Ask, examples: Examples, library: Library) -> None:
    message_id = ask(ASKED, opinion=Opinion(1))
    made = examples.example(examples.from_message(message_id))
    wording = made.kept.wording
    assert (made.kept.state, made.kept.origin, made.collection) == (ExampleState.DRAFT, ExampleOrigin.RATED, "default")
    assert list(wording.prompt) == [{"role": "user", "content": ASKED}]
    [number] = [n for n, each in enumerate(wording.passages, 1) if "22:15" in each["text"]]
    assert wording.completion == f"{SAID} [{number}]", "cited as the prompt numbers the passages"
    [place] = wording.sources
    assert (place.document, place.version, place.quote) == ("Harbour gate", 1, SAID)
    assert wording.rejected is None
    assert wording.answerable
    with library.database.sessions() as session:
        [action] = session.get_one(Feedback, message_id).actions
        assert (action["kind"], action["id"], action["by"]) == ("example", made.kept.id, "owner")
        assert rated.made_from(session, message_id, "example") == [made.kept.id]


def test_a_bad_answer_with_its_correction_is_a_preference_after_the_turns_before(ask: Ask, examples: Examples) -> None:
    later = "Which person has the key of the harbour gate at night?"
    message_id = ask(ASKED, later, opinion=Opinion(-1, correction="The night guard has it."))
    wording = examples.example(examples.from_message(message_id)).kept.wording
    assert [turn["role"] for turn in wording.prompt] == ["user", "assistant", "user"]
    assert (wording.prompt[0]["content"], wording.question) == (ASKED, later)
    assert wording.completion == "The night guard has it."
    assert wording.rejected
    assert SAID in wording.rejected
    assert {place.document for place in wording.sources} >= {"Harbour gate"}
    again = examples.example(examples.from_message(message_id, "The guard.")).kept.wording
    assert again.completion == "The guard."


def test_a_refusal_teaches_the_refusal(ask: Ask, examples: Examples) -> None:
    message_id = ask(ASKED, says="The documents do not say.", opinion=Opinion(1))
    wording = examples.example(examples.from_message(message_id)).kept.wording
    assert (wording.completion, wording.answerable) == (SAYS_NOT, False)
    assert wording.passages
    assert wording.sources
    bad = ask(ASKED, says="The documents do not say.", opinion=Opinion(-1, correction=SAID))
    wording = examples.example(examples.from_message(bad)).kept.wording
    assert (wording.completion, wording.rejected, wording.answerable) == (SAID, SAYS_NOT, True)


def test_what_does_not_make_an_example_says_why(ask: Ask, examples: Examples, person: Callable[..., Person]) -> None:
    unrated, bad = ask(ASKED), ask(ASKED, opinion=Opinion(-1))
    for message_id in (unrated, uuid4()):
        with pytest.raises(NotFoundError, match="rating was taken back"):
            examples.from_message(message_id)
    with pytest.raises(InvalidInputError, match="Say what the answer should have been"):
        examples.from_message(bad)
    alone = ask(ASKED, mode=Mode.BASE, opinion=Opinion(1))
    with pytest.raises(InvalidInputError, match="Say which collection"):
        examples.from_message(alone)
    assert examples.example(examples.from_message(alone, collection="default")).kept.wording.completion == SAID
    good = ask(ASKED, opinion=Opinion(1))
    curator = examples.for_person(person("curator", MemberRole.CURATOR))
    with pytest.raises(NotFoundError):
        curator.from_message(alone, collection="default")
    assert curator.from_message(good)
    with pytest.raises(NotFoundError):
        examples.for_person(person("reader", MemberRole.READER)).from_message(good)


def test_an_answer_from_another_s_collection_does_not_exist(
    ask: Ask, examples: Examples, library: Library, person: Callable[..., Person]
) -> None:
    with library.database.sessions.begin() as session:
        collections.ensure(session, "theirs")
    good = ask(ASKED, opinion=Opinion(1))
    with pytest.raises(NotFoundError):
        examples.for_person(person("other", MemberRole.OWNER, "theirs")).from_message(good, collection="theirs")
