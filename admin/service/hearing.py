"""How the engine first hears an adapter: it reads it beside its later place, checks it, and notes what it answers."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from chat.engine.adapters import AdapterError
from chat.engine.fingerprint import Fingerprint
from chat.engine.process import connect
from chat.errors import ModelError
from chat.settings import Settings

LONGEST_S = 120.0
"""How long a model may take over one adapter, while it answers others."""


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
    with closing(connect(settings)) as engine:
        key = {"Authorization": f"Bearer {engine.key}"}
        # A name of its own: under the digest, the engine would look for it here again when it is gone.
        adapter = {"lora_name": f"heard-{folder.name}", "lora_path": str(folder)}
        with httpx.Client(base_url=engine.url, headers=key, timeout=LONGEST_S, trust_env=False) as http:
            try:
                _told(http.post("/load_lora_adapter", json=adapter))
                try:
                    listed = _told(http.get("/models")).json()["data"]
                finally:
                    http.post("/unload_lora_adapter", json=adapter)
            except httpx.HTTPError as error:
                raise ModelError(f"The model engine broke off: {error!r}. Try again.") from error
    return _heard(listed, adapter["lora_name"])


def _told(reply: httpx.Response) -> httpx.Response:
    """The reply; what was refused as `AdapterError`, any other failure as `ModelError`."""
    if reply.status_code == httpx.codes.BAD_REQUEST:
        raise AdapterError(reply.json()["error"]["message"])
    if reply.is_error:
        raise ModelError(f"The model engine did not take it: {reply.text[:300]} Try again.")
    return reply


def _heard(listed: list[dict[str, Any]], name: str) -> Heard:
    base, *_ = listed
    adapter = next(each for each in listed if each["id"] == name)
    return Heard(base["id"], base["revision"], Fingerprint(tuple(adapter["fingerprint"]), base["dtype"]))
