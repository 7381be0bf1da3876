"""What would be trained, seen before it is: every row's tokens, what becomes of it, and two real steps of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from admin.service.asking import answer_with
from admin.training import estimate, presets, snapshots
from admin.training.estimate import Estimate
from admin.training.inputs import Inputs, Place
from admin.training.presets import Objective, Preset, TrainingSettings
from admin.training.preview import Prepared, Report, Token, view
from admin.training.rows import Row, UnfitRowError, Vocabulary, encode, read_vocabulary, windows
from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.settings import Settings
from chat.store import collections
from chat.store import snapshots as frozen

LOOKED_UP = 200
"""Rows of which an estimate looks passages up; it takes the others as they are."""


@dataclass(frozen=True)
class Wanted:
    """What is to be trained: a snapshot's name, a preset, what differs from it, and what to call the adapter."""

    snapshot: str
    preset: str = presets.DEFAULT
    changes: Mapping[str, Any] = field(default_factory=dict)
    base: str | None = None
    name: str | None = None
    collection: str | None = None


@dataclass(frozen=True)
class View:
    """A row as the model reads it: every token, and whether it carries the loss."""

    row: str
    tokens: Sequence[Token]
    clipped: bool
    rows: int
    """How many rows the snapshot has."""


@dataclass(frozen=True)
class Tried:
    """What a dry run came to: what the run will take, and what the engine answered with the adapter of two steps."""

    estimate: Estimate
    report: Report
    answer: str


@dataclass(frozen=True)
class Material:
    """A snapshot's rows, and where they come from."""

    rows: Sequence[dict[str, Any]]
    snapshot_id: int
    place: Place


@dataclass(frozen=True)
class Trying(Personal):
    """What a person who may train can see of a run that is not begun."""

    settings: Settings
    inputs: Inputs
    _vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    """By the model's name, read when first needed: they never change while a process lives."""

    def report(self, wanted: Wanted) -> Report:
        """What becomes of every row. Raises `NotFoundError`, `NotAllowedError`, `InvalidInputError`, `ModelError`."""
        return self.prepared(wanted, self.material(wanted))[0].report

    def look(self, wanted: Wanted) -> tuple[Report, View | None]:
        """What becomes of every row, and the tokens of the first where it can be learned from. Raises as `report`."""
        found = self.report(wanted)
        try:
            return found, self.preview(wanted) if found.rows else None
        except UnfitRowError:
            return found, None

    def preview(self, wanted: Wanted, number: int = 0) -> View:
        """The tokens of a row, with its passages looked up where the settings say so. Raises as `report`, and
        `AppError` for a row that cannot be learned from."""
        material, vocabulary, chosen = self.material(wanted), self._vocabulary(wanted), chosen_of(wanted)
        if not 0 <= number < len(material.rows):
            raise InvalidInputError(f"The snapshot has {len(material.rows)} rows; there is no row {number + 1}.")
        said = material.rows[number]
        limit = min(chosen.max_tokens, vocabulary.context_length)
        if chosen.objective == Objective.PRETRAINING:
            texts = self.inputs.rows([said], goal_of(wanted), chosen, material.place, self.settings.home, _always)
            encoded = next(windows(Row.of(next(iter(texts))), vocabulary, limit))
        else:
            looked_up = self.inputs.look_up(said, material.place) if chosen.look_up else said
            encoded = encode(Row.of(looked_up), vocabulary, limit)
        return View(str(said["id"]), view(encoded, vocabulary.tokenizer), encoded.clipped, len(material.rows))

    def estimate(self, wanted: Wanted) -> Iterator[str | Estimate]:
        """What the run will take, by two real steps: words while they are taken, then the estimate."""
        for said in self._try(wanted, answering=False):
            yield said.estimate if isinstance(said, Tried) else said

    def dry_run(self, wanted: Wanted) -> Iterator[str | Tried]:
        """Two steps, saved, loaded in the engine that serves, and asked: words on the way, then what came of it."""
        yield from self._try(wanted, answering=True)

    def _try(self, wanted: Wanted, *, answering: bool) -> Iterator[str | Tried]:
        """Take two steps of the costliest rows; then, if `answering`, let the engine answer with what they made."""
        yield "Reading the rows"
        material, chosen = self.material(wanted), chosen_of(wanted)
        prepared, rows = self.prepared(wanted, material, looked_up=True)
        prepared.report.check()
        part = estimate.costliest(prepared, chosen)
        with estimate.trial(self.settings, self.base(wanted), rows, chosen, part) as folder:
            yield from estimate.take_steps(folder)
            found, answer = estimate.reckon(folder, prepared, chosen), ""
            if answering and not self.settings.remote_model:
                yield "Asking the engine with it"
                first = next(folder.read_rows())
                answer = answer_with(self.settings, folder.adapter, first.question or first.id)
        yield Tried(found, prepared.report, answer)

    def material(self, wanted: Wanted) -> Material:
        with self.sessions() as session:
            rights.training(session, self.person)
            seen = rights.readable(session, self.person, wanted.collection)
            snapshot = frozen.named(session, seen, wanted.snapshot)
            collection = collections.name_of(session, snapshot.collection_id)
            rows = list(snapshots.rows(session, snapshot))
            return Material(rows, snapshot.id, Place(snapshot.collection_id, collection, self.person))

    def prepared(
        self, wanted: Wanted, material: Material, *, looked_up: bool = False
    ) -> tuple[Prepared, Sequence[dict[str, Any]]]:
        """The rows as tokens, and as they are. Passages are looked up, and documents read, only where that is quick."""
        chosen, goal, rows = chosen_of(wanted), goal_of(wanted), material.rows
        if chosen.objective == Objective.PRETRAINING:
            rows = list(self.inputs.rows(rows, goal, chosen, material.place, self.settings.home, _always))
        elif looked_up and chosen.look_up and not goal.distils:
            rows = [self.inputs.look_up(row, material.place) for row in rows[:LOOKED_UP]] + list(rows[LOOKED_UP:])
        return Prepared.of(map(Row.of, rows), self._vocabulary(wanted), chosen), rows

    def _vocabulary(self, wanted: Wanted) -> Vocabulary:
        base = self.base(wanted)
        if base not in self._vocabularies:
            self._vocabularies[base] = read_vocabulary(self.settings.model_copy(update={"model": base}))
        return self._vocabularies[base]

    def base(self, wanted: Wanted) -> str:
        """The model that is trained. Raises `InvalidInputError` for one whose adapter could not answer here."""
        if self.settings.remote_model and wanted.base is None:
            raise InvalidInputError(
                "APPRENTICE_MODEL is the URL of a server, which cannot be trained. Name the same model with --base: a "
                "folder that holds it, or its Hugging Face id."
            )
        if not self.settings.remote_model and wanted.base not in (None, self.settings.model):
            raise InvalidInputError(
                f"{self.settings.model} answers here; an adapter trained on {wanted.base} could not. Set "
                f"APPRENTICE_MODEL={wanted.base} first, or train on what answers."
            )
        return wanted.base or self.settings.model


def chosen_of(wanted: Wanted) -> TrainingSettings:
    """Every setting, as it is wanted. Raises `InvalidInputError`."""
    return presets.chosen(wanted.preset, wanted.changes)


def goal_of(wanted: Wanted) -> Preset:
    """What it is for. Raises `InvalidInputError`."""
    return presets.preset(wanted.preset)


def _always() -> bool:
    return True
