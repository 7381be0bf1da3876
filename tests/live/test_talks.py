"""A conversation is a tree of which one branch is shown; it can be branched off, shared, and kept as a file."""

import json
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.live import Live
from chat.rag.answer import Mode
from chat.rights import Person
from chat.service import Choice, ShownMessage, Talks, exports
from chat.service.record import Record
from chat.store import collections, conversations, users
from chat.store.tables import AnswerStatus, Citation, UserRole
from tests.live.conftest import Slow
from tests.live.test_live import ALONE, ended
from tests.rag.library import Library, texts

QUOTE = "The heron nests in the boathouse."


@pytest.fixture
def quick(live: Live, model: Slow) -> Live:
    model.pause_s = 0.0
    model.answers[:] = [f"Answer {number}." for number in range(1, 9)]
    return live


def said(live: Live, conversation_id: UUID) -> list[str]:
    return [message.text for message in live.assistant.conversation(conversation_id).messages]


def messages(live: Live, conversation_id: UUID) -> Sequence[ShownMessage]:
    return live.assistant.conversation(conversation_id).messages


def ask(live: Live, question: str, conversation_id: UUID | None = None, instead_of: UUID | None = None) -> UUID:
    """Ask and wait. Returns the conversation's id."""
    made = live.begin(question, ALONE, conversation_id=conversation_id, instead_of=instead_of)
    ended(live, made)
    return made


def place(message: ShownMessage) -> tuple[int, int]:
    assert message.versions is not None
    return message.versions.place + 1, len(message.versions.ids)


def test_a_question_in_other_words_stands_beside_the_first(quick: Live, model: Slow) -> None:
    talk = ask(quick, "First?")
    ask(quick, "Then?", talk)
    first, *_ = messages(quick, talk)
    ask(quick, "First, better?", talk, first.id)
    assert said(quick, talk) == ["First, better?", "Answer 3."]
    assert texts(model.prompts[-1])[1:] == [*texts(model.prompts[0])[1:-1], "First, better?"]
    question, _ = messages(quick, talk)
    assert place(question) == (2, 2)
    quick.talks.show_version(first.id)
    assert said(quick, talk) == ["First?", "Answer 1.", "Then?", "Answer 2."], "with all that followed it"
    assert place(messages(quick, talk)[0]) == (1, 2)
    assert place(messages(quick, talk)[2]) == (1, 1)


def test_another_answer_stands_beside_the_first_and_what_follows_follows_it(quick: Live, model: Slow) -> None:
    talk = ask(quick, "First?")
    answer = messages(quick, talk)[-1]
    ask(quick, "", talk, answer.id)
    ask(quick, "", talk, answer.id)
    assert said(quick, talk) == ["First?", "Answer 3."]
    assert place(messages(quick, talk)[-1]) == (3, 3)
    assert model.prompts[0] == model.prompts[1] == model.prompts[2], "the same question, and nothing before it"
    ask(quick, "Then?", talk)
    assert "Answer 3." in texts(model.prompts[-1])
    quick.talks.show_version(answer.id)
    assert said(quick, talk) == ["First?", "Answer 1."]
    ask(quick, "Then?", talk)
    assert "Answer 1." in texts(model.prompts[-1])


def test_a_branch_becomes_a_conversation_of_its_own(quick: Live, library: Library) -> None:
    talk = ask(quick, "First?")
    answer = messages(quick, talk)[-1]
    ask(quick, "Then?", talk)
    own = quick.talks.branch(answer.id)
    assert said(quick, own) == ["First?", "Answer 1."]
    ask(quick, "And here?", own)
    assert said(quick, own)[-2:] == ["And here?", "Answer 3."]
    assert said(quick, talk) == ["First?", "Answer 1.", "Then?", "Answer 2."]
    quick.assistant.delete_conversation(talk)
    assert len(said(quick, own)) == 4
    copies = "SELECT count(*) FROM messages WHERE receipt->'copy_of' IS NOT NULL"
    assert library.scalar(copies) == 2, "which counts of questions and answers leave out"


def test_what_is_still_being_written_is_no_branch_and_is_not_shared(live: Live, model: Slow) -> None:
    model.pause_s = 0.2
    talk = live.begin("What is there?", ALONE)
    for call in (lambda: live.talks.branch(messages(live, talk)[-1].id), lambda: live.talks.share(talk)):
        with pytest.raises(InvalidInputError, match=r"[Ww]ait"):
            call()
    live.stop(talk)
    assert live.talks.share(talk)


def stranger(live: Live) -> Person:
    with live.assistant.sessions.begin() as session:
        return Person(users.add(session, "stranger", UserRole.ASKER).id, "stranger", UserRole.ASKER)


