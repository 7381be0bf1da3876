"""How the engine first hears an adapter: it reads it beside its later place, checks it, and notes what it answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin.service.lending import done, lent
from chat.engine.fingerprint import Fingerprint
from chat.settings import Settings


@dataclass(frozen=True)
class Heard:
    """What an adapter answered as, and with which model."""

    model: str
    revision: str
    fingerprint: Fingerprint


def hear(settings: Settings, folder: Path) -> Heard:
    """Have the engine of this HOME, started where none runs, load the adapter below HOME/adapters and let it go again.

    Raises `AdapterError` where it belongs to another model or does not answer as its fingerprint says, `ModelError`
    where there is no engine.
    """
    # A name of its own: under the digest, the engine would look for it here again when it is gone.
    name = f"heard-{folder.name}"
    with lent(settings, folder, name) as http:
        listed = done(http.get("/models")).json()["data"]
    return _heard(listed, name)


def _heard(listed: list[dict[str, Any]], name: str) -> Heard:
    base, *_ = listed
    adapter = next(each for each in listed if each["id"] == name)
    return Heard(base["id"], base["revision"], Fingerprint(tuple(adapter["fingerprint"]), base["dtype"]))
