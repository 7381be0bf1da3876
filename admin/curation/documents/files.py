"""Files, folders and archives that a person names, as the documents they stand for."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from admin.curation.documents.archive import unpack
from admin.curation.documents.found import (
    HIDDEN,
    OTHER_KIND,
    FoundFile,
    PassedOver,
    is_archive,
    is_hidden,
    reason_to_pass_over,
)
from admin.curation.formats.loaders import UnreadableDocument

UPLOADED, UPLOADED_IN = "uploaded", "uploaded in "
LONGEST_NAME = 500
"""Characters of a document's name, folders and all."""
# Line ends, other control characters, and signs that show nothing or turn the direction of what follows.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def find_files(paths: Iterable[Path]) -> Iterator[FoundFile]:
    """The files that `look_through` finds, without those it passes over, and without any from archives."""
    return (found for found in look_through(paths, unpacking=False) if isinstance(found, FoundFile))


def look_through(paths: Iterable[Path], *, unpacking: bool = True) -> Iterator[FoundFile | PassedOver]:
    """The files among `paths`, in zip archives and, for folders, below them, in order of their names.

    Each file lies where it says until the next is asked for. In folders and archives, hidden files and kinds that
    cannot be read are passed over; a link that leads out of its folder is reported, never followed.
    """
    for path in paths:
        if path.is_dir():
            for found in _walk(path.absolute()):
                yield from _opened(found) if unpacking else _closed(found)
        elif path.exists():
            found = FoundFile(path, path.name, _oddity(path))
            yield from _opened(found) if unpacking else [found]
        else:
            yield FoundFile(path, path.name, f"There is no file or folder {path}.")


def look_into_upload(path: Path, name: str) -> Iterator[FoundFile | PassedOver]:
    """What a file that was uploaded under `name`, a path where it came with its folder, stands for."""
    name = "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    reason = reason_to_pass_over(name) if "/" in name else None
    if reason:
        yield PassedOver(name, reason)
    elif is_archive(name):
        yield from unpack(path, name, UPLOADED_IN + name)
    else:
        yield FoundFile(path, name, source=UPLOADED)


def legible(name: str) -> str:
    """A file's name as it can be kept and shown: file systems allow bytes in it that are no characters."""
    return UNSEEN.sub("", name).encode(errors="backslashreplace").decode()


def document_name(name: str) -> str:
    """A file's name as its document's. Raises `UnreadableDocument` for one that is too long to be told apart by."""
    if len(name := legible(name)) > LONGEST_NAME:
        raise UnreadableDocument(
            f"The name of this file is longer than {LONGEST_NAME} characters. Give it a shorter one."
        )
    return name


def _opened(found: FoundFile | PassedOver) -> Iterator[FoundFile | PassedOver]:
    """What was found or, in place of an archive, what is in it."""
    if isinstance(found, FoundFile) and found.problem is None and is_archive(found.name):
        yield from unpack(found.path, found.name, found.source or str(found.path.absolute()))
    else:
        yield found


def _closed(found: FoundFile | PassedOver) -> Iterator[FoundFile | PassedOver]:
    """What was found in a folder, archives passed over."""
    yield PassedOver(found.name, OTHER_KIND) if is_archive(found.name) else found


def _walk(folder: Path) -> Iterator[FoundFile | PassedOver]:
    home = folder.resolve()
    for place, folders, files in os.walk(folder):
        here = Path(place)
        yield from (PassedOver(_below(folder, here / name), HIDDEN) for name in sorted(folders) if is_hidden([name]))
        folders[:] = sorted(name for name in folders if not is_hidden([name]))
        links = {name for name in folders if (here / name).is_symlink()}
        for name in sorted([*files, *links]):
            yield from _file(here / name, _below(folder, here / name), home, is_folder=name in links)


def _file(path: Path, name: str, home: Path, *, is_folder: bool) -> Iterator[FoundFile | PassedOver]:
    """What a file, or a link to a folder, in the folder `home` stands for."""
    reason = reason_to_pass_over(name)
    if reason == HIDDEN or (reason == OTHER_KIND and not is_folder):
        yield PassedOver(name, reason)
    elif path.is_symlink() and not path.resolve().is_relative_to(home):
        yield FoundFile(path, name, "It is a link that leads out of the folder, and was not followed.")
    elif not is_folder:
        yield FoundFile(path, name, _oddity(path))


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _oddity(path: Path) -> str | None:
    """Why what is there cannot be read like a file: reading a pipe or a device may never end."""
    return "It is not a file, but a pipe or a device." if path.exists() and not path.is_file() else None