def test_the_trees_of_others_are_not_there(quick: Live) -> None:
    talk = ask(quick, "First?")
    question, answer = messages(quick, talk)
    other = ask(quick, "Elsewhere?")
    theirs = Talks(quick.assistant.sessions, person=stranger(quick))
    for call in (
        lambda: theirs.show_version(question.id),
        lambda: theirs.branch(answer.id),
        lambda: theirs.share(talk),
        lambda: theirs.link(talk),
        lambda: theirs.unshare(talk),
        lambda: theirs.kept(answer.id),
        lambda: quick.begin("Mixed?", ALONE, conversation_id=other, instead_of=question.id),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert said(quick, talk) == ["First?", "Answer 1."]


def test_a_message_follows_one_of_its_own_conversation(quick: Live) -> None:
    first, second = ask(quick, "First?"), ask(quick, "Second?")
    foreign = messages(quick, first)[-1].id
    with pytest.raises(sa.exc.IntegrityError), quick.assistant.sessions.begin() as session:
        conversations.add_question(session, second, foreign, "Mixed?")


def test_a_link_shows_a_frozen_copy_until_it_is_taken_back(quick: Live) -> None:
    talk = ask(quick, "First?")
    link = quick.talks.share(talk)
    assert quick.talks.share(talk) == quick.talks.link(talk) == link, "nothing new, no new link"
    theirs = Talks(quick.assistant.sessions, person=stranger(quick))
    ask(quick, "Then?", talk)
    ask(quick, "", talk, messages(quick, talk)[1].id)
    assert [message.text for message in theirs.shared(link).messages] == ["First?", "Answer 1."]
    later = quick.talks.share(talk)
    assert later != link
    assert quick.talks.unshare(talk) == 2
    for gone in (link, later, uuid4()):
        with pytest.raises(NotFoundError, match="nowhere"):
            theirs.shared(gone)
    assert quick.talks.link(talk) is None


def test_what_the_reader_of_a_link_may_not_read_does_not_show(quick: Live) -> None:
    talk = ask(quick, "First?")
    with quick.assistant.sessions.begin() as session:
        vault = collections.add(session, "vault")
        vault.open = False
        session.flush()
        answer_from(session, talk, vault.id)
    ask(quick, "And then?", talk)
    link = quick.talks.share(talk)
    theirs = Talks(quick.assistant.sessions, person=stranger(quick)).shared(link)
    assert [message.hidden for message in theirs.messages] == [False, False, False, True, False, True]
    assert "heron" not in repr(theirs)
    assert "boathouse" not in repr(theirs)
    assert "heron" in repr(quick.talks.shared(link)), "who may read it does"


def answer_from(session: Session, talk: UUID, collection_id: int) -> None:
    """A question, and an answer that quotes a document which was in that collection, and was deleted since."""
    answer = conversations.add_turn(session, talk, "Where is\nthe nest?", Mode.RAG)
    span = {"document": "Vault", "document_id": 77, "version": 1, "chunk_id": 5, "start_char": 9, "end_char": 42}
    citation = Citation(message_id=answer.id, marker=1, page=3, quote=QUOTE, **span)
    receipt = {"quoted": False, "collections": {"77": collection_id}}
    said = {"content": f"{QUOTE} [1]", "status": AnswerStatus.COMPLETE}
    conversations.seal(session, answer.id, **said, receipt=receipt, citations=[citation])  # type: ignore[arg-type]


def test_a_conversation_is_kept_as_a_file_with_its_citations(quick: Live) -> None:
    talk = ask(quick, "First?")
    with quick.assistant.sessions.begin() as session:
        answer_from(session, talk, collections.add(session, "vault").id)
    whole = quick.assistant.conversation(talk)
    written = exports.as_markdown(whole)
    assert written.startswith("# First?\n\n20")
    assert f"## Where is the nest?\n\n{QUOTE} [1]\n\n> [1] Vault, page 3, version 1: “{QUOTE}”" in written
    document = json.loads(exports.as_json(whole))
    assert [message["role"] for message in document["messages"]] == ["user", "assistant"] * 2
    [citation] = document["messages"][-1]["citations"]
    assert (citation["marker"], citation["document"], citation["quote"]) == (1, "Vault", QUOTE)


def test_search_finds_words_wherever_they_stand(quick: Live) -> None:
    talk = ask(quick, "When does the ferry sail?")
    ask(quick, "When does the train leave?", talk, messages(quick, talk)[0].id)
    found = quick.assistant.conversations
    assert [each.id for each in found("SAIL ferry")] == [talk], "in a version that is not shown, in any order"
    assert [each.id for each in found("answer train")] == [talk]
    assert found("ferry aeroplane") == []
    assert found("100%\x00") == []


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  When does\nit sail? ", "When does it sail?"),
        (f"Good morning. {'I have read a lot. ' * 9}When does the last ferry sail on Sunday?", "When does the last"),
        (f"Tell me all of it. {'And more of it. ' * 9}", "Tell me all of it."),
        (f"{'word ' * 40}?", "word word"),
        ("x" * 300, "xxx"),
    ],
)
def test_a_title_is_the_question_shortened_well(question: str, title: str) -> None:
    made = conversations.title_of(question)
    assert made.startswith(title)
    assert len(made) <= conversations.TITLE_LENGTH


def test_a_record_that_was_ended_takes_nothing_more(quick: Live) -> None:
    talk = quick.assistant.start_conversation("First?")
    begun = quick.assistant.begin("First?", Choice(Mode.BASE), conversation_id=talk)
    assert isinstance(begun.record, Record)
    begun.record.seal(AnswerStatus.STOPPED)
    assert list(begun.events) == []
    assert messages(quick, talk)[-1].status == AnswerStatus.STOPPED
