"""A tiny model that ends its answers, and a process from which training programs are forked: they start at once."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from admin.training.folder import RunFolder
from admin.training.rows import Vocabulary
from chat.engine.loading import LoadedModel, load
from chat.settings import Settings
from tests.training import running

Starts = Callable[[RunFolder], "ForkedProgram"]


@pytest.fixture(scope="session")
def ending_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return running.make_ending_model(tmp_path_factory.mktemp("training") / "tiny")


@pytest.fixture(scope="session")
def knowing_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, which knows the rows of the tests by heart."""
    folder = running.make_ending_model(tmp_path_factory.mktemp("knowing") / "tiny")
    running.learn_by_heart(folder)
    return folder


@pytest.fixture(scope="session")
def ending(ending_model: Path) -> LoadedModel:
    return load(Settings(home=ending_model.parent, model=str(ending_model), dtype="float32"))


@pytest.fixture(scope="session")
def vocabulary(ending: LoadedModel) -> Vocabulary:
    return Vocabulary.of(ending)


@pytest.fixture(scope="session")
def forks() -> ForkServerContext:
    """A process that imported everything once; what it forks is a training program like any other."""
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.preloaded"])
    return context


@dataclass(frozen=True)
class ForkedProgram:
    """A training program as `subprocess.Popen` would give it."""

    process: ForkServerProcess

    def poll(self) -> int | None:
        return self.process.exitcode

    def send_signal(self, number: int, /) -> None:
        os.kill(self.process.pid or 0, number)

    def kill(self) -> None:
        self.process.kill()

    def wait(self) -> int:
        self.process.join(60)
        assert self.process.exitcode is not None, "it does not end"
        return self.process.exitcode


@pytest.fixture
def start(forks: ForkServerContext) -> Iterator[Starts]:
    """Starts the training program in a folder."""
    begun: list[ForkedProgram] = []

    def begin(folder: RunFolder) -> ForkedProgram:
        process = forks.Process(target=running.train_here, args=(folder.path,))
        process.start()
        begun.append(ForkedProgram(process))
        return begun[-1]

    yield begin
    for each in begun:
        each.kill()
        each.wait()
