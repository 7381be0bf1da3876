"""Test sets in the layout of BEIR (Thakur et al., NeurIPS 2021): passages, questions, and which answers which."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chat.errors import InvalidInputError

FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")


@dataclass(frozen=True)
class BeirSet:
    """A test set. Passages go by their place in `passages`; `grades` has one mapping of place to grade per question."""

    name: str
    passages: list[str]
    questions: list[str]
    grades: list[dict[int, int]]


def find_sets(data: Path) -> list[Path]:
    """Folders of the test sets under `data`/retrieval, by name. Raises `InvalidInputError` where there are none."""
    folders = sorted(path.parent for path in (data / "retrieval").glob(f"*/{FILES[0]}"))
    if not folders:
        raise InvalidInputError(
            f"There are no test sets in {data.absolute()}. Name with --data a folder that holds\n"
            f"  retrieval/NAME/{{{','.join(FILES)}}}\nin the layout of BEIR (docs/benchmarks.md says which are used)."
        )
    return folders


def read_set(folder: Path) -> BeirSet:
    """The set in `folder`; a passage without a word is a dash there, which nobody will find.

    Raises `InvalidInputError` naming the file that is missing.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise InvalidInputError(f"The test set {folder} has no {', '.join(missing)}.")
    passages = {row["_id"]: f"{row['title']}\n{row['text']}".strip() or "–" for row in _rows(folder / FILES[0])}
    places = {identity: place for place, identity in enumerate(passages)}
    judged: dict[str, dict[int, int]] = {}
    with (folder / FILES[2]).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            judged.setdefault(row["query-id"], {})[places[row["corpus-id"]]] = int(row["score"])
    asked = [row for row in _rows(folder / FILES[1]) if row["_id"] in judged]
    questions, grades = [row["text"] for row in asked], [judged[row["_id"]] for row in asked]
    return BeirSet(folder.name, list(passages.values()), questions, grades)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
