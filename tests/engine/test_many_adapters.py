"""Through HTTP, as the apps see it: never the wrong adapter, whatever happens beside."""

import json
import os
import random
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from pydantic import SecretStr

from chat.engine import adapters as disk
from chat.engine import fingerprint
from chat.engine.fingerprint import Fingerprint
from chat.engine.limits import Limits
from chat.engine.loading import LoadedModel
from chat.engine.process import LOCK, Address, connect
from chat.engine.scheduler import Scheduler
from chat.engine.server import EngineServer
from chat.errors import ModelError
from chat.models.chat import ModelConnection, model_errors
from chat.settings import Settings
from tests.engine.conftest import KEY, Adapters, Brakes, adapter, client, running, started, wait_until
from tests.engine.test_process import COMMAND, is_free

QUESTIONS = [
    "When?",
    "When does the ferry leave the quay?",
    "Où est le café? 0123 " * 7,
    "The ferry leaves at noon. " * 2,
]
TOKENS = 10
CLIENTS, REQUESTS = 8, 20


def body(model: str, question: str, **changes: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    return {"model": model, "messages": messages, "max_tokens": TOKENS, "temperature": 0, **changes}


def post(http: httpx.Client, model: str, question: str, **changes: Any) -> httpx.Response:
    return http.post("/v1/chat/completions", json=body(model, question, **changes))


def text(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["choices"][0]["message"]["content"])


def load(http: httpx.Client, name: str, path: str) -> httpx.Response:
    return http.post("/v1/load_lora_adapter", json={"lora_name": name, "lora_path": path})


def unload(http: httpx.Client, name: str) -> httpx.Response:
    return http.post("/v1/unload_lora_adapter", json={"lora_name": name})


@pytest.fixture(scope="module")
def expected(loaded: LoadedModel, adapters: Adapters) -> dict[tuple[str, str], str]:
    """What transformers says with each adapter merged into the model by PEFT, by model and question."""
    answers = {}
    for name in (None, *adapters.names):
        model = adapters.merged(name)
        for question in QUESTIONS:
            messages = [{"role": "user", "content": question}]
            ids = torch.tensor(
                [loaded.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)]
            )
            output = model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=TOKENS, pad_token_id=0
            )
            said = loaded.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
            answers[name or "tiny", question] = said.rstrip("\ufffd")
    return answers


@pytest.fixture
def http(loaded: LoadedModel, adapters: Adapters) -> Iterator[httpx.Client]:
    """An engine that has room for some of the four adapters only."""
    limits = Limits(rows=6, adapter_bytes=40_000, prefix_bytes=1 << 20)
    with running(loaded, limits, adapters.root) as url, client(url) as made:
        yield made


def test_eight_clients_and_five_models_with_failures_and_cancels(
    http: httpx.Client, adapters: Adapters, expected: dict[tuple[str, str], str], brakes: Brakes
) -> None:
    assert len({expected[name, QUESTIONS[1]] for name in ("tiny", *adapters.names)}) == 5
    for name in adapters.names:
        assert load(http, name, name).status_code == 200
    seeded = {"temperature": 1.2, "top_p": 0.9, "seed": 5}
    drawn = {key: text(post(http, *key, **seeded)) for key in expected}

    def be_a_client(number: int) -> list[str]:
        source = random.Random(number)
        with client(str(http.base_url)) as own:
            return [ask_somehow(own, source) for _ in range(REQUESTS)]

    def ask_somehow(own: httpx.Client, source: random.Random) -> str:
        model, question = source.choice(list(expected))
        if source.random() < 0.2:
            with own.stream("POST", "/v1/chat/completions", json=body(model, question, stream=True)) as response:
                next(response.iter_lines())
            return "cancelled"
        greedy = source.random() < 0.6
        response = post(own, model, question, **({} if greedy else seeded))
        if response.status_code == 500:
            return "failed"
        right = expected[model, question] if greedy else drawn[model, question]
        return "right" if text(response) == right else "wrong"

    brakes.breaks_every = 41
    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = [outcome for client_s in pool.map(be_a_client, range(CLIENTS)) for outcome in client_s]
    brakes.breaks_every = 0
    assert outcomes.count("wrong") == 0
    assert outcomes.count("failed") > 3
    assert outcomes.count("cancelled") > 3
    assert outcomes.count("right") > len(outcomes) / 3
    for (model, question), answer in expected.items():
        assert text(post(http, model, question)) == answer


