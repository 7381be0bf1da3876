"""An adapter lent to the engine of this machine for a moment, before it has a place of its own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from chat.engine.adapters import AdapterError
from chat.engine.process import connect
from chat.errors import ModelError
from chat.settings import Settings

LONGEST_S = 120.0
"""How long a model may take over one adapter, while it answers others."""


@contextmanager
def lent(settings: Settings, folder: Path, name: str) -> Iterator[httpx.Client]:
    """The engine of this HOME, started where none runs, with the adapter in `folder`, below HOME/adapters, as `name`.

    It lets the adapter go again at the end. Raises `AdapterError` where the engine does not take it, `ModelError` where
    there is no engine, or it breaks off.
    """
    adapter = {"lora_name": name, "lora_path": str(folder)}
    with closing(connect(settings)) as engine:
        key = {"Authorization": f"Bearer {engine.key}"}
        with httpx.Client(base_url=engine.url, headers=key, timeout=LONGEST_S, trust_env=False) as http:
            try:
                done(http.post("/load_lora_adapter", json=adapter))
                try:
                    yield http
                finally:
                    http.post("/unload_lora_adapter", json=adapter)
            except httpx.HTTPError as error:
                raise ModelError(f"The model engine broke off: {error!r}. Try again.") from error


def done(reply: httpx.Response) -> httpx.Response:
    """The reply; what was refused as `AdapterError`, any other failure as `ModelError`."""
    if reply.status_code == httpx.codes.BAD_REQUEST:
        raise AdapterError(reply.json()["error"]["message"])
    if reply.is_error:
        raise ModelError(f"The model engine did not take the adapter: {reply.text[:300]} Try again.")
    return reply
