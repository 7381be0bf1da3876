"""The chat model that the settings name, as LangChain sees it: whatever answers speaks the OpenAI protocol."""

import logging
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from chat.engine import bundled
from chat.engine.process import Engine, connect
from chat.errors import AdapterRefusedError, BusyError, LostError, ModelError
from chat.settings import Settings

if TYPE_CHECKING:
    import openai

SILENCE_S = 60.0
"""How long a model may say nothing before it counts as gone."""
CONNECT_S = 10.0
BUSY_S = 10.0
"""How long to wait for a busy server that does not say it itself."""
NONSENSE = (ValueError, TypeError, KeyError, AttributeError)
"""What the client raises over a reply that is not of the protocol: half a line, JSON of another shape, nothing."""
BATCH = 1
"""Priority of work that nobody waits for, such as an evaluation."""
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
    def tells_end(self) -> bool:
        """Whether it says why an answer ended, as the protocol has it: one that does not say so was cut off."""
        return self.chat._llm_type == "openai-chat"

    @property
    def rewrites(self) -> bool:
        """Whether it is able enough to rewrite a follow-up question; the bundled model is not."""
        return self.name != bundled.NAME


@dataclass
class ModelConnection:
    """The way to the model, made when first needed and made anew when it broke. May be used from any thread."""

    settings: Settings
    priority: int = 0
    """Who goes first at the local engine: 0 is a person who waits; `BATCH` comes after."""
    silence_s: float = SILENCE_S
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
        base_url, key = self._address()
        name, revision = find_model(base_url, key, self.settings.model_name)
        chat = chat_model(base_url, key, name, self.silence_s)
        if self.priority and not self.settings.remote_model:
            # A server of somebody else's may know no priorities, and refuse them.
            chat = chat.model_copy(update={"extra_body": {"priority": self.priority}})
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


def chat_model(base_url: str, key: str, model: str, silence_s: float = SILENCE_S) -> BaseChatModel:
    """The model of any server that speaks the protocol: ours, vLLM or another.

    It tries once: only `chat.models.speech` knows whether trying again is safe.
    """
    from langchain_openai import ChatOpenAI
    from openai import DefaultHttpxClient, Timeout

    timeout = Timeout(silence_s, connect=min(silence_s, CONNECT_S))
    http = DefaultHttpxClient(timeout=timeout)
    chat = ChatOpenAI(
        base_url=base_url,
        api_key=SecretStr(key),
        model=model,
        timeout=timeout,
        max_retries=0,
        stream_usage=True,
        http_client=http,
    )
    # Shared by all copies of this model, so closed with the last of them: nobody else would close its connections.
    weakref.finalize(chat.root_client, http.close)
    return chat


def answering(settings: Settings) -> str:
    """Which model the settings name, in a word, before anything is connected."""
    return f"{settings.model} {settings.model_name or ''}".strip()


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
def model_errors(adapter: str | None = None) -> Iterator[None]:
    """Turn what the OpenAI client raises into `ModelError`.

    Where an adapter is asked and the server is there, but will not: into `AdapterRefusedError`.
    """
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        if adapter is not None and isinstance(error, openai.APIError) and _concerns_adapter(error):
            raise AdapterRefusedError(_told(error)) from error
        raise _failure(error) from error
    except NONSENSE as error:
        raise LostError("The model sent something that is no answer, and broke off. Ask again.") from error


def _failure(error: "openai.OpenAIError") -> ModelError:
    """What went wrong, by what can be done about it."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return ModelError("The model said nothing for so long that it counts as gone. Ask again in a minute.")
    wait = _retry_after_s(error)
    if isinstance(error, openai.RateLimitError) or (isinstance(error, openai.InternalServerError) and wait is not None):
        seconds = BUSY_S if wait is None else wait
        return BusyError(f"The model has too much to do: {_told(error)} Try again in {seconds:.0f} s.", seconds)
    # What fails in mid-stream has no status.
    if isinstance(error, openai.APIError) and getattr(error, "status_code", 500) >= 500:
        return LostError(f"The model did not answer: {error}")
    return ModelError(f"The model did not answer: {error}")


def _retry_after_s(error: "openai.OpenAIError") -> float | None:
    """Seconds after which the server may be asked again, where it says so."""
    import openai

    told = error.response.headers.get("Retry-After", "") if isinstance(error, openai.APIStatusError) else ""
    return float(told) if told.isdecimal() else None


def _concerns_adapter(error: "openai.APIError") -> bool:
    """Whether the adapter alone may be at fault: the server was reached, let us in, and had time.

    Where it was not the adapter after all, the model fails without it, too.
    """
    import openai

    if isinstance(error, openai.APIConnectionError):  # timeouts are of this kind
        return False
    status = getattr(error, "status_code", 500)  # what fails in mid-stream has none
    elsewhere = error.code in ("context_length_exceeded", "engine_busy", "engine_stopped")
    return status in (400, 404, 422, 500) and not elsewhere


def _told(error: "openai.APIError") -> str:
    """The server's own words."""
    said = error.body.get("message") if isinstance(error.body, dict) else None
    return str(said or error)
