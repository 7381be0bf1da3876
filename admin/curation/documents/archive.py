"""Zip archives of documents, unpacked one file at a time, whatever their author had in mind.

Nothing is unpacked under a name of the archive's choosing, so none can lead anywhere. What an archive may unpack to
is limited before anything is, and by what really comes out of it afterwards.
"""

import re
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from admin.curation.documents.found import FoundFile, PassedOver, is_archive, reason_to_pass_over
from admin.curation.formats.loaders import ARCHIVES, MAX_BYTES, MEGABYTE

MAX_FILES = 10_000
MAX_DIRECTORY = 10 * MEGABYTE
"""Of an archive's table of contents, which is read whole: about 100 000 entries."""
MAX_UNPACKED = 4000 * MEGABYTE
MAX_RATIO = 300  # of unpacked to packed; texts stay below 30
SMALL = 50 * MEGABYTE
"""What may be unpacked whatever the ratio is."""
BLOCK = 1 << 20
DIRECTORY_SIZE = 5
"""Where `zipfile`'s end record holds the size of the table of contents."""
ENCRYPTED, UTF_8 = 0x1, 0x800  # flags of an entry

DAMAGED = "{} is cut off or damaged. Make the archive again, and hand that in."
PASSWORD = "{} needs a password. Unpack it, and hand in the files or a folder of them."  # noqa: S105
MANY = "{} holds more than {:,} files. Split it."
LARGE = "{} would unpack to {:,.0f} MB. At most {:,} MB, and {} times its own size, are unpacked. Split it."
NESTED = "It is an archive inside an archive. Unpack it, and hand in its files."
LEADS_OUT = "Its name leads out of the archive, so it was not unpacked."
LINK = "It is a link, not a file, and was not followed."
TWICE = "The archive holds two files of this name; the first was taken."
TOO_LARGE = "It is {:,.0f} MB; the limit is {} MB. Split it."
BROKEN = "It is damaged in the archive. Make the archive again."


def unpack(path: Path, name: str, source: str) -> Iterator[FoundFile | PassedOver]:
    """Yield what is in the archive `name`, which lies at `path` and came from `source`.

    Each file is there until the next is asked for.
    """
    try:
        with path.open("rb") as file:
            # Asked for by its own word, so that nothing that `zipfile` would read differently gets by.
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
            if end and end[DIRECTORY_SIZE] > MAX_DIRECTORY:
                yield FoundFile(path, name, MANY.format(name, MAX_FILES))
                return
            archive = zipfile.ZipFile(file)
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if problem := _problem(entries, path.stat().st_size, name):
                yield FoundFile(path, name, problem)
            else:
                yield from _files(archive, entries, name, source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        yield FoundFile(path, name, DAMAGED.format(name))
    except OSError as error:
        yield FoundFile(path, name, f"{name} cannot be read: {error.strerror}.")


def _problem(entries: list[zipfile.ZipInfo], packed: int, name: str) -> str | None:
    """Why nothing of the archive is unpacked."""
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_FILES:
        return MANY.format(name, MAX_FILES)
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        return PASSWORD.format(name)
    if unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * packed):
        return LARGE.format(name, unpacked / MEGABYTE, MAX_UNPACKED // MEGABYTE, MAX_RATIO)
    return None


def _files(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], name: str, source: str
) -> Iterator[FoundFile | PassedOver]:
    # An archive that lies in a folder stands for a folder there.
    above = PurePosixPath(name).with_suffix("") if "/" in name else PurePosixPath()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "file"
        for entry in entries:
            inside = _inside(entry)
            document, origin = (above / inside).as_posix(), f"{source}/{inside}"
            seen[inside] += 1
            if reason := reason_to_pass_over(inside):
                yield PassedOver(document, reason)
            elif problem := _oddity(entry, inside) or (TWICE if seen[inside] > 1 else None):
                yield FoundFile(place, document, problem, origin)
            else:
                yield FoundFile(place, document, _extract(archive, entry, place), origin)


def _inside(entry: zipfile.ZipInfo) -> str:
    """The path of an entry as its author saw it."""
    name = entry.filename
    if not entry.flag_bits & UTF_8:
        # What some programs write is UTF-8, though they do not say so.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")


def _oddity(entry: zipfile.ZipInfo, inside: str) -> str | None:
    """Why an entry is not unpacked."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return LINK
    if inside.startswith("/") or ".." in inside.split("/") or re.match("[A-Za-z]:", inside):
        return LEADS_OUT
    if is_archive(inside) or PurePosixPath(inside).suffix.lower() in ARCHIVES:
        return NESTED
    return TOO_LARGE.format(entry.file_size / MEGABYTE, MAX_BYTES // MEGABYTE) if entry.file_size > MAX_BYTES else None


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> str | None:
    """Write what an entry holds to `place`. Returns why that could not be done."""
    left = MAX_BYTES
    try:
        with archive.open(entry) as packed, place.open("wb") as file:
            while block := packed.read(BLOCK):
                left -= len(block)
                if left < 0:
                    return TOO_LARGE.format(MAX_BYTES / MEGABYTE, MAX_BYTES // MEGABYTE)
                file.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return BROKEN
    except OSError as error:
        return f"It cannot be unpacked: {error.strerror}."
    return None
