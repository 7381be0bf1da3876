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
            yield FoundFile(path, path.name, _oddity(path))
        else:
            yield FoundFile(path, path.name, f"There is no file or folder {path}.")


def legible(name: str) -> str:
    """A file's name as it can be kept and shown: file systems allow bytes in it that are no characters."""
    return name.replace("\0", "").encode(errors="backslashreplace").decode()


def _walk(folder: Path) -> Iterator[FoundFile]:
    home = folder.resolve()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(place, name).is_symlink()]
        readable = [name for name in files if not name.startswith(".") and Path(name).suffix.lower() in KINDS]
        for name in sorted([*readable, *links]):
            path = Path(place, name)
            document = path.relative_to(folder).as_posix()
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                yield FoundFile(path, document, "It is a link that leads out of the folder, and was not followed.")
            elif name not in links:
                yield FoundFile(path, document, _oddity(path))


def _oddity(path: Path) -> str | None:
    """Why what is there cannot be read like a file: reading a pipe or a device may never end."""
    return "It is not a file, but a pipe or a device." if path.exists() and not path.is_file() else None
