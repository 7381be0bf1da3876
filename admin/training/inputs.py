"""What a run learns from, made once and frozen into its folder: the snapshot's rows, and what the goal adds to them."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from admin.curation.documents.ingesting import Interrupted
from admin.training import presets, snapshots
from admin.training.folder import Plan, RunFolder, file_sha256, write_whole
from admin.training.presets import Objective, Preset, TrainingSettings
from admin.training.rows import Passage, Row, as_asked
from chat.errors import DatabaseError, InvalidInputError
from chat.models.chat import ModelConnection, model_errors
from chat.rag import prompt
from chat.rag.retriever import HybridRetriever
from chat.rights import Person
from chat.settings import Settings
from chat.store import collections, runs, texts
from chat.store.session import Sessions
from chat.store.tables import Run, Snapshot

GoOn = Callable[[], bool]
Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Inputs:
    """Makes the rows of runs. `connect` gives the way to a model that is asked after everybody who waits."""

    sessions: Sessions
    settings: Settings
    retriever: HybridRetriever
    connect: Callable[[], ModelConnection]

    def freeze(self, run_id: int, person: Person, folder: RunFolder, go_on: GoOn) -> None:
        """Write the run's rows and plan, unless they are there. Raises `Interrupted` when `go_on` says no."""
        if (folder.path / "run.json").exists():
            return
        folder.path.mkdir(parents=True, exist_ok=True)
        with self.sessions() as session:
            run = runs.get(session, None, run_id)
            settings, goal = TrainingSettings.model_validate(run.settings), presets.preset(run.preset)
            said, collection = _snapshot_rows_of(session, run), collections.name_of(session, run.collection_id)
            base, collection_id = run.base, run.collection_id
        made = self.rows(said, goal, settings, Place(collection_id, collection, person), folder.path, go_on)
        lines = b"".join(snapshots.line(row) for row in made)
        write_whole(folder.rows, lines)
        plan = Plan(
            settings=settings,
            home=self.settings.home,
            model=base,
            dtype=self.settings.dtype,
            rows_sha256=file_sha256(folder.rows),
        )
        folder.write_plan(plan)

    def rows(
        self, said: Rows, goal: Preset, settings: TrainingSettings, place: "Place", drafts: Path, go_on: GoOn
    ) -> Rows:
        """The rows as the goal wants them: with passages, with the model's own answers, or the documents' text."""
        if settings.objective == Objective.PRETRAINING:
            return self._texts(said, place)
        if settings.look_up:
            said = (self._looked_up(row, place, go_on) for row in said)
        if goal.distils:
            return self._distilled(said, drafts, go_on)
        return said

    def look_up(self, row: dict[str, Any], place: "Place") -> dict[str, Any]:
        """The row with the passages that the chat finds for its question now; as it is where it has its own.

        Where the document that its answer comes from is not among them, it stays without: nothing shown would bear it.
        """
        asked = Row.of(row)
        if asked.passages or not asked.question.strip():
            return row
        retriever = self.retriever.asked_by(place.person, place.collection)
        found = prompt.select(retriever.sources(asked.question))
        with self.sessions() as session:
            names = texts.names(session, [source.document_id for source in found])
        bears = not row["documents"] or set(row["documents"]) & set(names.values())
        if not found or (row.get("answerable", True) and not bears):
            return row
        passages = [asdict(Passage(source.document, source.section, source.text)) for source in found]
        return row | {"passages": passages}

    def _looked_up(self, row: dict[str, Any], place: "Place", go_on: GoOn) -> dict[str, Any]:
        if not go_on():
            raise Interrupted
        return self.look_up(row, place)

    def _texts(self, said: Rows, place: "Place") -> Iterator[dict[str, Any]]:
        """The documents that the rows were made from, each for what its rows are for: none is read in both parts."""
        splits: dict[str, str] = {}
        for row in said:
            for document in row["documents"]:
                splits[document] = "train" if "train" in (row["split"], splits.get(document)) else row["split"]
        with self.sessions() as session:
            said_now = texts.live(session, place.collection_id, list(splits))
        if not said_now:
            raise InvalidInputError(
                "The snapshot's examples name no document that is there, so there is nothing to read."
            )
        for document, split in splits.items():
            if document in said_now:
                yield {"id": document, "split": split, "text": said_now[document], "documents": [document]}

    def _distilled(self, said: Rows, drafts: Path, go_on: GoOn) -> Iterator[dict[str, Any]]:
        """Each row with what the served model answers from its passages, and without them. Kept as they come."""
        models, kept = self.connect(), drafts / "distilled.jsonl"
        known = {row["id"]: row for row in _read(kept)}
        try:
            for row in said:
                if row["id"] not in known:
                    if not go_on():
                        raise Interrupted
                    known[row["id"]] = self._answered(row, models)
                    _append(kept, known[row["id"]])
                yield known[row["id"]]
        finally:
            models.close()

    def _answered(self, row: dict[str, Any], models: ModelConnection) -> dict[str, Any]:
        messages = as_asked(Row.of(row))
        with model_errors():
            answer = models.get().chat.invoke(messages, temperature=0, max_tokens=prompt.ANSWER_TOKENS)
        # From a model that says nothing, nothing can be learned: then the example's own words stand.
        return {**row, "completion": str(answer.content).strip() or row["completion"], "passages": []}


@dataclass(frozen=True)
class Place:
    """Where passages are looked up, and for whom."""

    collection_id: int
    collection: str
    person: Person


def _snapshot_rows_of(session: Any, run: Run) -> list[dict[str, Any]]:
    snapshot = session.get(Snapshot, run.snapshot_id) if run.snapshot_id else None
    if snapshot is None:
        raise InvalidInputError("The snapshot that this run was to learn from is gone. Start one from another.")
    said = list(snapshots.rows(session, snapshot))
    if snapshots.digest(said) != snapshot.sha256:
        raise DatabaseError(f"The rows of {snapshot.name} are not those it was made of. Make a new snapshot.")
    return said


def _read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that is being written; none where there is none."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _append(path: Path, row: Mapping[str, Any]) -> None:
    """Add a line, behind the last whole one."""
    with path.open("ab+") as file:
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.write(snapshots.line(dict(row)))
        file.flush()
        os.fsync(file.fileno())