def test_a_name_that_comes_to_mean_other_bytes_is_not_answered_from_memory(
    http: httpx.Client, adapters: Adapters, expected: dict[tuple[str, str], str]
) -> None:
    long = QUESTIONS[2]
    for name in (*adapters.names[:2], *adapters.names[:2]):
        assert load(http, "mine", name).status_code == 200
        first, second = post(http, "mine", long), post(http, "mine", long)
        assert text(first) == text(second) == expected[name, long]
        assert second.json()["usage"]["prompt_tokens_details"]["cached_tokens"] == 64
        assert first.json()["system_fingerprint"].endswith(disk.digest(adapters.root / name))
        assert unload(http, "mine").status_code == 200
    assert post(http, "tiny", long).json()["system_fingerprint"].endswith("-base")


def test_the_chat_model_asks_each_adapter_by_name(
    http: httpx.Client, adapters: Adapters, expected: dict[tuple[str, str], str]
) -> None:
    for name in adapters.names:
        load(http, name, name)
    connection = ModelConnection(Settings(model=f"{http.base_url}/v1", model_key=SecretStr(KEY)))
    plain = connection.get()
    with ThreadPoolExecutor(5) as pool:
        asked = [plain, *(plain.with_adapter(name) for name in adapters.names)] * 3
        options = {"temperature": 0, "max_tokens": TOKENS}
        answers = list(pool.map(lambda each: each.chat.invoke(QUESTIONS[1], **options).text, asked))
    assert answers == [expected[each.adapter or "tiny", QUESTIONS[1]] for each in asked]
    with pytest.raises(ModelError, match="There is no model 'gone' here"), model_errors():
        plain.with_adapter("gone").chat.invoke("hi")
    connection.close()


def test_adapters_are_loaded_listed_and_unloaded_as_vllm_does(http: httpx.Client, adapters: Adapters) -> None:
    first, second = adapters.names[:2]
    digest = disk.digest(adapters.root / first)
    unknown = post(http, "mine", "hi")
    assert unknown.status_code == 404
    assert unknown.json()["error"]["message"] == "There is no model 'mine' here. There is 'tiny'."
    assert load(http, "mine", first).text == "Success: LoRA adapter 'mine' added successfully."
    assert load(http, "mine", str(adapters.root / first)).status_code == 200, "the same once more does no harm"
    taken = load(http, "mine", second)
    assert taken.status_code == 400
    assert "already the name of" in taken.json()["error"]["message"]
    base, listed = http.get("/v1/models").json()["data"]
    assert (base["id"], base["parent"]) == ("tiny", None)
    assert (listed["id"], listed["parent"], listed["digest"]) == ("mine", "tiny", digest)
    assert listed["root"] == str(adapters.root / first)
    assert len(listed["fingerprint"]) > 20
    assert load(http, "tiny", first).status_code == 400
    assert load(http, digest[::-1], first).status_code == 400, "a digest names its own bytes only"
    assert load(http, "other", "../..").status_code == 400
    assert load(http, "other", "nothing").status_code == 400
    assert unload(http, "mine").text == "Success: LoRA adapter 'mine' removed successfully."
    assert unload(http, "mine").status_code == 404
    assert post(http, "mine", "hi").status_code == 404


