"""Adapters promoted and rolled back while eight users of two chat processes ask without pause.

`make torture` sets APPRENTICE_FLIPS to 200; without it there are a few. The engine, the chat service, the registry and
the database are the real ones; the model is a tiny one of random weights, so that each adapter says something of its
own, and the same every time.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from admin.curation.formats.parser import Parser
from admin.service.adapters import Adapters
from chat.models.chat import ModelConnection
from chat.models.embedder import Embedder
from chat.rag.answer import Answer
from chat.service import Assistant
from chat.settings import Settings
from chat.store.database import Database
from tests.conftest import OWNER
from tests.engine.conftest import adapter, make_model
from tests.evaluation.conftest import DOCUMENTS
from tests.rag.library import make_chain, make_library
from tests.torture.asking import FIRST_WORDS, QUESTIONS

pytestmark = pytest.mark.slow
FLIPS = int(os.environ.get("APPRENTICE_FLIPS") or 8)
BETWEEN_S = 1.1
PROCESSES, USERS = 2, 4
"""Chat processes, and users of each."""
FIRST_WITHIN_S = 1.0 if os.environ.get("APPRENTICE_FLIPS") else 120.0
"""From a decision to the first word by what it put there. What else runs beside the suite is not known."""
NAMES = ("one", "two", "three")


@dataclass(frozen=True)
class Flip:
    """A decision: what answers from a moment between `begun` and `done` on; None is the model alone."""

    begun: float
    done: float
    digest: str | None


@dataclass(frozen=True)
class Town:
    """The installation: its registry, its database, and where it lives."""

    registry: Adapters
    settings: Settings
    database: Database
    assistant: Assistant

    @property
    def environment(self) -> dict[str, str]:
        return {
            "APPRENTICE_HOME": str(self.settings.home),
            "APPRENTICE_DATABASE_URL": self.database.conninfo,
            "APPRENTICE_MODEL": self.settings.model,
            "APPRENTICE_DTYPE": "float32",
            "OMP_NUM_THREADS": "1",
        }

    def digest(self, name: str | None) -> str | None:
        return self.registry.show(name).line.digest if name else None

    def expected(self) -> dict[tuple[str | None, str], str]:
        """What each adapter, and the model alone, writes to each question when nobody else asks."""
        said = {}
        for name in (None, *NAMES):
            for question in QUESTIONS:
                *_, last = self.assistant.answer(question, adapter=name)
                assert isinstance(last, Answer)
                assert (last.adapter and last.adapter.name) == name
                said[self.digest(name), question] = str(last.receipt["draft"])
        assert len({text[:FIRST_WORDS] for text in said.values()}) == len(said), "one could not be told from another"
        return said


@pytest.fixture
def town(database: Database, embedder: Embedder, parser: Parser, home: Path, tmp_path: Path) -> Iterator[Town]:
    model = make_model(tmp_path / "tiny")
    config = model / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": 4096}))
    settings = Settings(home=home, model=str(model), dtype="float32", database_url=database.conninfo)
    library = make_library(database, embedder, parser, home)
    for name, text in DOCUMENTS.items():
        library.add(name, text)
    way = ModelConnection(settings)
    way.get()
    registry = Adapters(database.sessions, settings, person=OWNER)
    for number, name in enumerate(NAMES):
        registry.take_in(adapter(name, model, tmp_path / "made", seed=number), name)
    yield Town(registry, settings, database, Assistant(database.sessions, make_chain(library, way), person=OWNER))
    way.close()


@contextmanager
def users(town: Town, folder: Path) -> Iterator[list[Path]]:
    """Users who ask until the end of it. Gives the files that their answers are in."""
    files = [folder / f"answers-{number}.jsonl" for number in range(PROCESSES)]
    with ExitStack() as stack:
        children = []
        for file in files:
            out = stack.enter_context(file.open("w"))
            command = [sys.executable, "-m", "tests.torture.asking", str(USERS)]
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, text=True, env=os.environ | town.environment,
                cwd=Path(__file__).parents[2],
            )  # fmt: skip
            children.append(stack.enter_context(child))
            stack.callback(child.communicate)
        wait_for(lambda: all(file.read_text() for file in files), children)
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        wait_for(lambda: all(file.read_text().count("\n") > USERS for file in files), children)
        yield files


def wait_for(true: Any, children: "Sequence[subprocess.Popen[str]]") -> None:
    deadline = time.monotonic() + 300
    while not true():
        assert all(child.poll() is None for child in children), "a chat process ended"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@dataclass
class Heard:
    """What the users of one chat process have been answered so far; `at` is how far its file was read."""

    file: Path
    expected: dict[tuple[str | None, str], str]
    said: list[dict[str, Any]] = field(default_factory=list)
    at: int = len("ready\n")

    def more(self) -> list[dict[str, Any]]:
        """All answers up to now, each known to be whole, and whose it is."""
        new, newline, _ = self.file.read_text()[self.at :].rpartition("\n")
        self.at += len(new + newline)
        for line in new.splitlines():
            answer = json.loads(line)
            self.said.append(answer | {"adapter": whose(answer, self.expected)})
        return self.said


def flips(town: Town, heard: Sequence[Heard]) -> list[Flip]:
    """Promote and roll back in turns, each when every chat process has answered by the one before."""
    made = [Flip(0.0, 0.0, None)]
    for number in range(FLIPS):
        begun, back = time.monotonic(), number % 4 == 3
        outcome = town.registry.rollback() if back else town.registry.enact(NAMES[number % 4])
        flip = Flip(begun, time.monotonic(), town.digest(outcome.after))
        made.append(flip)
        time.sleep(BETWEEN_S)
        wait_for(partial(all_answered_by, heard, flip), ())
    return made


def all_answered_by(heard: Sequence[Heard], flip: Flip) -> bool:
    return all(first_by(each.more(), flip) < float("inf") for each in heard)


def test_no_answer_is_failed_mixed_or_repeated_and_the_next_one_is_by_what_was_promoted(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = town.expected()
    with users(town, tmp_path) as files:
        heard = [Heard(file, expected) for file in files]
        made = flips(town, heard)
    said = [each.more() for each in heard]
    for answer in (each for process in said for each in process):
        assert answer["adapter"] in live(made, answer["asked"], answer["began"]), "by what did not answer then"
    waits = [first_by(process, flip) for process in said for flip in made[1:]]
    streaming = sum(
        any(each["first"] < flip.begun < each["ended"] for process in said for each in process) for flip in made[1:]
    )
    with capsys.disabled():
        total = sum(map(len, said))
        print(
            f"\n{FLIPS} flips under {PROCESSES * USERS} users: {total} answers, {streaming} flips while one was "
            f"streaming; first word by what was promoted after {median(waits):.2f} s, at most {max(waits):.2f} s"
        )
    assert streaming > 0
    assert max(waits) < FIRST_WITHIN_S
    assert len(town.registry.history(None)) == FLIPS
    assert all(decided.fits for decided in town.registry.history(None))


def whose(answer: dict[str, Any], expected: dict[tuple[str | None, str], str]) -> str | None:
    """Whose it is. It is there, by one adapter from its first word to its last, said once, and kept as it ended."""
    assert answer["error"] is None, answer["error"]
    (_, status), (_, ended) = answer["kept"]
    assert status == "complete"
    if ended == "stopped":
        said = {text: digest for (digest, asked), text in expected.items() if asked == answer["question"]}
        [begun] = [text for text in said if text.startswith(answer["streamed"])]
        return said[begun]
    by: str | None = answer["adapter"]
    assert (ended, answer["missed"], answer["broke_off"]) == ("complete", None, False)
    assert answer["draft"] == expected[by, answer["question"]], "not what that adapter says"
    assert answer["streamed"] == answer["draft"], "something was said twice, or left out"
    return by


def live(made: Sequence[Flip], start: float, end: float) -> set[str | None]:
    """What answered at some moment from `start` to `end`."""
    until = [*(flip.done for flip in made[1:]), float("inf")]
    return {flip.digest for flip, ended in zip(made, until, strict=True) if flip.begun <= end and ended >= start}


def first_by(process: Sequence[dict[str, Any]], flip: Flip) -> float:
    """Seconds from a flip to the first word by what it put there, in one chat process."""
    by_it = [each for each in process if each["adapter"] == flip.digest and each["asked"] > flip.begun]
    return min((each["first"] - flip.begun for each in by_it), default=float("inf"))
