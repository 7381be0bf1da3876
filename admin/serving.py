"""Brings a remote model server to the registry's state: every adapter that may be asked for, loaded by its digest.

Only admin does this: chat asks for adapters by digest and can change nothing. The engine of this machine needs no
bringing, since it finds an adapter under its digest by itself. The server has to see HOME/adapters at the same path.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from chat.engine import fingerprint
from chat.engine.adapters import AdapterError
from chat.engine.fingerprint import Fingerprint
from chat.engine.process import ADAPTERS
from chat.errors import ModelError
from chat.settings import Settings
from chat.store import adapters
from chat.store.session import Sessions

DIGEST = re.compile(r"[0-9a-f]{64}")
"""What our names on a server look like. Adapters of other names are somebody else's, and left alone."""
COARSEST = max(fingerprint.TOLERANCE, key=fingerprint.TOLERANCE.__getitem__)
LONGEST_S = 120.0
"""How long a server may take over one adapter."""


@dataclass(frozen=True)
class Difference:
    """What a server would have to change, by digest."""

    missing: Sequence[str]
    """Not loaded."""
    elsewhere: Sequence[str]
    """Loaded from another folder than the registry's."""
    surplus: Sequence[str]
    """Loaded, and not in the registry, or retired there."""

    @property
    def none(self) -> bool:
        return not (self.missing or self.elsewhere or self.surplus)


@dataclass(frozen=True)
class Brought:
    """What was changed at a server, by the adapters' names where they have one, and what could not be, and why."""

    loaded: Sequence[str]
    unloaded: Sequence[str]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class ModelServer:
    """A server that loads and unloads adapters as vLLM does, over its OpenAI-compatible address."""

    http: httpx.Client

    def loaded(self) -> dict[str, str]:
        """Our adapters that can be asked for, and the folder each was loaded from. Raises `ModelError`."""
        models = _done(self.http.get("/models")).json()["data"]
        return {model["id"]: str(model.get("root")) for model in models if DIGEST.fullmatch(model["id"])}

    def load(self, digest: str, folder: Path) -> None:
        """Raises `ModelError` with the server's own words."""
        _done(self.http.post("/load_lora_adapter", json={"lora_name": digest, "lora_path": str(folder)}))

    def measured(self, digest: str) -> Fingerprint | None:
        """What it says of the fingerprint's text; None where it tells no such numbers: of those we know, vLLM does.

        In which number format it computes, it does not say: the coarsest explains most rounding.
        """
        asked = {"model": digest, "prompt": fingerprint.TEXT, "add_special_tokens": False, "max_tokens": 1}
        reply = self.http.post("/completions", json=asked | {"prompt_logprobs": 0})
        told = reply.json()["choices"][0].get("prompt_logprobs") if reply.is_success else None
        if not told:
            return None
        logprobs = (float(next(iter(each.values()))["logprob"]) for each in told if each)
        return Fingerprint(tuple(logprobs), COARSEST)

    def unload(self, digest: str) -> None:
        """Let it no longer be asked for; what it is saying, it says to the end. Raises as `load` does."""
        _done(self.http.post("/unload_lora_adapter", json={"lora_name": digest}))


@dataclass(frozen=True)
class Serving:
    """The registry's adapters on a remote server. On the engine of this machine there is nothing to do."""

    sessions: Sessions
    settings: Settings

    @property
    def remote(self) -> bool:
        """Whether there is a server to be brought to anything."""
        return self.settings.remote_model

    def difference(self) -> Difference:
        """What differs now. Raises `ModelError` where the server cannot be asked."""
        wanted = self._wanted()
        with self._server() as server:
            return self._compare(wanted, server.loaded())

    def bring(self) -> Brought:
        """Load what is missing, unload what is not in the registry, and read back what the server then has.

        One adapter that fails does not keep the others from their place. Raises `ModelError` where the server cannot
        be asked.
        """
        wanted = self._wanted()
        with self._server() as server:
            before = self._compare(wanted, server.loaded())
            failed = self._change(server, before)
            after = self._compare(wanted, server.loaded())
        for digest in (*after.missing, *after.elsewhere, *after.surplus):
            failed.setdefault(digest, "The server said that it was done, and does not list it so.")
        return Brought(
            loaded=[wanted[digest] for digest in (*before.missing, *before.elsewhere) if digest not in failed],
            unloaded=[digest for digest in before.surplus if digest not in failed],
            failed={wanted.get(digest, digest): why for digest, why in failed.items()},
        )

    def _change(self, server: ModelServer, difference: Difference) -> dict[str, str]:
        """Do what the difference asks for. Returns, by digest, why something could not be done."""
        failed = {}
        for digest in (*difference.surplus, *difference.elsewhere, *difference.missing):
            try:
                if digest not in difference.missing:
                    server.unload(digest)
                if digest not in difference.surplus:
                    server.load(digest, self._folder(digest))
                    self._require_itself(server, digest)
            except (ModelError, AdapterError) as error:
                failed[digest] = str(error)
        return failed

    def _require_itself(self, server: ModelServer, digest: str) -> None:
        """Take an adapter back that does not answer as it did when it was registered. Raises `AdapterError` for it."""
        try:
            recorded = fingerprint.read(self._folder(digest))
            measured = server.measured(digest) if recorded else None
            if recorded and measured:
                recorded.check(measured, digest)
        except AdapterError:
            server.unload(digest)
            raise

    def _compare(self, wanted: Mapping[str, str], loaded: Mapping[str, str]) -> Difference:
        both = wanted.keys() & loaded.keys()
        return Difference(
            missing=sorted(wanted.keys() - loaded.keys()),
            elsewhere=sorted(digest for digest in both if loaded[digest] != str(self._folder(digest))),
            surplus=sorted(loaded.keys() - wanted.keys()),
        )

    def _wanted(self) -> dict[str, str]:
        """The name of each adapter that may be asked for, by its digest."""
        with self.sessions() as session:
            return {each.digest: each.name for each in adapters.listed(session) if each.state != "retired"}

    def _folder(self, digest: str) -> Path:
        return self.settings.home / ADAPTERS / digest

    @contextmanager
    def _server(self) -> Iterator[ModelServer]:
        """The server that the settings name. What breaks on the way becomes a `ModelError`."""
        url = self.settings.model.rstrip("/")
        key = self.settings.model_key.get_secret_value() if self.settings.model_key else "none"
        headers = {"Authorization": f"Bearer {key}"}
        try:
            with httpx.Client(base_url=url, headers=headers, timeout=LONGEST_S, trust_env=False) as http:
                yield ModelServer(http)
        except httpx.HTTPError as error:
            raise ModelError(
                f"The model server at {url} does not answer: {error!r} Is it up, is its URL right?"
            ) from error


def _done(reply: httpx.Response) -> httpx.Response:
    """The reply to what was done. Raises `ModelError`."""
    if reply.is_success:
        return reply
    if reply.status_code == httpx.codes.NOT_FOUND and _is_bare(reply):
        raise ModelError(
            f"{reply.url} does not exist. Start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, "
            "reachable by this machine alone."
        )
    raise ModelError(f"The model server refused: {_words(reply)}")


def _is_bare(reply: httpx.Response) -> bool:
    """Whether it is the web framework that knows no such address, not the model server that knows no such adapter."""
    return "adapter" not in reply.text.lower()


def _words(reply: httpx.Response) -> str:
    try:
        found: Any = reply.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        found = reply.text[:300]
    return f"{found} ({reply.status_code})"
