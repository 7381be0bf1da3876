"""A language model small enough to make in a test: random weights, a byte-level vocabulary, a ChatML template."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from chat.engine.loading import LoadedModel, load
from chat.engine.scheduler import Scheduler
from chat.engine.server import EngineServer
from chat.settings import Settings

KEY = "key-of-the-tests"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LINES = [
    "The ferry to Little Mossay leaves the quay at seven and returns at noon.",
    "Où est le café? → 5 €, déjà vu. Straße, mañana, 東京, 🚢🌊!",
    "user system assistant <im_start im_end | > 0123456789",
]


def make_model(folder: Path) -> Path:
    """Save a Llama of two layers whose answers end by their length: it cannot say its end-of-sequence token."""
    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokens.train_from_iterator(LINES, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tokens, eos_token="<|im_end|>", bos_token="<|im_start|>", unk_token="<|endoftext|>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.3,
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=[len(tokenizer)])
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def loaded(model_folder: Path) -> LoadedModel:
    return load(Settings(home=model_folder.parent, model=str(model_folder), dtype="float32"))


@dataclass
class Brakes:
    """Makes a model slow, and counts its forward passes: a tiny one is done before anybody can interrupt it."""

    seconds: float = 0.0
    passes: int = 0
    broken: bool = False


@pytest.fixture
def brakes(loaded: LoadedModel) -> Iterator[Brakes]:
    state = Brakes()

    def brake(_module: object, _inputs: object) -> None:
        state.passes += 1
        time.sleep(state.seconds)
        if state.broken:
            raise RuntimeError("the model is broken for a test")

    handle = loaded.model.register_forward_pre_hook(brake)
    yield state
    handle.remove()


@contextmanager
def running(loaded: LoadedModel, queue_size: int = 64) -> Iterator[str]:
    """A real server on a real port; gives its URL."""
    with started(EngineServer(Scheduler(loaded, queue_size), loaded, KEY)) as address:
        yield address


@contextmanager
def started(server: EngineServer) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def url(loaded: LoadedModel) -> Iterator[str]:
    with running(loaded) as address:
        yield address


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with client(url) as made:
        yield made


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=20, trust_env=False)


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
