"""LangChain's own suites on the chat model over our engine: a real server, a tiny model, with and without adapter."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from chat.engine import adapters as disk
from chat.engine.loading import LoadedModel
from chat.models.chat import Connected, chat_model
from tests.engine.conftest import KEY, Adapters, adapters, client, loaded, model_folder, running

__all__ = ["adapters", "loaded", "model_folder"]


@pytest.fixture(scope="module")
def digest(adapters: Adapters) -> str:
    return disk.inspect(adapters.root / adapters.names[0]).digest


@pytest.fixture(scope="module")
def address(loaded: LoadedModel, adapters: Adapters, digest: str) -> Iterator[str]:
    """The engine, with one adapter that can be asked for by its digest."""
    with running(loaded, adapters=adapters.root) as url, client(url) as http:
        loads = {"lora_name": digest, "lora_path": str(adapters.root / adapters.names[0])}
        assert http.post("/v1/load_lora_adapter", json=loads).is_success
        yield f"{url}/v1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connected(address: str) -> AsyncIterator[Connected]:
    """The model as the apps connect to it; with the suite's few tokens, since this one never comes to an end."""
    chat = chat_model(address, KEY, "tiny").model_copy(update={"max_tokens": 24, "temperature": 0.0})
    yield Connected(chat, "tiny")
    await chat.root_async_client.close()  # type: ignore[attr-defined]


class Textual:
    """What the engine says of itself: text in, text out. Nothing is skipped but what is declared here."""

    address = "http://127.0.0.1:9/v1"

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {"model": "tiny", "base_url": self.address, "api_key": KEY}

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False

    @property
    def supports_json_mode(self) -> bool:
        return False


class TestUnit(Textual, ChatModelUnitTests):
    """Without asking."""

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        environment = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": self.address}
        return environment, {"model": "tiny"}, {"openai_api_key": KEY, "openai_api_base": self.address}


class TestBase(Textual, ChatModelIntegrationTests):
    """The model alone; the suite's other model is an adapter."""

    @pytest.fixture
    def model(self, connected: Connected) -> BaseChatModel:
        return connected.chat

    @pytest.fixture(autouse=True)
    def _server(self, address: str, digest: str) -> None:
        self.address, self.other = address, digest

    @property
    def model_override_value(self) -> str:
        return self.other


class TestAdapter(TestBase):
    """An adapter, as a call chooses it; the suite's other model is the base."""

    @pytest.fixture
    def model(self, connected: Connected, digest: str) -> BaseChatModel:
        return connected.with_adapter(digest).chat

    @pytest.fixture(autouse=True)
    def _server(self, address: str) -> None:
        self.address, self.other = address, "tiny"


def test_an_adapter_is_a_value_that_shares_the_connection(connected: Connected, digest: str) -> None:
    adapted = connected.with_adapter(digest)
    assert replace(adapted, chat=connected.chat, adapter=None) == connected
    assert adapted.chat.root_client is connected.chat.root_client  # type: ignore[attr-defined]
