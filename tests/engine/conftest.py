"""A language model small enough to make in a test: random weights, a byte-level vocabulary, a ChatML template."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from chat.engine.batch import Batch
from chat.engine.generation import Answer, Ending, GenerationRequest
from chat.engine.limits import Limits
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
    breaks_every: int = 0
    """Every so many forward passes fail; 0 is none."""


@pytest.fixture
def brakes(loaded: LoadedModel) -> Iterator[Brakes]:
    state = Brakes()

    def brake(_module: object, _inputs: object) -> None:
        state.passes += 1
        time.sleep(state.seconds)
        if state.broken or (state.breaks_every and state.passes % state.breaks_every == 0):
            raise RuntimeError("the model is broken for a test")

    handle = loaded.model.register_forward_pre_hook(brake)
    yield state
    handle.remove()


@contextmanager
def peft_of_old() -> Iterator[None]:
    """PEFT 0.21 asks transformers 5.23 for a property by its old name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def adapter(name: str, model_folder: Path, folder: Path, seed: int, **changes: Any) -> Path:
    """Save an adapter as PEFT does, random in A and in B, at `folder`/`name`."""
    from peft import LoraConfig, get_peft_model

    settings = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", **changes}
    with peft_of_old():
        model = get_peft_model(LlamaForCausalLM.from_pretrained(model_folder), LoraConfig(**settings))
    torch.manual_seed(seed)
    for key, parameter in model.named_parameters():
        if "lora_" in key:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder / name)
    return folder / name


@dataclass(frozen=True)
class Adapters:
    """Four adapters of different ranks and layers, and what PEFT says with each merged into the base model."""

    root: Path
    model_folder: Path
    names: tuple[str, ...]

    def merged(self, name: str | None) -> LlamaForCausalLM:
        """The model that `name` makes of the base; the base itself for None."""
        from peft import PeftModel

        base = LlamaForCausalLM.from_pretrained(self.model_folder).eval()
        if name is None:
            return base
        with peft_of_old():
            return PeftModel.from_pretrained(base, self.root / name).merge_and_unload().eval()


@pytest.fixture(scope="session")
def adapters(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Adapters:
    root = tmp_path_factory.mktemp("adapters")
    every = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    kinds: list[dict[str, Any]] = [{}, {"r": 8}, {"target_modules": every, "lora_alpha": 1}, {"use_rslora": True}]
    names = tuple(f"adapter-{number}" for number in range(len(kinds)))
    for number, (name, changes) in enumerate(zip(names, kinds, strict=True)):
        adapter(name, model_folder, root, seed=100 + number, **changes)
    return Adapters(root, model_folder, names)


def answer(loaded: LoadedModel, request: GenerationRequest) -> tuple[str, Ending]:
    """What a request is answered with when nobody else asks, without a scheduler."""
    batch, pieces = Batch(loaded, rows=1, prefix_bytes=0), list[str]()
    growing = Answer(request, loaded, pieces.append)
    reading = batch.begin(request.prompt, None)
    while (logits := batch.read(reading)) is None:
        pass
    batch.join(reading)
    while (ending := growing.take(logits)) is None:
        logits = batch.step([growing.last])[0]
    batch.close()
    return "".join(pieces), ending


@contextmanager
def running(loaded: LoadedModel, limits: Limits | None = None, adapters: Path = Path("/nowhere")) -> Iterator[str]:
    """A real server on a real port; gives its URL."""
    with started(EngineServer(Scheduler(loaded, adapters, limits), loaded, KEY)) as address:
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
def url(loaded: LoadedModel, adapters: Adapters) -> Iterator[str]:
    with running(loaded, adapters=adapters.root) as address:
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
