"""A snapshot as the file it stands for: one JSON object a line, keys sorted, the same bytes whenever it is written."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from admin.training.findings import Lesson
from chat.errors import DatabaseError
from chat.store.snapshots import Frozen, frozen
from chat.store.tables import Snapshot, Split


@dataclass(frozen=True)
class Difference:
    """What is not the same in two snapshots, as keys of examples in order."""

    added: Sequence[str]
    removed: Sequence[str]
    reworded: Sequence[str]
    moved: Sequence[str]
    """Those with the same words that are for another part: validation instead of training, say."""
    same: int


def row(lesson: Lesson, split: Split) -> dict[str, Any]:
    """A line of the file, as an object."""
    wording = lesson.wording
    said = {
        "id": lesson.key,
        "split": split.value,
        "messages": [dict(turn) for turn in wording.prompt],
        "completion": wording.completion,
        "passages": [dict(passage) for passage in wording.passages],
        "answerable": wording.answerable,
        "documents": list(dict.fromkeys(source.document for source in wording.sources)),
        "sha256": lesson.sha256,
    }
    return said if wording.rejected is None else said | {"rejected": wording.rejected}


def line(said: dict[str, Any]) -> bytes:
    """A row as the file has it, with its end of line."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def digest(said: Iterable[dict[str, Any]]) -> str:
    """sha256 of the file that these rows make."""
    found = hashlib.sha256()
    for each in said:
        found.update(line(each))
    return found.hexdigest()


def rows(session: Session, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """The rows of a snapshot, in the order of its file."""
    yield from (row(each, each.split) for each in frozen(session, snapshot.id))


def write(session: Session, snapshot: Snapshot, path: Path) -> str:
    """Write the snapshot's file. Returns its sha256.

    Raises `DatabaseError` where the rows are no longer those that it was made of: then something other than this
    program changed them.
    """
    found = hashlib.sha256()
    with path.open("wb") as file:
        for said in rows(session, snapshot):
            written = line(said)
            found.update(written)
            file.write(written)
    if found.hexdigest() != snapshot.sha256:
        path.unlink()
        raise DatabaseError(
            f"The rows of the snapshot {snapshot.name} are not those that it was made of. Restore them from a backup, "
            "or make a new snapshot."
        )
    return snapshot.sha256


def difference(before: Sequence[Frozen], after: Sequence[Frozen]) -> Difference:
    """What the second has that the first has not, and the other way round."""
    old, new = ({each.id: each for each in side} for side in (before, after))
    both = [example_id for example_id in new if example_id in old]
    reworded = [example_id for example_id in both if old[example_id].sha256 != new[example_id].sha256]
    moved = [
        example_id
        for example_id in both
        if old[example_id].sha256 == new[example_id].sha256 and old[example_id].split != new[example_id].split
    ]
    return Difference(
        [each.key for each in after if each.id not in old],
        [each.key for each in before if each.id not in new],
        [new[example_id].key for example_id in reworded],
        [new[example_id].key for example_id in moved],
        len(both) - len(reworded) - len(moved),
    )
