"""What is found where a person points to: files to hand in, and those that are passed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from admin.curation.formats.loaders import ARCHIVES, KINDS, USUAL_ARCHIVE

HIDDEN = "hidden"
OTHER_KIND = "of a kind that cannot be read"
SYSTEM_FILES = ("__MACOSX", "Thumbs.db", "desktop.ini")
"""What systems leave in folders and archives; nobody wrote it."""


@dataclass(frozen=True)
class FoundFile:
    """A file to hand in, the name its document gets, and the reason why it is not handed in, if there is one.

    `source` says where it came from when that is not `path`, which for a file from an archive is there for a moment.
    """

    path: Path
    name: str
    problem: str | None = None
    source: str = ""


@dataclass(frozen=True)
class PassedOver:
    """A file, or a folder with all that is in it, which nobody meant to hand in; `reason` completes “It is …”."""

    name: str
    reason: str


def reason_to_pass_over(name: str) -> str | None:
    """Why a file found in a folder or an archive, at the path `name` below it, is not for reading."""
    parts = PurePosixPath(name).parts
    if is_hidden(parts):
        return HIDDEN
    suffix = PurePosixPath(name).suffix.lower()
    return None if suffix in KINDS or suffix in ARCHIVES else OTHER_KIND


def is_hidden(parts: Sequence[str]) -> bool:
    """Whether one of the names on the way to a file hides it. (`~$` begins the name of a file that Office has open.)"""
    return any((part.startswith((".", "~$")) and part != "..") or part in SYSTEM_FILES for part in parts)


def is_archive(name: str) -> bool:
    """Whether the file is unpacked rather than read."""
    return name.lower().endswith(USUAL_ARCHIVE)