def test_an_adapter_whose_folder_was_deleted_is_let_go_of_at_the_next_request(
    loaded: LoadedModel, adapters: Adapters, tmp_path: Path
) -> None:
    """Whoever deletes it tells the engine nothing: it may be any process, on a folder that many share."""
    digests = []
    for name in adapters.names[:2]:
        digests.append(disk.digest(adapters.root / name))
        shutil.copytree(adapters.root / name, tmp_path / digests[-1])
    scheduler = Scheduler(loaded, tmp_path)
    with started(EngineServer(scheduler, loaded, KEY)) as url, client(url) as http:
        assert [post(http, digest, "hi").status_code for digest in digests] == [200, 200]
        shutil.rmtree(tmp_path / digests[0])
        assert post(http, "tiny", "hi").status_code == 200
        wait_until(lambda: scheduler._residents.get(digests[0]) is None)
        refused = post(http, digests[0], "hi")
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
        assert [each["id"] for each in http.get("/v1/models").json()["data"]] == ["tiny", digests[1]]
        assert post(http, digests[1], "hi").status_code == 200
        shutil.copytree(adapters.root / adapters.names[0], tmp_path / digests[0])
        assert post(http, digests[0], "hi").status_code == 200, "it answers again when it is put back"


def test_an_adapter_that_does_not_answer_as_itself_is_not_served(
    loaded: LoadedModel, adapters: Adapters, tmp_path: Path
) -> None:
    shutil.copytree(adapters.root / adapters.names[0], tmp_path / "mine")
    with running(loaded, adapters=tmp_path) as url, client(url) as http:
        load(http, "mine", "mine")
        (_, listed) = http.get("/v1/models").json()["data"]
        fingerprint.write(tmp_path / "mine", Fingerprint(tuple(listed["fingerprint"]), "float32"))
        assert load(http, "mine", "mine").status_code == 200
        unload(http, "mine")
        other = tuple(value - 0.1 for value in listed["fingerprint"])
        fingerprint.write(tmp_path / "mine", Fingerprint(other, "float32"))
        refused = load(http, "mine", "mine")
        assert refused.status_code == 400
        assert "does not answer as it did" in refused.json()["error"]["message"]
        assert post(http, "mine", "hi").status_code == 404


def test_bytes_that_change_behind_the_engine_are_not_served(
    loaded: LoadedModel, adapters: Adapters, model_folder: Path, tmp_path: Path
) -> None:
    """Its adapter had to go from memory for another's sake; when it is fetched again, the file is another."""
    for name in adapters.names[:2]:
        shutil.copytree(adapters.root / name, tmp_path / name)
    first, second = adapters.names[:2]
    with running(loaded, Limits(adapter_bytes=15_000), tmp_path) as url, client(url) as http:
        load(http, first, first)
        load(http, second, second)
        adapter(first, model_folder, tmp_path, seed=999)
        refused = post(http, first, "hi")
        assert refused.status_code == 500
        assert "is not the adapter" in refused.json()["error"]["message"]
        assert text(post(http, second, "hi"))


def test_a_killed_engine_answers_again_by_digest_with_nobody_loading(
    adapters: Adapters, model_folder: Path, expected: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", model=str(model_folder), dtype="float32")
    name = adapters.names[1]
    digest = disk.digest(adapters.root / name)
    shutil.copytree(adapters.root / name, settings.home / "adapters" / digest)
    for kill in (True, False):
        with closing(connect(settings, command=COMMAND)) as engine:
            asked = json.loads(json.dumps(body(digest, QUESTIONS[1])))
            headers = {"Authorization": f"Bearer {engine.key}"}
            response = httpx.post(
                f"{engine.url}/chat/completions", json=asked, headers=headers, timeout=20, trust_env=False
            )
            assert text(response) == expected[name, QUESTIONS[1]]
            if kill:
                address = Address.read(settings.home)
                assert address
                os.kill(address.pid, signal.SIGKILL)
                # Until it is really gone it may still say that it is well, and be taken for the living one.
                wait_until(lambda: is_free(settings.home / LOCK), seconds=20)
    wait_until(lambda: is_free(settings.home / LOCK), seconds=20)
