"""A remote model server that fails in every way a server can: asked again where that is safe, else said in words."""

import time
from collections.abc import Iterator

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from chat.errors import AdapterRefusedError, BusyError, LostError, ModelError
from chat.models.chat import ModelConnection
from chat.models.embedder import Embedder
from chat.models.speech import Speech
from chat.rag.prompt import rag_messages
from chat.rag.writer import Clock, Draft, Writer, Writing
from chat.settings import Settings
from tests.models.unreliable import WORDS, Unreliable, unreliable
from tests.rag.library import source

ASKED = [SystemMessage("Be short."), HumanMessage("When does the ferry leave?")]
SAID = "".join(WORDS)


@pytest.fixture
def server() -> Iterator[Unreliable]:
    with unreliable() as server:
        yield server


@pytest.fixture
def writer(server: Unreliable, embedder: Embedder) -> Iterator[Writer]:
    models = ModelConnection(Settings(model=server.address), silence_s=0.5)
    yield Writer(models, embedder, wait=True)
    models.close()


def written(writing: Writing) -> tuple[str, Draft]:
    """What was streamed, and the draft at its end."""
    streamed = ""
    while True:
        try:
            streamed += next(writing).text
        except StopIteration as end:
            return streamed, end.value


def alone(writer: Writer) -> tuple[str, Draft]:
    return written(writer.write_alone(ASKED, Clock()))


@pytest.mark.parametrize(
    "turn", ["500", "502", "503 1", "429 0", "half at once", "cut at once", "reset at once", "error at once"]
)
def test_what_failed_before_the_first_word_is_asked_once_more(server: Unreliable, writer: Writer, turn: str) -> None:
    server.turns = [turn]
    streamed, draft = alone(writer)
    assert (streamed, draft.text, draft.broke_off) == (SAID, SAID, None)
    assert len(server.requests) == 2
    assert server.requests[0] == server.requests[1]


@pytest.mark.parametrize("turn", ["500", "half at once", "reset at once", "429 0"])
def test_it_is_asked_no_third_time(server: Unreliable, writer: Writer, turn: str) -> None:
    server.turns = [turn] * 3
    with pytest.raises(ModelError):
        alone(writer)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ("half", "broke off"),
        ("cut", "broke off in the middle"),
        ("reset", "did not answer|broke off"),
        ("nonsense", "no answer, and broke off|broke off in the middle"),
        ("error", "out of memory"),
        ("silent", "said nothing for so long"),
    ],
)
def test_what_was_said_is_kept_and_never_said_twice(server: Unreliable, writer: Writer, turn: str, words: str) -> None:
    server.turns = [turn]
    streamed, draft = alone(writer)
    assert (streamed, draft.text) == (SAID, SAID)
    with pytest.raises(ModelError, match=words):
        raise draft.broke_off or AssertionError("it broke off, and nobody noticed")
    assert len(server.requests) == 1
    assert alone(writer)[1].broke_off is None, "the next question finds the model anew"


def test_a_model_that_is_not_there_is_not_asked_again(server: Unreliable, writer: Writer) -> None:
    server.turns = ["404"]
    with pytest.raises(ModelError, match="no luck, 404"):
        alone(writer)
    assert len(server.requests) == 1


def test_silence_before_the_first_word_is_told_and_not_doubled(server: Unreliable, writer: Writer) -> None:
    server.turns = ["silent at once"]
    began = time.monotonic()
    with pytest.raises(ModelError, match="said nothing for so long that it counts as gone"):
        alone(writer)
    assert len(server.requests) == 1
    assert time.monotonic() - began < 5


def test_a_busy_server_is_left_alone_and_not_forgotten(server: Unreliable, writer: Writer) -> None:
    """Who would have to wait long is told so at once; the connection stays as it is."""
    connected = writer.models.get()
    server.turns = ["429 30"]
    with pytest.raises(BusyError, match=r"too much to do: no luck, 429 Try again in 30 s\.") as busy:
        alone(writer)
    assert busy.value.retry_after_s == 30
    assert len(server.requests) == 1
    assert writer.models.get() is connected


def test_a_short_wait_is_waited_for(server: Unreliable, writer: Writer) -> None:
    server.turns = ["429 1"]
    began = time.monotonic()
    assert alone(writer)[0] == SAID
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("turn", ["500", "429 30", "404", "silent at once", "reset at once"])
def test_the_documents_speak_where_the_model_cannot(server: Unreliable, writer: Writer, turn: str) -> None:
    server.turns = [turn] * 2
    asked = rag_messages("When does the ferry leave?", (), [source("The ferry leaves at 16:30 from the east quay.")])
    streamed, draft = written(writer.write(asked, Clock()))
    assert "16:30" in streamed
    assert draft.by is writer.quotes


def test_an_adapter_that_the_server_has_not_is_told_as_such(server: Unreliable, writer: Writer) -> None:
    server.turns = ["404"]
    speech = Speech(writer.models.get().with_adapter("f" * 64), ASKED, {})
    with pytest.raises(AdapterRefusedError, match="no luck, 404"):
        list(speech)
    assert server.requests[0]["model"] == "f" * 64


def test_closing_early_ends_the_request(server: Unreliable, writer: Writer) -> None:
    speech = iter(Speech(writer.models.get(), ASKED, {}))
    assert next(speech) == WORDS[0]
    speech.close()
    with pytest.raises(StopIteration):
        next(speech)


def test_a_server_that_dies_is_lost(writer: Writer, server: Unreliable) -> None:
    server.turns = ["half at once"] * 2
    with pytest.raises(LostError):
        list(Speech(writer.models.get(), ASKED, {}))


def test_nul_which_no_database_keeps_is_not_passed_on(server: Unreliable, writer: Writer) -> None:
    server.turns = ["nul"]
    assert alone(writer)[0] == SAID
