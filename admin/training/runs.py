"""Seeing a training run through: its folder, its program, and what a person wants of it meanwhile.

The program dies with the worker that started it; the next worker goes on from the last checkpoint.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from admin.curation.documents.ingesting import Interrupted
from admin.training.card import make_card
from admin.training.folder import RunFolder
from admin.training.inputs import GoOn, Inputs
from admin.training.train import FAILED, FINISHED, OCCUPIED, PAUSED
from chat import rights
from chat.engine import adapters as disk
from chat.errors import AppError, NotFoundError
from chat.rights import Person
from chat.settings import Settings
from chat.store import adapters, runs, snapshots
from chat.store.session import Sessions
from chat.store.tables import Run, RunStatus, User, UserRole

POLL_S = 0.5
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
TAIL = 2_000
"""Characters of what the program said last that are looked at where it died without a word."""

Register = Callable[[Person, Path, str, int, Mapping[str, Any]], str]
"""Registers an adapter for a person: its folder, name, run and card. Returns the name it got."""


class Program(Protocol):
    """A training program that was started, as `subprocess.Popen` knows it."""

    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...
    def wait(self) -> int: ...


class BrokenOffError(AppError):
    """The training program died. Its last checkpoint is whole."""


def begin(folder: RunFolder) -> "subprocess.Popen[bytes]":
    """Start the training program in a session of its own; it dies with this process."""
    command = [sys.executable, "-m", "admin.training.train", str(folder.path), str(os.getpid())]
    with folder.errors.open("ab") as errors:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env=os.environ | ENVIRONMENT,
            start_new_session=True,  # Ctrl-C reaches the keeper, which then lets it pause
        )


@dataclass(frozen=True)
class Trainer:
    """Sees runs through, one at a time."""

    sessions: Sessions
    settings: Settings
    inputs: Inputs
    register: Register
    start: Callable[[RunFolder], Program] = begin

    def work(self, go_on: GoOn, run_id: int) -> None:
        """Train until the run is finished, paused or stopped. As a job.

        Raises `Interrupted` where the worker is to end: the next one goes on; and `AppError` where it failed.
        """
        with self.sessions.begin() as session:
            run = runs.claim(session, run_id, device())
            if run is None:
                return
            person = _person(session, run)
        folder = RunFolder.of(self.settings.home, run_id)
        try:
            self.inputs.freeze(run_id, person, folder, lambda: go_on() and not self._wanted(run_id))
            if self._train(run_id, folder, go_on) == FINISHED:
                self._register(run_id, person, folder)
                return
        except Interrupted:
            pass
        self._pause(run_id, go_on)

    def give_up(self, error: Exception, run_id: int) -> None:
        """Say in words why the run failed. Its checkpoints stay, and it can be resumed."""
        with self.sessions.begin() as session:
            runs.end(session, run_id, RunStatus.FAILED, str(error) or type(error).__name__)

    def _wanted(self, run_id: int) -> str | None:
        with self.sessions() as session:
            return runs.wanted(session, run_id)

    def _train(self, run_id: int, folder: RunFolder, go_on: GoOn) -> int:
        """Run the program, or wait for one that trains here already. Returns its exit status."""
        while (ended := self._follow(self.start(folder), run_id, folder, go_on)) == OCCUPIED:
            if not go_on():
                raise Interrupted
            time.sleep(POLL_S)
        if ended in (FINISHED, PAUSED):
            return ended
        if ended == -signal.SIGTERM:  # it was told to pause before it could listen
            return PAUSED
        raise BrokenOffError(folder.failure() if ended == FAILED and folder.failure() else last_words(folder, ended))

    def _follow(self, program: Program, run_id: int, folder: RunFolder, go_on: GoOn) -> int:
        """Keep the run's row up to date while the program trains, and pass on what a person wants."""
        at, told = 0, False
        standing = (0, 0)
        try:
            while (ended := program.poll()) is None:
                at, standing = _standing(folder, at, standing)
                with self.sessions.begin() as session:
                    wanted = runs.advance(session, run_id, standing[0], standing[1] or None)
                if not told and (wanted or not go_on()):
                    program.send_signal(signal.SIGTERM)
                    told = True
                time.sleep(POLL_S)
        finally:
            program.kill()
            program.wait()
        _, standing = _standing(folder, at, standing)
        with self.sessions.begin() as session:
            runs.advance(session, run_id, standing[0], standing[1] or None)
        return ended

    def _pause(self, run_id: int, go_on: GoOn) -> None:
        """Let a run rest as a person wants it or, where the worker is to end, wait for the next one."""
        rest = {runs.PAUSE: RunStatus.PAUSED, runs.STOP: RunStatus.STOPPED}
        with self.sessions.begin() as session:
            wanted = runs.wanted(session, run_id) or (runs.PAUSE if go_on() else None)
            runs.end(session, run_id, rest[wanted] if wanted else RunStatus.QUEUED)
        if not wanted:
            raise Interrupted

    def _register(self, run_id: int, person: Person, folder: RunFolder) -> None:
        """Make a candidate of what was trained. The same rows and seed made the same bytes before: then it is those."""
        with self.sessions() as session:
            line = runs.line(session, None, run_id)
            card = make_card(line, snapshots.of_run(session, run_id), folder)
            known = adapters.by_digest(session, disk.digest(folder.adapter))
            name = known.name if known else None
        name = name or self.register(person, folder.adapter, line.name, run_id, card)
        with self.sessions.begin() as session:
            runs.end(session, run_id, RunStatus.FINISHED, adapter=name, card=card)


def device() -> str:
    """The one place that runs of this machine take."""
    return socket.gethostname()


def _person(session: Any, run: Run) -> Person:
    """Whom the run acts for; they may have lost the right to meanwhile."""
    user = session.get(User, run.user_id) if run.user_id else None
    if user is None:
        raise NotFoundError("Whoever started this run is gone, so its adapter would belong to nobody. Start a new one.")
    return rights.training(session, Person(user.id, user.name, UserRole(user.role)))


def _standing(folder: RunFolder, at: int, before: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """How far the log has come behind byte `at`: step, and steps in all."""
    step, steps = before
    events, at = folder.log(at)
    for event in events:
        step, steps = event.get("step", step), event.get("steps", steps)
    return at, (step, steps)


def last_words(folder: RunFolder, status: int) -> str:
    """Why a program that could not say so died, as far as it can be told."""
    if status == -signal.SIGKILL:
        return (
            "The system ended the training program, most likely for want of memory. Resume goes on from the last "
            "checkpoint; a smaller micro-batch, shorter examples or a smaller base take less."
        )
    lines = folder.errors.read_text(errors="replace")[-TAIL:].splitlines()
    said = [line for line in lines if line.strip() and "%|" not in line]  # of which progress bars say nothing
    return f"The training program broke off ({status}): {said[-1] if said else 'it left no word'}. Resume tries again."
