"""What can be done with adapters: take them in, give them out, decide which of them answers. No Gradio, no SQL."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from admin.service.adapter_files import card_of
from admin.service.gating import Gating
from admin.service.hearing import hear
from admin.service.trials import Trials
from admin.serving import Serving
from chat import rights
from chat.engine import adapters as disk
from chat.engine import fingerprint
from chat.engine.adapters import Card
from chat.errors import InvalidInputError, ModelError
from chat.store import adapters, audit, collections, promotion_history, promotions
from chat.store.adapters import Line, Named, New, Use
from chat.store.promotion_history import Decided
from chat.store.tables import Adapter

log = logging.getLogger(__name__)
UNHEARD = "The model is at {}: neither its base, its layers nor its tokenizer could be compared."


@dataclass(frozen=True)
class Shown:
    """An adapter, what was decided about it, and what this person may do with it.

    `collections` are the names of those in which the person decides; `everywhere`, whether for all the others too.
    """

    line: Line
    decisions: Sequence[Decided]
    collections: Sequence[str]
    everywhere: bool
    may_change: bool


@dataclass(frozen=True)
class Gone:
    """What a deletion took away for good; `size` is bytes of files on disk."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True)
class Adapters(Gating, Trials):
    """The adapters that a person may know of, and the decisions about which of them answers."""

    def listed(self) -> Sequence[Line]:
        """All adapters that this person may know of, the newest first."""
        with self.sessions() as session:
            return adapters.listed(session, rights.overseen(session, self.person))

    def show(self, name: str) -> Shown:
        """One adapter. Raises `NotFoundError`."""
        with self.sessions() as session:
            seen = rights.overseen(session, self.person)
            found = rights.adapter(session, self.person, name)
            [line] = adapters.listed(session, seen, name)
            about = [each for each in promotion_history.history(session, self.key, seen) if each.digest == line.digest]
            decided = [collections.name_of(session, each) for each in rights.decided(session, self.person)]
            approves = rights.approves(session, self.person)
            return Shown(line, about, sorted(decided), approves, approves or found.user_id == self.person.id)

    def take_in(self, folder: Path, name: str) -> Line:
        """Import an adapter from a folder as PEFT saves it: checked in full, heard by the engine, then registered.

        Raises `AdapterError` for what may not be served, `InvalidInputError` for a name or bytes that are registered,
        `ModelError` where no engine runs, `NotAllowedError`. Then nothing is registered, nor left on disk.
        """
        return self.register(folder, name, origin="import")

    def register(
        self,
        folder: Path,
        name: str,
        *,
        origin: str = "training",
        run_id: int | None = None,
        card: Mapping[str, Any] | None = None,
    ) -> Line:
        """Register what a training run made, with what is on record of it. Raises as `take_in` does.

        Registering the same bytes under the same name once more gives back what is registered.
        """
        adapters.check_name(name)
        with self.sessions() as session:
            rights.training(session, self.person)
        disk.inspect(folder)
        with self.files.unfinished(folder) as copy:
            found = disk.inspect(copy)
            if not self._is_registered(name, found.digest):
                told = {**(card or {}), **_described(found), "said": card_of(copy), "heard": self._heard(copy)}
                recorded = fingerprint.read(copy)
                new = New(
                    name, found.digest, found.base, found.revision or told["heard"].get("revision"), found.rank,
                    found.bytes, origin, run_id, told, asdict(recorded) if recorded else {},
                )  # fmt: skip
                self._enter(new, copy)
        self._bring()
        return self.show(name).line

    def export(self, name: str, folder: Path) -> None:
        """Copy an adapter to a new folder, for PEFT, vLLM or another installation. Raises as `take_in` does."""
        with self.sessions.begin() as session:
            rights.training(session, self.person)
            found = Named(name, rights.adapter(session, self.person, name).digest)
            audit.note(session, self.person.id, self.person.name, "export adapter", name, after=asdict(found))
        self.files.export(found.digest, folder)

    def retire(self, name: str, *, undo: bool = False) -> None:
        """Offer an adapter no longer or, `undo`, again. It keeps its bytes.

        Raises `NotFoundError`, `NotAllowedError` and, for one that answers, `InvalidInputError`.
        """
        with self.sessions.begin() as session:
            promotions.hold(session)
            found = rights.adapter(session, self.person, name, to_change=True)
            before = _entry(found)
            if undo:
                adapters.reinstate(session, found)
            else:
                _refuse_answering(name, adapters.uses(session, found), "retired")
                adapters.retire(session, found)
            does = "reinstate adapter" if undo else "retire adapter"
            audit.note(session, self.person.id, self.person.name, does, name, before=before, after=_entry(found))
        self._bring()

    def delete(self, name: str) -> Gone:
        """Delete an adapter with its files. What was decided about it stays on record. Raises as `retire` does."""
        with self.sessions.begin() as session:
            promotions.hold(session)
            found = rights.adapter(session, self.person, name, to_change=True)
            _refuse_answering(name, adapters.uses(session, found), "deleted")
            digest = found.digest
            audit.note(session, self.person.id, self.person.name, "delete adapter", name, before=_entry(found))
            adapters.remove(session, found)
        self._bring()
        return Gone(name, digest, self.files.remove(digest))

    def _bring(self) -> None:
        """Bring a model server elsewhere to what is registered now; one that cannot be brought is said in the log."""
        serving = Serving(self.sessions, self.settings)
        if not serving.remote:
            return
        try:
            failed = serving.bring().failed
        except ModelError as error:
            failed = {self.settings.model: str(error)}
        for what, why in failed.items():
            log.warning("%s: %s `python -m admin adapters sync` tries again.", what, why)

    def _is_registered(self, name: str, digest: str) -> bool:
        """Whether these bytes are registered under that very name: a try before this one came to its end."""
        with self.sessions() as session:
            known = adapters.by_digest(session, digest)
            return known is not None and known.name == name

    def _heard(self, copy: Path) -> dict[str, Any]:
        """Have the engine hear the adapter and record its fingerprint. Returns who heard it, or why nobody did."""
        if self.settings.remote_model:
            return {"by nobody": UNHEARD.format(self.settings.model)}
        heard = hear(self.settings, copy)
        fingerprint.write(copy, heard.fingerprint)
        return {"model": heard.model, "revision": heard.revision, "dtype": heard.fingerprint.dtype}

    def _enter(self, new: New, copy: Path) -> None:
        """Put it into the registry and its place. The files come last: what is refused leaves none behind."""
        with self.sessions.begin() as session:
            rights.training(session, self.person)
            made = adapters.add(session, new, self.person.id)
            audit.note(session, self.person.id, self.person.name, "register adapter", new.name, after=_entry(made))
            self.files.keep(
                copy, new.digest, {each: value for each, value in vars(new).items() if each != "fingerprint"}
            )


def _described(found: Card) -> dict[str, Any]:
    """What its own files say of it, beside what the registry has columns for."""
    return {"scale": found.scale, "targets": list(found.targets), "layers": found.layers}


def _entry(row: Adapter) -> dict[str, Any]:
    """An adapter as the audit log tells it."""
    retired = row.retired_at and row.retired_at.isoformat(timespec="seconds")
    return {"name": row.name, "digest": row.digest, "origin": row.origin, "run": row.run_id, "retired": retired}


def _refuse_answering(name: str, uses: Sequence[Use], done: str) -> None:
    """Raise `InvalidInputError` for an adapter that answers somewhere, saying what to do first."""
    if not uses:
        return
    where = ", ".join(use.collection or "everywhere" for use in uses)
    if uses[0].share is not None:
        raise InvalidInputError(f"{name} is being tried in: {where}. First end the trial, on the Adapters page.")
    option = f" --collection {uses[0].collection}" if uses[0].collection else ""
    raise InvalidInputError(
        f"{name} answers in: {where}. What answers cannot be {done}; "
        f"first roll back, with `python -m admin adapters rollback{option}`."
    )
