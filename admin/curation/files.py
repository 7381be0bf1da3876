"""Files and folders that a person names, as the documents they stand for."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from admin.curation.loaders import KINDS


@dataclass(frozen=True)
class FoundFile:
    """A file to hand in, the name its document gets, or the reason why it is not handed in."""

    path: Path
    name: str
    problem: str | None = None


def find_files(paths: Iterable[Path]) -> Iterator[FoundFile]:
    """The files among `paths` and, for folders, below them, in order of their names.

    Hidden files and kinds that cannot be read are passed over in folders; a link that leads out of its folder is
    reported, never followed.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path.absolute())
        elif path.exists():
            yield FoundFile(path, path.name)
        else:
            yield FoundFile(path, path.name, f"There is no file or folder {path}.")


def _walk(folder: Path) -> Iterator[FoundFile]:
    home = folder.resolve()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            document = path.relative_to(folder).as_posix()
            if name.startswith(".") or path.suffix.lower() not in KINDS:
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                yield FoundFile(path, document, "It is a link that leads out of the folder, and was not followed.")
            else:
                yield FoundFile(path, document)
