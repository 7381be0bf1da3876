"""The adapter that comes with the program: taken in and promoted once, where nobody has decided about adapters yet."""

from dataclasses import dataclass
from pathlib import Path

from admin.service.adapter_files import card_of
from admin.service.adapters import Adapters
from chat.engine import adapters as disk
from chat.engine.adapters import WEIGHTS
from chat.store import audit

NAME = "grounded"
FOLDER = Path(__file__).parents[1] / "demo" / "adapters" / NAME
MODEL = "bundled"
"""What `APPRENTICE_MODEL` says where the model that it was trained on answers."""
ACTION = "take in the adapter that came with the program"
REASON = "It came with the program, with its card and its evaluation. Nobody had decided about adapters before."
EVER = 100 * 365 * 24 * 3600


@dataclass(frozen=True)
class Taken:
    """Its name, and whether it answers from now on."""

    name: str
    promoted: bool


def take_in(adapters: Adapters, folder: Path = FOLDER) -> Taken | None:
    """Register the adapter in `folder` with every check of an import, and promote it if nothing was ever decided.

    None where there is nothing to do: no files, another model, or it was taken in before, also if it was deleted since.
    What a person named alike or decided stays. Raises as `Adapters.register` does; the next start then tries again.
    """
    if not (folder / WEIGHTS).is_file() or adapters.settings.model != MODEL or _taken_before(adapters):
        return None
    known = next((line for line in adapters.listed() if line.name == NAME), None)
    ours, promoted = known is None or known.digest == disk.digest(folder), False
    if ours:
        adapters.register(folder, NAME, origin="bundled", card=card_of(folder).get("card", {}))
        promoted = not adapters.history(limit=1) and adapters.enact(NAME, reason=REASON).done
    with adapters.sessions.begin() as session:
        after = {"adapter": NAME, "registered": ours, "promoted": promoted}
        audit.note(session, adapters.person.id, adapters.person.name, ACTION, NAME, after=after)
    return Taken(NAME, promoted)


def _taken_before(adapters: Adapters) -> bool:
    with adapters.sessions() as session:
        return audit.noted(session, ACTION, NAME, EVER)
