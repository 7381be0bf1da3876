"""The chat model that the settings name, as LangChain sees it: whatever answers speaks the OpenAI protocol."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from chat.engine import bundled
from chat.engine.process import Engine, connect
from chat.errors import ModelError
from chat.settings import Settings

SILENCE_S = 60.0
"""How long a model may say nothing before it counts as gone."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Connected:
    """A model that can be asked, and what a receipt says of it."""

    chat: BaseChatModel
    name: str
    revision: str | None = None
    adapter: str | None = None
    """Which adapter answers; None is the model alone."""

    def with_adapter(self, adapter: str) -> "Connected":
        """The same model answering with an adapter: its digest, or the name it was loaded by.

        A value for one call, which shares the connection: nothing is switched, so no other call can get its answer.
        """
        chat = self.chat.model_copy(update={"model_name": adapter})
        return replace(self, chat=chat, adapter=adapter)

    @property
    def rewrites(self) -> bool:
        """Whether it is able enough to rewrite a follow-up question; the bundled model is not."""
        return self.name != bundled.NAME


@dataclass
class ModelConnection:
    """The way to the model, made when first needed and made anew when it broke. May be used from any thread."""

    settings: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _connected: Connected | None = None
    _engine: Engine | None = None
    _connecting: threading.Thread | None = None

    def get(self) -> Connected:
        """The model; starts the engine and waits for it, where there is none yet. Raises `ModelError`."""
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

    def get_soon(self) -> Connected | None:
        """The model if it is there. If not, None, and a thread sets out to fetch it for the next question."""
        if self._connected is None and (self._connecting is None or not self._connecting.is_alive()):
            self._connecting = threading.Thread(target=self._try, name="model connection", daemon=True)
            self._connecting.start()
        return self._connected

    def lost(self) -> None:
        """Forget the model: it did not answer. The next question looks for it again."""
        self._connected = None

    def close(self) -> None:
        """Give up our share in the engine, which ends with its last user."""
        self._connected = None
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _try(self) -> None:
        try:
            self.get()
        except ModelError as error:
            log.warning("Answering with quotations, since there is no model: %s", error)

    def _connect(self) -> Connected:
        from langchain_openai import ChatOpenAI

        base_url, key = self._address()
        name, revision = find_model(base_url, key, self.settings.model_name)
        chat = ChatOpenAI(base_url=base_url, api_key=SecretStr(key), model=name, timeout=SILENCE_S, max_retries=1)
        return Connected(chat, name, revision)

    def _address(self) -> tuple[str, str]:
        """Base URL and key of the server to ask."""
        if self.settings.remote_model:
            key = self.settings.model_key.get_secret_value() if self.settings.model_key else "none"
            return self.settings.model.rstrip("/"), key
        if self._engine is not None:
            self._engine.close()
        self._engine = connect(self.settings)
        return self._engine.url, self._engine.key


def find_model(base_url: str, key: str, name: str | None) -> tuple[str, str | None]:
    """Name and, where the server tells it, revision of the model `name`, or of the first one that is listed.

    Raises `ModelError` when the server cannot be reached or has no such model.
    """
    import openai

    try:
        with openai.OpenAI(base_url=base_url, api_key=key, timeout=10, max_retries=1) as client:
            models = client.models.list().data
    except openai.OpenAIError as error:
        raise ModelError(
            f"The model server at {base_url} does not answer: {error} Is it up, is its URL right?"
        ) from None
    for model in models:
        if name in (None, model.id):
            return model.id, (model.model_extra or {}).get("revision")
    known = ", ".join(model.id for model in models) or "none"
    raise ModelError(f"{base_url} has no model {name!r}, but: {known}. Name one of them with APPRENTICE_MODEL_NAME.")


@contextmanager
def model_errors() -> Iterator[None]:
    """Turn what the OpenAI client raises into `ModelError`."""
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        raise ModelError(f"The model did not answer: {error}") from error
