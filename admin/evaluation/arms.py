"""The arms of an evaluation: ways of answering that are compared. What differs is in the arm; all else is fixed.

An arm is written `WAY`, `WAY:ADAPTER` or `WAY@REVISION`, like `rag`, `rag+adapter:formal` or `rag@3`. Three ways
explain the others: *oracle* is given the passages that bear the answer, *empty* none at all, and *conflict* the bearing
passages with another answer in place of the right one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from chat.errors import InvalidInputError
from chat.rag.answer import Mode
from chat.store.adapters import Named

WRITTEN = re.compile(r"(?P<way>[a-z+]+)(:(?P<adapter>[a-z0-9-]+))?(@(?P<revision>\d{1,6}))?")
ADAPTED = "+adapter"


class Given(StrEnum):
    """Passages that an arm is given in place of what retrieval finds."""

    ORACLE = "oracle"
    EMPTY = "empty"
    CONFLICT = "conflict"


USUAL = ("base", "rag", "adapter", "rag+adapter")
WAYS = (*USUAL, *Given, *(f"{given}{ADAPTED}" for given in Given))


@dataclass(frozen=True)
class Arm:
    """A way of answering: its mode, its adapter, and what it is given. `name` is how it was written."""

    name: str
    mode: Mode
    adapter: Named | None = None
    given: Given | None = None
    revision: int | None = None
    """Number of the retrieval settings, where not those that are live."""

    @property
    def retrieves(self) -> bool:
        """Whether it looks for passages itself."""
        return self.given is None and self.mode not in (Mode.BASE, Mode.ADAPTER)

    @property
    def cites(self) -> bool:
        """Whether its answers stand on true passages, so that their citations mean something."""
        return self.retrieves or self.given is Given.ORACLE

    @property
    def probes(self) -> bool:
        """Whether it is there to explain the others, and not to be chosen."""
        return self.given is not None

    def as_dict(self) -> dict[str, Any]:
        """As it is kept with the evaluation."""
        adapter = asdict(self.adapter) if self.adapter else {"name": None, "digest": None}
        return {
            "name": self.name,
            "mode": self.mode.value,
            "adapter": adapter["name"],
            "digest": adapter["digest"],
            "given": self.given and self.given.value,
            "revision": self.revision,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Arm":
        """The arm that `as_dict` wrote down."""
        adapter = Named(kept["adapter"], kept["digest"]) if kept.get("digest") else None
        given = Given(kept["given"]) if kept.get("given") else None
        return cls(kept["name"], Mode(kept["mode"]), adapter, given, kept.get("revision"))


@dataclass(frozen=True)
class Written:
    """An arm as a person wrote it, before its adapter is looked up."""

    name: str
    way: str
    adapter: str | None
    revision: int | None

    @property
    def adapts(self) -> bool:
        """Whether an adapter answers."""
        return self.way == "adapter" or self.way.endswith(ADAPTED)


def read(names: Sequence[str]) -> list[Written]:
    """The arms of these names, each once. Raises `InvalidInputError` for one that there is not, and for none."""
    arms = [_read(name.strip()) for name in dict.fromkeys(names) if name.strip()]
    if not arms:
        raise InvalidInputError(f"Name at least one arm to ask: {', '.join(WAYS)}.")
    return arms


def _read(name: str) -> Written:
    found = WRITTEN.fullmatch(name)
    if found is None or found["way"] not in WAYS:
        raise InvalidInputError(
            f"There is no arm {name!r}. There are: {', '.join(WAYS)}; an adapter is named behind a colon, as in "
            "rag+adapter:NAME, other retrieval settings by their number, as in rag@3."
        )
    arm = Written(name, found["way"], found["adapter"], int(found["revision"]) if found["revision"] else None)
    if arm.adapter and not arm.adapts:
        raise InvalidInputError(
            f"{name}: {arm.way} answers without an adapter. Write {arm.way}{ADAPTED}:{arm.adapter}."
        )
    if arm.revision is not None and not arm.way.startswith("rag"):
        raise InvalidInputError(f"{name}: only rag and rag+adapter search, so only they can have retrieval settings.")
    return arm


def made(written: Written, adapter: Named | None) -> Arm:
    """The arm, with its adapter looked up."""
    way = written.way.removesuffix(ADAPTED)
    given = Given(way) if way in list(Given) else None
    mode = Mode.BASE if way == "base" else Mode.ADAPTER if way == "adapter" else Mode.RAG
    if mode is Mode.RAG and written.adapts:
        mode = Mode.RAG_ADAPTER
    return Arm(written.name, mode, adapter if written.adapts else None, given, written.revision)
