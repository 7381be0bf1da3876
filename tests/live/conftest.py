"""A process that answers, with a model that speaks as slowly as it is told to, and other processes beside it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from admin.curation.formats.parser import Parser
from chat.live import Desk, Live
from chat.models.embedder import Embedder
from chat.service import Assistant
from chat.store.database import Database
from tests.conftest import OWNER
from tests.live.elsewhere import DONE
from tests.rag.library import Library, Speaker, make_chain, make_library, models

ROOT = Path(__file__).parents[2]
WORDS = [f"word{number}" for number in range(60)]
SAID = " ".join(WORDS) + "."


class Slow(Speaker):
    """A speaker who takes `pause_s` over each word."""

    pause_s: float = 0.0

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in super()._stream(messages, stop, run_manager, **kwargs):
            time.sleep(self.pause_s)
            yield chunk


@pytest.fixture
def library(database: Database, embedder: Embedder, parser: Parser, home: Path) -> Library:
    return make_library(database, embedder, parser, home)


@pytest.fixture
def model() -> Slow:
    return Slow(answers=[SAID], pause_s=0.02)


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    desk = Desk(database.conninfo)
    desk.open()
    yield desk
    desk.close()


@pytest.fixture
def live(library: Library, model: Slow, desk: Desk) -> Live:
    return Live(Assistant(library.database.sessions, make_chain(library, models(model)), person=OWNER), desk)


class Elsewhere:
    """Another process of chat, which does one thing after another."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.live.elsewhere"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, **pipes)
        assert next(self.lines()) == "(ready)"

    def lines(self) -> Iterator[str]:
        """What it says, as it says it, until it is done."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == f"{DONE}\n":
                return
            yield line.rstrip("\n")

    def does(self, database: Database, act: str, subject: UUID) -> Iterator[str]:
        """Have it do something, and take what it says."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{database.url} {act} {subject}\n")
        self.process.stdin.flush()
        return self.lines()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="package")
def elsewhere() -> Iterator[Elsewhere]:
    process = Elsewhere()
    yield process
    process.end()
