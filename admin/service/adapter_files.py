"""The files of registered adapters: HOME/adapters, a folder each, named by the digest of what is in it.

The invariant: a folder under a digest is whole. It is made beside its place and renamed; a kill leaves nothing, or what
the next registration clears away.
"""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat.engine import adapters, fingerprint
from chat.engine.adapters import CONFIG, DIGEST, MAX_WEIGHTS_BYTES, WEIGHTS, AdapterError
from chat.engine.locks import lock
from chat.engine.process import ADAPTERS

CARD = "card.json"
LOCK = "adapters.lock"
UNFINISHED = ".unfinished-"
NEEDED = (CONFIG, WEIGHTS)
KEPT = (*NEEDED, fingerprint.FILE, CARD)
TOLD = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
"""What the engine compares with the base model's own, where a folder has it; it is not kept."""
MAX_TOLD_BYTES = 64 << 20
LONGEST_CARD = 1 << 18


@dataclass(frozen=True)
class AdapterFiles:
    """The adapters' folder of a HOME."""

    home: Path

    @property
    def root(self) -> Path:
        return self.home / ADAPTERS

    def folder(self, digest: str) -> Path:
        """Where the adapter lies, or would."""
        if not DIGEST.fullmatch(digest):
            raise AdapterError(f"{digest[:80]!r} is no digest of an adapter: that has 64 hexadecimal digits.")
        return self.root / digest

    @contextmanager
    def unfinished(self, source: Path) -> Iterator[Path]:
        """A copy below `root` of what counts in an adapter's folder, gone at the end unless it was kept.

        One at a time: whoever else brings an adapter in waits. Raises `AdapterError` for what may not be copied.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with lock(self.home / LOCK):
            for left in self.root.glob(f"{UNFINISHED}*"):
                shutil.rmtree(left)
            copy = self.root / f"{UNFINISHED}{secrets.token_hex(8)}"
            copy.mkdir()
            try:
                for name in (*KEPT, *TOLD):
                    _copy(source / name, copy / name)
                yield copy
            finally:
                shutil.rmtree(copy, ignore_errors=True)

    def keep(self, copy: Path, digest: str, card: Mapping[str, Any]) -> None:
        """Let what `unfinished` gave be the adapter of that digest, with its card."""
        for name in TOLD:
            (copy / name).unlink(missing_ok=True)
        (copy / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8")
        for path in (*copy.iterdir(), copy):
            _sync(path)
        place = self.folder(digest)
        shutil.rmtree(place, ignore_errors=True)  # of a registration that was killed before it was on record
        copy.rename(place)
        _sync(self.root)

    def check(self, digest: str) -> None:
        """Raise `AdapterError` unless the bytes on disk are those that were registered."""
        place = self.folder(digest)
        if not place.is_dir():
            raise AdapterError(
                f"The files of the adapter {digest[:12]} are gone from {place}. "
                "Put them back, or import it again from a copy."
            )
        found = adapters.digest(place)
        if found != digest:
            raise AdapterError(
                f"The files in {place} were changed: their bytes give {found[:12]}. Put the original files back."
            )

    def export(self, digest: str, to: Path) -> None:
        """Copy the adapter to a new folder. Raises `AdapterError` for one that changed, or a folder with something."""
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise AdapterError(f"{to} is there already, and not empty. Name a new folder.")
        self.check(digest)
        to.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            _copy(self.folder(digest) / name, to / name)

    def remove(self, digest: str) -> int:
        """Delete the adapter's files. Returns how many bytes they were."""
        place = self.folder(digest)
        size = sum(path.lstat().st_size for path in place.glob("*"))
        shutil.rmtree(place, ignore_errors=True)
        return size


def card_of(folder: Path) -> dict[str, Any]:
    """What the card in a folder says; nothing where there is none. Raises `AdapterError` for one that says nothing."""
    path = folder / CARD
    try:
        card = json.loads(path.read_bytes()[:LONGEST_CARD])
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise AdapterError(
            f"{CARD} is no JSON of at most {LONGEST_CARD >> 10} KiB. Mend it, or leave it out."
        ) from error
    if not isinstance(card, dict):
        raise AdapterError(f"{CARD} must be an object. Mend it, or leave it out.")
    return card


def _copy(source: Path, target: Path) -> None:
    """Copy a plain file; one that may be absent is passed over. Links are not followed: they lead out of the folder."""
    limit = MAX_WEIGHTS_BYTES if source.name == WEIGHTS else MAX_TOLD_BYTES
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file, target.open("xb") as copy:
            if os.fstat(descriptor).st_size > limit:
                raise AdapterError(f"{source} has more than {limit >> 20} MiB. It does not belong to an adapter.")
            shutil.copyfileobj(file, copy)
    except FileNotFoundError:
        if source.name in NEEDED:
            raise AdapterError(f"{source.parent} has no {source.name}: an adapter is a folder with that.") from None
    except OSError as error:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise AdapterError(f"{source} cannot be copied to {target.parent}: {why}.") from error


def _sync(path: Path) -> None:
    """Have the disk hold it, before anything says so."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
