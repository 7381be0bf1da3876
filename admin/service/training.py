"""What trainers can do: see what would be trained, estimate it, start it, follow it, pause it. No Gradio, no SQL."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin.service.trying import Tried, Trying, View, Wanted, chosen_of
from admin.training import presets
from admin.training.folder import RunFolder
from admin.training.presets import DEFAULT, Preset, SettingField
from chat import rights
from chat.errors import NotFoundError
from chat.store import audit, runs
from chat.store import snapshots as frozen
from chat.store.runs import NewRun, RunLine
from chat.store.snapshots import SnapshotLine

__all__ = ["Curve", "Shown", "Training", "Tried", "View", "Wanted"]


@dataclass(frozen=True)
class Shown:
    """A run with its latest figures. `left_s` is None until a step was taken, or when it is over."""

    line: RunLine
    tokens_per_s: float | None
    left_s: float | None
    card: Mapping[str, Any]
    size: int
    """Bytes of its files."""


@dataclass(frozen=True)
class Curve:
    """What a run's log says behind where one read before; `at` is where to go on."""

    events: Sequence[Mapping[str, Any]]
    at: int


@dataclass(frozen=True)
class Training(Trying):
    """Training runs of the collections that a person may read, for who may train."""

    def presets(self) -> Sequence[Preset]:
        """What a run may be for."""
        return list(presets.PRESETS.values())

    def fields(self, preset: str = DEFAULT) -> Sequence[SettingField]:
        """Every setting with its help, as the preset has it. Raises `InvalidInputError`."""
        return presets.fields(preset)

    def snapshots(self) -> Sequence[SnapshotLine]:
        """The snapshots that this person may train on."""
        with self.sessions() as session:
            rights.training(session, self.person)
            return frozen.listing(session, rights.readable(session, self.person))

    def start(self, wanted: Wanted) -> int:
        """Have it trained by a worker. Returns the run's id. Raises as `report`, and where nothing can be learned."""
        material = self.material(wanted)
        prepared, _ = self.prepared(wanted, material)
        prepared.report.check()
        with self.sessions.begin() as session:
            rights.training(session, self.person)
            new = NewRun(
                material.place.collection_id,
                material.snapshot_id,
                wanted.preset,
                self.base(wanted),
                chosen_of(wanted).model_dump(mode="json"),
                wanted.name or runs.free_name(session, wanted.snapshot),
                self.person.id,
            )
            run_id = runs.add(session, new)
            self._note(session, "start training", run_id, {"snapshot": wanted.snapshot, "preset": wanted.preset})
        return run_id

    def list(self) -> Sequence[RunLine]:
        """The runs that this person may know of, the newest first."""
        with self.sessions() as session:
            return runs.lines(session, rights.readable(session, self.person))

    def show(self, run_id: int) -> Shown:
        """One run. Raises `NotFoundError`."""
        with self.sessions() as session:
            line = runs.line(session, rights.readable(session, self.person), run_id)
        folder = RunFolder.of(self.settings.home, run_id)
        steps = [event for event in folder.log()[0] if event["event"] == "step"]
        left = None
        if steps and line.under_way and line.steps:
            left = steps[-1]["seconds"] / steps[-1]["step"] * (line.steps - steps[-1]["step"])
        speed = steps[-1]["tokens_per_s"] if steps else None
        return Shown(line, speed, left, line.record.get("card", {}), folder.size())

    def curve(self, run_id: int, since: int = 0) -> Curve:
        """What the run's log says behind byte `since`. Raises `NotFoundError`."""
        with self.sessions() as session:
            runs.get(session, rights.readable(session, self.person), run_id)
        return Curve(*RunFolder.of(self.settings.home, run_id).log(max(since, 0)))

    def pause(self, run_id: int) -> None:
        """Let a run rest at its last step, to go on later. Raises `NotFoundError`, `NotAllowedError`."""
        self._want(run_id, runs.PAUSE)

    def stop(self, run_id: int) -> None:
        """End a run. Its last checkpoint stays, so that it can go on all the same. Raises as `pause`."""
        self._want(run_id, runs.STOP)

    def resume(self, run_id: int | None = None) -> int:
        """Let a run go on from its last checkpoint; without an id, the latest unfinished. Returns its id.

        Raises as `pause`, and `InvalidInputError` for one that is finished.
        """
        with self.sessions.begin() as session:
            rights.training(session, self.person)
            seen = rights.readable(session, self.person)
            chosen = run_id if run_id is not None else runs.latest_unfinished(session, seen)
            if chosen is None:
                raise NotFoundError("There is no unfinished run. `python -m admin train --snapshot NAME` starts one.")
            runs.resume(session, runs.get(session, seen, chosen))
            self._note(session, "resume training", chosen)
        return chosen

    def delete(self, run_id: int) -> None:
        """Delete a run with its files; an adapter that came of it stays. Raises as `resume`."""
        with self.sessions.begin() as session:
            rights.training(session, self.person)
            run = runs.get(session, rights.readable(session, self.person), run_id)
            self._note(session, "delete training", run_id, {"status": run.status, "step": run.step})
            runs.remove(session, run)
        shutil.rmtree(RunFolder.of(self.settings.home, run_id).path, ignore_errors=True)

    def _want(self, run_id: int, what: str) -> None:
        with self.sessions.begin() as session:
            rights.training(session, self.person)
            run = runs.get(session, rights.readable(session, self.person), run_id)
            runs.want(session, run, what)
            self._note(session, f"{what} training", run_id)

    def _note(self, session: Any, action: str, run_id: int, after: Mapping[str, Any] | None = None) -> None:
        audit.note(session, self.person.id, self.person.name, action, f"run {run_id}", after=dict(after or {}))
