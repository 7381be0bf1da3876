"""The adapters that are in memory. Belongs to the model's thread."""

from collections import OrderedDict
from collections.abc import Set
from concurrent.futures import Future, ThreadPoolExecutor

from chat.engine import fingerprint
from chat.engine.batch import Batch
from chat.engine.fingerprint import Fingerprint
from chat.engine.fitting import Lora
from chat.engine.loading import LoadedModel
from chat.engine.shelf import Shelf


class Residents:
    """At most `budget` bytes of adapters; those unused for longest go first, and none that is in use ever goes."""

    def __init__(self, loaded: LoadedModel, shelf: Shelf, batch: Batch, budget: int) -> None:
        self._loras: OrderedDict[str, Lora] = OrderedDict()
        self._shelf = shelf
        self._batch = batch
        self._budget = budget
        self._dtype = loaded.dtype
        self._text = loaded.tokenizer.encode(fingerprint.TEXT, add_special_tokens=False)
        self._loader = ThreadPoolExecutor(1, "adapter loader")
        self.loading: str | None = None
        """Digest of the adapter that is being read, beside what runs."""

    def close(self) -> None:
        """Wait until nothing is being read any more."""
        self._loader.shutdown()

    def get(self, digest: str) -> Lora | None:
        """An adapter that is here."""
        if digest in self._loras:
            self._loras.move_to_end(digest)
        return self._loras.get(digest)

    def fetch(self, digest: str, in_use: Set[str]) -> "Future[Lora] | None":
        """Set out to read an adapter, one at a time, and only if it will have room; its fate is a `Future`."""
        known = self._shelf.get(digest)
        if self.loading is not None or (known and not self._has_room(known.bytes, in_use)):
            return None
        self.loading = digest
        return self._loader.submit(self._shelf.reread, digest)

    def take_in(self, lora: Lora, expected: Fingerprint | None, in_use: Set[str]) -> Fingerprint:
        """Keep an adapter, once it has answered as itself. Raises `AdapterError` where it does not."""
        logprobs = self._batch.log_probabilities(self._text, lora)
        measured = Fingerprint(tuple(logprobs), self._dtype)
        (expected or measured).check(measured, lora.digest)
        if lora.digest not in self._loras and self._has_room(lora.bytes, in_use):
            self._make_room(lora.bytes, in_use)
            self._loras[lora.digest] = lora
        return measured

    def drop(self, digest: str) -> None:
        """Let an adapter go; rows that run with it keep what they hold."""
        self._loras.pop(digest, None)
        self._batch.forget(digest)

    def _has_room(self, size: int, in_use: Set[str]) -> bool:
        return size + sum(lora.bytes for digest, lora in self._loras.items() if digest in in_use) <= self._budget

    def _make_room(self, size: int, in_use: Set[str]) -> None:
        for digest in [digest for digest in self._loras if digest not in in_use]:
            if size + sum(lora.bytes for lora in self._loras.values()) <= self._budget:
                return
            self.drop(digest)
