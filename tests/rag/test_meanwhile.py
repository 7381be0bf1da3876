"""What happens to documents and to the database while an answer is being written: the answer stays what it rests on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.curation.formats.parser import Parser
from chat.errors import NotFoundError
from chat.models.embedder import Embedder
from chat.rag.answer import Answer, Event, Retrieved
from chat.rag.chain import Events
from chat.service import Assistant
from chat.settings import Settings
from chat.store import documents
from chat.store.database import Database, open_database
from chat.store.tables import AnswerStatus
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, make_chain, make_library, models

GATE = "# Gate\n\nThe harbour gate closes at ten in the evening.\n"
MOVED = "# Gate\n\nSince May the harbour gate closes at midnight in the evening, seven days a week.\n"
ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at ten in the evening."


def assistant_over(library: Library, said: str = SAID) -> Assistant:
    return Assistant(library.database.sessions, make_chain(library, models(Speaker(answers=[said]))), person=OWNER)


def begun(events: Events) -> Event:
    """The events up to the first word."""
    return next(event for event in events if not isinstance(event, Retrieved))


def last(events: Events) -> Answer:
    *_, answer = events
    assert isinstance(answer, Answer)
    return answer


def test_the_same_name_with_other_bytes(library: Library) -> None:
    """The answer under way cites the version that it was made from, exactly; the next one is made from the new."""
    library.add("gate.md", GATE)
    assistant = assistant_over(library)
    events = assistant.ask(ASKED, conversation_id=(talk := assistant.start_conversation(ASKED)))
    begun(events)
    library.add("gate.md", MOVED)
    answer = last(events)
    [cited] = answer.citations
    assert (cited.version, cited.quote, answer.receipt["versions"]) == (1, SAID, {str(cited.document_id): 1})
    passage = assistant.passage(cited.version_id, cited.start, cited.end)
    assert passage.text[passage.start : passage.end] == SAID
    assert assistant.conversation(talk).messages[-1].status == AnswerStatus.COMPLETE
    assert {source.version for source in last(assistant.ask(ASKED)).retrieved} == {2}


def test_a_deleted_document(library: Library) -> None:
    """What was found before is answered from and stays quoted; the document is gone for everything else."""
    done = library.add("gate.md", GATE)
    assistant = assistant_over(library)
    events = assistant.ask(ASKED, conversation_id=(talk := assistant.start_conversation(ASKED)))
    begun(events)
    with library.database.sessions.begin() as session:
        documents.remove(session, done.document_id)
    answer = last(events)
    assert [citation.quote for citation in answer.citations] == [SAID]
    kept = assistant.conversation(talk).messages[-1]
    assert (kept.status, kept.text) == (AnswerStatus.COMPLETE, answer.text)
    with pytest.raises(NotFoundError):
        assistant.passage(answer.citations[0].version_id, 0, 5)
    assert last(assistant.ask(ASKED)).refused


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    """A database server of one's own, to be killed."""
    database = open_database(Settings(home=tmp_path / "home"))
    yield database
    database.close()


def test_the_database_is_killed(own: Database, embedder: Embedder, tmp_path: Path) -> None:
    """It is started again by whoever needs it next, and the answer is kept whole, with its citations."""
    with Parser() as parser:
        library = make_library(own, embedder, parser, tmp_path / "home")
        library.add("gate.md", GATE)
        assistant = assistant_over(library)
        events = assistant.ask(ASKED, conversation_id=(talk := assistant.start_conversation(ASKED)))
        begun(events)
        kill_server(own)
        answer = last(events)
        kept = assistant.conversation(talk).messages[-1]
        assert (kept.status, kept.text, len(kept.citations)) == (AnswerStatus.COMPLETE, answer.text, 1)
        assert last(assistant.ask(ASKED)).text == answer.text


def kill_server(database: Database) -> None:
    assert database.embedded is not None
    os.kill(int((database.embedded.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
