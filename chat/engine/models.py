"""Which models can be asked for, over HTTP: the base model, and its adapters as vLLM loads and lists them."""

import asyncio
from typing import Any

from fastapi.responses import PlainTextResponse

from chat.engine.adapters import AdapterError
from chat.engine.loading import LoadedModel
from chat.engine.protocol import AdapterRequest, ProtocolError
from chat.engine.scheduler import Scheduler
from chat.engine.shelf import Known
from chat.engine.tickets import BusyError


class Models:
    """The routes that load, unload and list; and what the `model` of a request means."""

    def __init__(self, scheduler: Scheduler, loaded: LoadedModel) -> None:
        self._scheduler = scheduler
        self._loaded = loaded

    async def adapter(self, model: str) -> str | None:
        """The digest of the adapter that `model` names; None for the base model. Raises `ProtocolError`, 404."""
        self._let_go_deleted()
        if model == self._loaded.id:
            return None
        shelf = self._scheduler.shelf
        if known := shelf.find(model):
            return known.card.digest
        if shelf.lies_ready(model):
            return (await self._load(model, model)).card.digest
        there = ", ".join(repr(name) for name in (self._loaded.id, *shelf.names()))
        raise ProtocolError(404, f"There is no model {model!r} here. There is {there}.", "model_not_found", "model")

    async def load(self, body: AdapterRequest) -> PlainTextResponse:
        """Let an adapter be asked for by a name. Doing it twice does no harm; another adapter's name is refused."""
        if body.lora_path is None:
            raise ProtocolError(400, "lora_path: Say in which folder the adapter lies.", "invalid_request", "lora_path")
        await self._load(body.lora_name, body.lora_path)
        return PlainTextResponse(f"Success: LoRA adapter '{body.lora_name}' added successfully.")

    async def unload(self, body: AdapterRequest) -> PlainTextResponse:
        """Let it no longer be asked for; what it is saying, it says to the end."""
        if not self._scheduler.unload(body.lora_name):
            message = f"There is no adapter {body.lora_name!r} to unload."
            raise ProtocolError(404, message, "model_not_found", "lora_name")
        return PlainTextResponse(f"Success: LoRA adapter '{body.lora_name}' removed successfully.")

    async def list(self) -> dict[str, Any]:
        """The base model, then the adapters, as vLLM describes them; with what tells one from another."""
        self._let_go_deleted()
        base = {
            **_described(self._loaded.id, self._loaded.root, parent=None),
            "max_model_len": self._loaded.context_length,
            "revision": self._loaded.revision,
            "dtype": self._loaded.dtype,
        }
        adapters = [self._listed(name, known) for name, known in self._scheduler.shelf.names().items()]
        return {"object": "list", "data": [base, *adapters]}

    def _let_go_deleted(self) -> None:
        """Let go of every adapter whose folder is gone, whichever process deleted it: it needs to tell nobody."""
        for name, known in self._scheduler.shelf.names().items():
            if not known.folder.is_dir():
                self._scheduler.unload(name)

    def _listed(self, name: str, known: Known) -> dict[str, Any]:
        return {
            **_described(name, str(known.folder), parent=self._loaded.id),
            "max_model_len": self._loaded.context_length,
            "digest": known.card.digest,
            "fingerprint": known.fingerprint and known.fingerprint.logprobs,
        }

    async def _load(self, name: str, path: str) -> Known:
        try:
            return await asyncio.to_thread(self._scheduler.load, name, path)
        except AdapterError as error:
            raise ProtocolError(400, str(error), "adapter_refused", "lora_path") from error
        except BusyError as busy:
            raise ProtocolError(503, str(busy), "engine_stopped", retry_after_s=busy.retry_after_s) from busy


def _described(name: str, root: str, parent: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "apprentice", "root": root, "parent": parent}
