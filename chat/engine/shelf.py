"""The adapters that the engine knows by name."""

import threading
from dataclasses import dataclass, replace
from pathlib import Path

from chat.engine import adapters, fingerprint
from chat.engine.adapters import DIGEST, AdapterError, Card
from chat.engine.fingerprint import Fingerprint
from chat.engine.fitting import Lora, fit
from chat.engine.loading import LoadedModel


@dataclass(frozen=True)
class Known:
    """An adapter that can be asked for."""

    card: Card
    folder: Path
    bytes: int
    """In memory, as the loaded model computes with it."""
    fingerprint: Fingerprint | None = None
    """What it answers as; None until it has been measured once."""


class Shelf:
    """Names and what they mean. A name never comes to mean other bytes. May be used from any thread.

    `root` is the folder of all adapters. One that lies there under its digest is found by it without being loaded
    first, so that an engine that was killed answers again as soon as it runs.
    """

    def __init__(self, loaded: LoadedModel, root: Path, budget: int) -> None:
        self.root = root
        self._loaded = loaded
        self._budget = budget
        self._digests: dict[str, str] = {}
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    def find(self, name: str) -> Known | None:
        """What `name` means; None where it means nothing."""
        with self._lock:
            digest = self._digests.get(name)
            return self._known[digest] if digest else None

    def lies_ready(self, name: str) -> bool:
        """Whether `name` is the digest of an adapter that could be loaded from its place below `root`."""
        return DIGEST.fullmatch(name) is not None and (self.root / name).is_dir()

    def names(self) -> dict[str, Known]:
        """All that can be asked for by name, in the order they came."""
        with self._lock:
            return {name: self._known[digest] for name, digest in self._digests.items()}

    def read(self, name: str, path: str) -> tuple[Known, Lora]:
        """Read the adapter at `path` below `root`, check all of it, and make it ready. Raises `AdapterError`."""
        if name == self._loaded.id:
            raise AdapterError(f"{name} is the base model. Give the adapter another name.")
        file = adapters.read(adapters.inside(self.root, path), expected=name if DIGEST.fullmatch(name) else None)
        with self._lock:
            if self._digests.get(name, file.card.digest) != file.card.digest:
                raise AdapterError(
                    f"{name} is already the name of {self._digests[name][:12]}; these bytes are "
                    f"{file.card.digest[:12]}. Unload it first, or give these another name."
                )
        lora = fit(file, self._loaded)
        if lora.bytes > self._budget:
            raise AdapterError(
                f"{name} takes {lora.bytes >> 20} MiB of memory; "
                f"all adapters together may take {self._budget >> 20} MiB."
            )
        return Known(file.card, file.folder, lora.bytes, fingerprint.read(file.folder)), lora

    def reread(self, digest: str) -> Lora:
        """Bring an adapter back that had to go: from the same folder, and only if it is still the same bytes."""
        known = self.get(digest)
        if known is None:
            raise AdapterError(f"The adapter {digest[:12]} was unloaded before it could answer. Load it again.")
        return fit(adapters.read(known.folder, expected=digest), self._loaded)

    def get(self, digest: str) -> Known | None:
        """What is known of a digest."""
        with self._lock:
            return self._known.get(digest)

    def add(self, name: str, known: Known) -> None:
        """Let `name` be asked for."""
        with self._lock:
            self._digests[name] = known.card.digest
            self._known.setdefault(known.card.digest, known)

    def answers_as(self, digest: str, measured: Fingerprint) -> None:
        """Note what a known adapter answers as, if nothing is noted yet."""
        with self._lock:
            known = self._known.get(digest)
            if known is not None and known.fingerprint is None:
                self._known[digest] = replace(known, fingerprint=measured)

    def remove(self, name: str) -> bool:
        """Let `name` no longer be asked for; whether it could be. Answers that are being given are finished."""
        with self._lock:
            digest = self._digests.pop(name, None)
            if digest is not None and digest not in self._digests.values():
                del self._known[digest]
            return digest is not None
