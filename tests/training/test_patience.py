"""The trainer lets the chat go first: it waits while a person's answer runs, and not for a batch."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from admin.training.patience import Patience
from chat.engine.loading import LoadedModel
from chat.engine.process import Address
from tests.engine.conftest import KEY, Brakes, brakes, client, loaded, model_folder, running  # noqa: F401


@pytest.fixture
def engine(loaded: LoadedModel, tmp_path: Path) -> Iterator[httpx.Client]:  # noqa: F811
    """An engine where the trainer of that HOME looks for it."""
    with running(loaded) as url:
        Address(url, KEY, 1, loaded.id, "tiny").write(tmp_path)
        with client(url) as http:
            yield http


def ask(http: httpx.Client, model: str, priority: int) -> threading.Thread:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "When?"}],
        "max_tokens": 40,
        "priority": priority,
    }
    asking = threading.Thread(target=http.post, args=("/v1/chat/completions",), kwargs={"json": body})
    asking.start()
    return asking


def people(http: httpx.Client) -> int:
    return int(http.get("/healthz").json()["people"])


def test_it_waits_while_a_person_waits(
    engine: httpx.Client,
    loaded: LoadedModel,  # noqa: F811
    brakes: Brakes,  # noqa: F811
    tmp_path: Path,
) -> None:
    brakes.seconds = 0.02
    asking = ask(engine, loaded.id, priority=0)
    while not people(engine):
        assert asking.is_alive()
    waited = Patience(tmp_path).wait(lambda: False)
    assert waited > 0.2
    assert people(engine) == 0, "and goes on as soon as there is nobody"
    asking.join()


def test_it_does_not_wait_for_a_batch_nor_when_it_is_to_stop(
    engine: httpx.Client,
    loaded: LoadedModel,  # noqa: F811
    brakes: Brakes,  # noqa: F811
    tmp_path: Path,
) -> None:
    brakes.seconds = 0.02
    asking = ask(engine, loaded.id, priority=1)
    while not brakes.passes:
        time.sleep(0.01)
    assert (people(engine), asking.is_alive()) == (0, True)
    assert Patience(tmp_path).wait(lambda: False) < 0.2
    person = ask(engine, loaded.id, priority=0)
    while not people(engine):
        assert person.is_alive()
    assert Patience(tmp_path).wait(lambda: True) < 0.1
    person.join()
    asking.join()


def test_without_an_engine_it_goes_on(tmp_path: Path) -> None:
    assert Patience(tmp_path).wait(lambda: False) < 0.2
    Address("http://127.0.0.1:9", KEY, 1, "tiny", "tiny").write(tmp_path)
    assert Patience(tmp_path).wait(lambda: False) < 1
