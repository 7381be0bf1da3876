"""A real vLLM, where `make vllm` has made its environment: the same chat model and the same bringing as for our engine.

On a CPU it takes minutes. docs/vllm.md holds the record of a run.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from langchain_core.messages import HumanMessage

from admin.serving import Serving
from chat.engine import adapters as disk
from chat.engine import bundled
from chat.errors import AdapterRefusedError
from chat.models.chat import Connected, ModelConnection
from chat.models.speech import Speech
from chat.settings import Settings
from chat.store import adapters as registry
from chat.store.adapters import New
from chat.store.database import Database
from tests.engine.conftest import peft_of_old

VLLM = Path(__file__).parents[2] / ".venv-vllm" / "bin" / "vllm"
STARTS_WITHIN_S = 600
QUESTION = [HumanMessage("When does the ferry leave?")]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not VLLM.exists(), reason="There is no vLLM here: `make vllm` installs one (3.5 GB)."),
]


@pytest.fixture
def model_folder(home: Path) -> Path:
    return bundled.prepare(home)


@pytest.fixture
def digests(database: Database, home: Path, model_folder: Path, tmp_path: Path) -> list[str]:
    """Two adapters in the registry, and in their place under HOME."""
    found = []
    for name, seed in (("one", 1), ("two", 2)):
        trained = train(model_folder, tmp_path / name, seed)
        card = disk.inspect(trained)
        shutil.copytree(trained, home / "adapters" / card.digest)
        with database.sessions.begin() as session:
            registry.add(session, New(name, card.digest, bundled.NAME, None, 8, 1, origin="import"), None)
        found.append(card.digest)
    return found


def train(model_folder: Path, folder: Path, seed: int) -> Path:
    """An adapter that changes what the model says, as training would; random, so that no two say the same."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    settings = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj", "o_proj"], task_type="CAUSAL_LM")
    with peft_of_old():
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32), settings)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def settings(database: Database, home: Path, model_folder: Path, tmp_path: Path) -> Iterator[Settings]:
    with vllm(model_folder, tmp_path / "vllm.log") as url:
        yield Settings(home=home, database_url=database.conninfo, model=url)


@contextmanager
def vllm(model_folder: Path, log: Path) -> Iterator[str]:
    """The server, with the endpoints that load and unload adapters. It listens on this machine alone."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [VLLM, "serve", model_folder, "--served-model-name", bundled.NAME, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--enable-lora", "--max-loras", "2", "--max-lora-rank", "16"]
    command += ["--max-model-len", "1024", "--max-num-seqs", "4", "--enforce-eager"]
    environment = os.environ | {
        "VLLM_TARGET_DEVICE": "cpu",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
        "VLLM_NO_USAGE_STATS": "1",
        "OMP_NUM_THREADS": "1",
    }
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["nice", "-n", "19", *map(str, command)],
            stdout=said,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"vLLM is not ready after {STARTS_WITHIN_S} s:\n{log.read_text(errors='replace')[-3000:]}")


def said(connected: Connected) -> list[str]:
    speech = Speech(connected, QUESTION, {"temperature": 0, "max_tokens": 24})
    pieces = list(speech)
    assert speech.usage is not None
    assert speech.usage.completion_tokens <= 24
    return pieces


def test_vllm_and_our_engine_cannot_be_told_apart(database: Database, settings: Settings, digests: list[str]) -> None:
    serving, models = Serving(database.sessions, settings), ModelConnection(settings)
    assert serving.difference().missing == sorted(digests)
    assert sorted(serving.bring().loaded) == ["one", "two"]
    assert serving.difference().none

    connected = models.get()
    speakers = [connected, *(connected.with_adapter(digest) for digest in digests)]
    first = [said(speaker) for speaker in speakers]
    assert all(len(pieces) > 3 for pieces in first), "it streams"
    assert len({"".join(pieces) for pieces in first}) == 3, "the model and each adapter answer as themselves"
    assert ["".join(said(speaker)) for speaker in speakers] == ["".join(pieces) for pieces in first]

    with database.sessions.begin() as session:
        registry.retire(session, registry.get(session, "one"))
    assert serving.bring().unloaded == digests[:1]
    with pytest.raises(AdapterRefusedError, match="does not exist"):
        said(speakers[1])
    assert said(speakers[2]) == first[2]
    models.close()
