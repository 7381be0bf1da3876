"""The recipe of the adapter that comes with the program, followed from the documents to the frozen snapshot."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from admin import demo
from admin.app import Parts
from admin.ingest import ingest
from admin.service.adapter_files import CARD
from admin.service.snapshots import Wanted
from admin.training.grounded import curated, groups, held_out, recipe, release, squad
from admin.training.grounded.groups import Group
from admin.training.grounded.looking import Look
from admin.training.grounded.squad import DEVELOPMENT, TEST, Article
from chat.errors import InvalidInputError
from chat.rag.answer import Source
from chat.store.tables import ExampleState

COLLECTION = "grounded"
"""Where the documents and rows that it learns from are kept."""
GONE = "The recipe does not make this row any more."


@dataclass(frozen=True)
class Made:
    """What came of the recipe: a snapshot to train on, and the question sets to judge by, by their collections."""

    snapshot: str
    rows: Path
    train: int
    validation: int
    unanswerable: int
    sets: dict[str, list[str]] = field(default_factory=dict)


def make(parts: Parts, file: Path | None, console: Console) -> Made:
    """Make the rows, approve them and freeze them; with the file of SQuAD, its held-out articles are prepared, too.

    Doing it again with the same file changes nothing. Raises `InvalidInputError`.
    """
    articles = squad.read(file) if file else []
    folder = parts.settings.home / "recipes" / COLLECTION
    _ingest(parts, [*_written(articles, folder / "documents"), *curated.documents(demo.FOLDER / "documents")], console)
    trials = [held_out.demo_trial(demo.FOLDER), *(held_out.trials(articles) if articles else [])]
    sets = {trial.collection: _prepare(parts, trial, folder, console) for trial in trials}
    with console.status("Looking up the passages of every question"):
        made = _learned(parts, articles)
    rows = folder / "rows.jsonl"
    groups.write(rows, made)
    with console.status("Checking and freezing the rows"):
        snapshot, train, validation = _frozen(parts, rows, made)
    unanswerable = sum(not asked.answerable for group in made for asked in group.asked)
    return Made(snapshot, rows, train, validation, unanswerable, sets)


def pack(parts: Parts, name: str, folder: Path, reports: Sequence[Path]) -> None:
    """Export an adapter as the project carries it: with a card that holds these reports, and a page in words.

    Raises as `Adapters.export` does.
    """
    measured = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in reports}
    parts.adapters.export(name, folder)
    card = release.finished(json.loads((folder / CARD).read_text(encoding="utf-8")), measured)
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(release.in_words(card), encoding="utf-8")


def _written(articles: Sequence[Article], folder: Path) -> list[Path]:
    """The articles that are trained on, as files."""
    folder.mkdir(parents=True, exist_ok=True)
    learned = [article for article in articles if article.title not in DEVELOPMENT + TEST]
    for article in learned:
        (folder / article.document).write_text(article.text, encoding="utf-8")
    return [folder / article.document for article in learned]


def _ingest(parts: Parts, paths: Sequence[Path], console: Console, collection: str = COLLECTION) -> None:
    failed = [each for each in ingest(parts, paths, collection, console) if each.status != "ready"]
    if failed:
        raise InvalidInputError(f"{failed[0].path} could not be read: {failed[0].error}")


def _prepare(parts: Parts, trial: held_out.Trial, folder: Path, console: Console) -> list[str]:
    """Ingest what is asked, and freeze the questions. Returns the names of the sets."""
    documents, sets = trial.write(folder)
    _ingest(parts, documents, console, trial.collection)
    for name, path in sets.items():
        parts.question_sets.read(trial.collection, name, path)
    return list(sets)


def _learned(parts: Parts, articles: Sequence[Article]) -> list[Group]:
    """Everything that is trained on, then what the loss is measured on."""
    look = _look(parts, COLLECTION)
    examples = curated.candidates(demo.FOLDER / "examples.jsonl", demo.FOLDER / "documents", look)
    made = recipe.learned(articles, [*examples], look)
    return made + (recipe.validated(articles, _look(parts, "grounded-development")) if articles else [])


def _look(parts: Parts, collection: str) -> Look:
    retriever = parts.inputs.retriever.asked_by(parts.owner, collection)

    def look(question: str) -> list[Source]:
        return retriever.sources(question)

    return look


def _frozen(parts: Parts, rows: Path, made: Iterable[Group]) -> tuple[str, int, int]:
    """Import the rows, reject what an earlier recipe left, and freeze them. Returns the snapshot and its sizes.

    The snapshot is named by the rows: the same ones are the same snapshot.
    """
    name = f"{COLLECTION}-{hashlib.sha256(rows.read_bytes()).hexdigest()[:8]}"
    known = {line.name: line for line in parts.snapshots.lines()}
    if name not in known:
        parts.examples.import_file(rows, COLLECTION, approve=True)
        _reject_others(parts, {asked.id for group in made for asked in group.asked})
        aside = [f"{title}.txt" for title in DEVELOPMENT]
        known[name] = parts.snapshots.create(Wanted(name, COLLECTION, validation=recipe.KEPT_ASIDE, aside=aside))
    return name, known[name].train, known[name].validation


def _reject_others(parts: Parts, ids: set[str]) -> None:
    approved = parts.examples.listed(COLLECTION, ExampleState.APPROVED)
    others = [each.id for each in approved if each.key not in ids]
    if others:
        parts.examples.review(others, ExampleState.REJECTED, GONE)
