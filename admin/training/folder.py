"""The folder of a training run: what goes in and what comes out are files, so that a run can be repeated and believed.

run.json rows.jsonl     in: the settings, and the rows under their sha256
log.jsonl               every step, evaluation, checkpoint, beginning and end; only ever added to
checkpoints/            the last, and the best
adapter/ result.json    out: the adapter, then what is on record of it
failure.json error.log  why it failed, in words; what the program said besides
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from admin.training.presets import TrainingSettings
from admin.training.rows import Row
from chat.errors import InvalidInputError
from chat.settings import Settings

RUNS = "runs"


class Plan(BaseModel):
    """What is to be trained: `run.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: TrainingSettings
    home: Path
    """Where the engine says whether the chat is busy."""
    model: str
    """As APPRENTICE_MODEL names it."""
    dtype: str = "auto"
    revision: str | None = None
    """Of the base, as a first life of the run found it."""
    rows_sha256: str
    only_steps: int | None = None
    """End after so many steps, as if they were all: for an estimate or a dry run."""

    @property
    def model_settings(self) -> Settings:
        """The settings that load the base model."""
        return Settings(home=self.home, model=self.model, dtype=self.dtype)  # type: ignore[arg-type]


@dataclass(frozen=True)
class RunFolder:
    """A run's files."""

    path: Path

    @staticmethod
    def of(home: Path, run_id: int) -> "RunFolder":
        """That of a run of this installation."""
        return RunFolder(home / RUNS / str(run_id))

    @property
    def rows(self) -> Path:
        return self.path / "rows.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def errors(self) -> Path:
        return self.path / "error.log"

    @property
    def lock(self) -> Path:
        """Held by the program that trains here, for as long as it lives."""
        return self.path / "lock"

    def write_plan(self, plan: Plan) -> None:
        """Say what is to be trained; `rows.jsonl` lies there already."""
        self._write("run.json", plan.model_dump(mode="json"))

    def plan(self) -> Plan:
        """What is to be trained. Raises `InvalidInputError` where the rows are not those of the plan."""
        plan = Plan.model_validate_json((self.path / "run.json").read_bytes())
        if file_sha256(self.rows) != plan.rows_sha256:
            raise InvalidInputError(
                f"{self.rows} was changed since the run was planned: its digest is another. Start a new run."
            )
        return plan

    def read_rows(self) -> Iterator[Row]:
        """The rows, in order. Raises `InvalidInputError` for a damaged one."""
        with self.rows.open(encoding="utf-8") as file:
            for line in file:
                yield Row.of(json.loads(line))

    def write_result(self, result: dict[str, Any]) -> None:
        """Say that the run is finished: the last thing that is written."""
        self._write("result.json", result)

    def result(self) -> dict[str, Any] | None:
        """What is on record of a finished run; None for one that is not."""
        return self._read("result.json")

    def write_failure(self, said: dict[str, Any]) -> None:
        """Say in words why the run failed."""
        self._write("failure.json", said)

    def failure(self) -> str | None:
        """Why the last try failed, in words, where it could say so."""
        said = self._read("failure.json")
        return str(said["error"]) if said else None

    def forget_failure(self) -> None:
        """Begin a new try."""
        (self.path / "failure.json").unlink(missing_ok=True)

    def append(self, event: str, **said: Any) -> None:
        """Add an event to the log. What a kill cut off is closed first, so that it spoils no other line."""
        line = json.dumps({"event": event, **said}, ensure_ascii=False).encode() + b"\n"
        with (self.path / "log.jsonl").open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)

    def log(self, start: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The whole events behind byte `start`, and the byte to go on from."""
        try:
            with (self.path / "log.jsonl").open("rb") as file:
                file.seek(start)
                said = file.read()
        except FileNotFoundError:
            return [], start
        whole = said[: said.rfind(b"\n") + 1]
        return list(_events(whole)), start + len(whole)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def _write(self, name: str, said: dict[str, Any]) -> None:
        write_whole(self.path / name, json.dumps(said, ensure_ascii=False, indent=1).encode())

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            said: dict[str, Any] = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        return said


def write_whole(path: Path, said: bytes) -> None:
    """Write a file whole or not at all, and safely on disk. Raises `OSError`; then nothing is left behind."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(said)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def file_sha256(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _events(lines: bytes) -> Iterator[dict[str, Any]]:
    """A line that a kill cut off is no event."""
    for line in lines.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "event" in said:
            yield said
