"""A data folder with a snapshot to learn from, and all that a run needs but a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from admin.curation.documents.ingesting import Interrupted
from admin.service.training import Training, Wanted
from admin.training import snapshots
from admin.training.folder import RunFolder
from admin.training.inputs import Inputs
from admin.training.runs import Trainer
from chat.engine import adapters
from chat.errors import AppError
from chat.models.chat import BATCH, ModelConnection
from chat.rag.retriever import HybridRetriever
from chat.rights import Person
from chat.settings import Settings
from chat.store import collections, examples
from chat.store import snapshots as frozen
from chat.store.examples import NewExample, Wording
from chat.store.snapshots import NewSnapshot
from chat.store.tables import RunStatus, Split
from chat.store.wordings import Place
from tests.conftest import OWNER
from tests.rag.library import Library
from tests.training.conftest import Starts
from tests.training.running import QUICK, rows

FERRY = "# Ferry times\n\nThe ferry leaves the quay at seven in the morning.\n\n# Dogs\n\nDogs ride on deck."


@dataclass(frozen=True)
class Yard:
    """A snapshot to learn from, the service, and what sees runs through."""

    training: Training
    trainer: Trainer
    registered: list[tuple[str, Mapping[str, Any]]]

    def wanted(self, preset: str = "style", **changes: Any) -> Wanted:
        return Wanted("first", preset, {**QUICK, "targets": "attention", **changes})

    def folder(self, run_id: int) -> RunFolder:
        return RunFolder.of(self.training.settings.home, run_id)

    def see_through(self, run_id: int) -> None:
        """What a worker does with the run's job."""
        try:
            self.trainer.work(lambda: True, run_id)
        except (AppError, Interrupted) as error:
            self.trainer.give_up(error, run_id)

    def status(self, run_id: int) -> RunStatus:
        return self.training.show(run_id).line.status


def make_yard(library: Library, model: Path, home: Path, start: Starts) -> Yard:
    """One whose snapshot `first` has rows about places, and one about a ferry that a document tells of."""
    sessions = library.database.sessions
    settings = Settings(home=home, model=str(model), dtype="float32", database_url=library.database.conninfo)
    library.add("ferry.md", FERRY)
    freeze(library, [*rows(12, 4), *rows(1, 0, id="ferry", documents=["ferry.md"], messages=[
        {"role": "user", "content": "When does the ferry leave the quay?"}], rejected="No idea.")])  # fmt: skip
    retriever = HybridRetriever(sessions=sessions, embedder=library.ingestion.embedder, person=OWNER)
    inputs = Inputs(sessions, settings, retriever, partial(ModelConnection, settings, BATCH))
    registered: list[tuple[str, Mapping[str, Any]]] = []

    def register(person: Person, folder: Path, name: str, _run_id: int, card: Mapping[str, Any]) -> str:
        adapters.read(folder)
        registered.append((f"{person.name}: {name}", card))
        return name

    service = Training(sessions, settings, inputs, person=OWNER)
    return Yard(service, Trainer(sessions, settings, inputs, register, start), registered)


def freeze(library: Library, said: Sequence[Mapping[str, Any]], name: str = "first") -> None:
    """Keep these rows as examples, and a snapshot of them."""
    with library.database.sessions.begin() as session:
        collection = collections.ensure(session, "default")
        new = [
            NewExample(
                row["id"],
                Wording(
                    row["messages"],
                    row["completion"],
                    row.get("rejected"),
                    row["passages"],
                    sources=[Place(document) for document in row["documents"]],
                ),
            )
            for row in said
        ]
        examples.put(session, collection.id, new)
        kept = {each.key: each for each in examples.of_collection(session, collection.id)}
        placed = [(kept[row["id"]].version_id, Split(row["split"])) for row in said]
        made = frozen.add(session, NewSnapshot(collection.id, name, "0" * 64, {}, {}, placed, OWNER.id))
        made.sha256 = snapshots.digest(snapshots.rows(session, made))
